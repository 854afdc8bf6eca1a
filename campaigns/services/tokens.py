"""API tokens: made, found, counted. The token itself is known to its holder alone."""

import hashlib
import secrets
import time
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from campaigns.models import ApiToken
from config.kit import audit
from config.kit.words import gettext_noop

_PREFIX_SHOWN = 9


def digest(plain: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(plain.encode()).hexdigest()


@transaction.atomic
def make(name: str, scopes: Iterable[str], actor: Any, per_minute: int = 120) -> tuple[ApiToken, str]:
    """The row and the token, which cannot be shown again."""
    plain = f"sd_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        name=name,
        prefix=plain[:_PREFIX_SHOWN],
        digest=digest(plain),
        scopes=sorted(scopes),
        per_minute=per_minute,
        created_by=actor,
    )
    audit.record(gettext_noop("Made an API token"), actor=actor, target=token, detail={"scopes": token.scopes})
    return token, plain


def find(plain: str) -> ApiToken | None:
    """The active token of an active person."""
    rows = ApiToken.objects.filter(active=True, created_by__is_active=True).select_related("created_by")
    return rows.filter(digest=digest(plain)).first()


def count_call(token: ApiToken) -> int:
    """Count one call in its minute: one statement, so that it holds over all processes. Returns the seconds to wait, 0 to
    go on."""
    now = time.time()
    minute = int(now // 60)
    same = When(minute=minute, then=F("used") + 1)
    mine = ApiToken.objects.filter(pk=token.pk).exclude(minute=minute, used__gte=F("per_minute"))
    counted = mine.update(used=Case(same, default=Value(1)), minute=minute, last_used_at=timezone.now())
    return 0 if counted else max(1, int((minute + 1) * 60 - now + 0.999))
