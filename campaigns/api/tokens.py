"""API tokens: made, found, rotated, counted. The token itself is known to its holder alone."""

import hashlib
import ipaddress
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken
from campaigns.models.api import TOKEN_DAYS, TOKEN_MOST_DAYS
from campaigns.states import Scope
from kit import audit, display
from kit.people import Actor, Person

_PREFIX_SHOWN = 9
OVERLAP_DAYS = 7
MOST_OVERLAP_DAYS = 30
WARN_DAYS = 14
UNUSED_DAYS = 30


class BeyondRights(Exception):
    """A person wants to hand out more than they may do themselves. str() says what."""


class Expired(Exception):
    """The token is known, and its time is over. str() says since when."""


class WrongAddress(Exception):
    """The token is known, but is not to be used from this address."""


def digest(plain: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(plain.encode()).hexdigest()


def beyond(scopes: Iterable[str], person: Person) -> list[Scope]:
    """The scopes that this person may not hand out, since they may not do it themselves."""
    return [scope for scope in map(Scope, scopes) if not person.has_perms(scope.needs)]


def _refuse_beyond(scopes: Iterable[str], person: Person) -> None:
    found = beyond(scopes, person)
    if found:
        words = _("You may not do this yourself, so no token of yours can: %(scopes)s.")
        raise BeyondRights(words % {"scopes": "、".join(str(scope.label) for scope in found)})


@transaction.atomic
def make(
    name: str,
    scopes: Iterable[str],
    actor: Person,
    per_minute: int = 120,
    *,
    holder: Actor = None,
    days: int = TOKEN_DAYS,
    networks: Iterable[str] = (),
    system: str = "",
) -> tuple[ApiToken, str]:
    """The row and the token, which cannot be shown again. It ends after `days` (at most a year); without a `holder` the maker
    holds it. Raises BeyondRights."""
    wanted = sorted(scopes)
    _refuse_beyond(wanted, actor)
    plain = _new_plain()
    token = ApiToken.objects.create(
        name=name,
        prefix=plain[:_PREFIX_SHOWN],
        digest=digest(plain),
        scopes=wanted,
        per_minute=per_minute,
        system=system,
        expires_at=_end(days),
        networks=list(networks),
        created_by=actor,
        holder=holder or actor,
    )
    audit.record(AuditAction.TOKEN_MADE, actor=actor, target=token, detail=_detail(token))
    return token, plain


def switch_all_off() -> int:
    """In a copy of an installation. Returns how many were on."""
    return ApiToken.objects.filter(active=True).update(active=False)


def _new_plain() -> str:
    return f"sd_{secrets.token_urlsafe(32)}"


def _end(days: int) -> Any:
    return timezone.now() + timedelta(days=min(max(days, 1), TOKEN_MOST_DAYS))


def _minute(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _detail(token: ApiToken) -> Mapping[str, object]:
    return {
        "scopes": token.scopes,
        "holder": display.named(token.holder) if token.holder else None,
        "expires": _minute(token.expires_at),
        **({"networks": token.networks} if token.networks else {}),
    }


@transaction.atomic
def rotate(token: ApiToken, actor: Person, *, days: int = TOKEN_DAYS, overlap_days: int = OVERLAP_DAYS) -> str:
    """A new secret with a new end; the one before works for `overlap_days` more (0: it ends now), but never beyond its own end.
    Who sees the new secret can use it, so they must hold every right that it carries. Raises BeyondRights."""
    row = ApiToken.objects.select_for_update(of=("self",)).select_related("created_by", "holder").get(pk=token.pk)
    _refuse_beyond(row.scopes, actor)
    plain, now = _new_plain(), timezone.now()
    overlap = now + timedelta(days=min(max(overlap_days, 0), MOST_OVERLAP_DAYS))
    row.old_digest, row.old_until, row.old_used_at = row.digest, min(overlap, row.expires_at), None
    row.prefix, row.digest, row.expires_at = plain[:_PREFIX_SHOWN], digest(plain), _end(days)
    row.save(update_fields=["old_digest", "old_until", "old_used_at", "prefix", "digest", "expires_at"])
    detail = {**_detail(row), "old_until": _minute(row.old_until)}
    audit.record(AuditAction.TOKEN_ROTATED, actor=actor, target=row, detail=detail)
    token.refresh_from_db()
    return plain


def find(plain: str, address: str = "") -> ApiToken | None:
    """The active token of an active person; `by_old` on it says that the secret before the last rotation was used. Raises
    Expired and WrongAddress for a token that is known; `address` "" is not judged."""
    wanted, now = digest(plain), timezone.now()
    rows = ApiToken.objects.filter(active=True, created_by__is_active=True).select_related("created_by", "holder")
    token = rows.filter(Q(digest=wanted) | Q(old_digest=wanted)).first()
    if token is None:
        return None
    token.by_old = token.digest != wanted  # type: ignore[attr-defined]
    ends = token.old_until if token.digest != wanted else token.expires_at
    if ends is None or ends <= now:
        raise Expired(_("This token ended at %(time)s. Rotate it, or make a new one.") % {"time": _minute(ends)})
    if address and not is_allowed(token, address):
        raise WrongAddress(_("This token may not be used from %(address)s.") % {"address": address})
    return token


def is_allowed(token: ApiToken, address: str) -> bool:
    """An entry that makes no sense allows nothing."""
    if not token.networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(caller, "ipv4_mapped", None)
    return any((mapped or caller) in ipaddress.ip_network(entry, strict=False) for entry in token.networks)


def count_call(token: ApiToken) -> int:
    """Count one call in its minute: one statement, so that it holds over all processes. Returns the seconds to wait, 0 to
    go on."""
    now, at = time.time(), timezone.now()
    minute = int(now // 60)
    same = When(minute=minute, then=F("used") + 1)
    old = {"old_used_at": at} if getattr(token, "by_old", False) else {}
    mine = ApiToken.objects.filter(pk=token.pk).exclude(minute=minute, used__gte=F("per_minute"))
    counted = mine.update(used=Case(same, default=Value(1)), minute=minute, last_used_at=at, **old)
    return 0 if counted else max(1, int((minute + 1) * 60 - now + 0.999))


def ending() -> QuerySet[ApiToken]:
    """Active tokens that end within WARN_DAYS or ended already, the first to end first."""
    until = timezone.now() + timedelta(days=WARN_DAYS)
    return ApiToken.objects.filter(active=True, expires_at__lte=until).order_by("expires_at")
