"""A call that counts once, however often it arrives."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import orjson
from django.db import transaction
from django.utils import timezone

from campaigns.models import ApiToken, IdempotentCall
from messaging.models import Dispatch

KEPT = timedelta(days=30)


class KeyReused(Exception):
    """The key belongs to a call with another body."""


@dataclass(frozen=True)
class Answer:
    """What the call answers. `replayed`: it was answered before, and nothing was done now."""

    status: int
    body: Mapping[str, object]
    dispatch: Dispatch | None = None
    replayed: bool = False


def digest(operation: str, data: object) -> str:
    """The same for bodies that say the same, whatever the order of their names and the blanks between."""
    return hashlib.sha256(operation.encode() + b"\0" + orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()


def once(token: ApiToken, key: str, body_digest: str, act: Callable[[], Answer]) -> Answer:
    """Run `act` in the transaction that takes the key, or give the stored answer. Of many at the same moment one takes the
    key; the others wait for the end of its transaction. If `act` raises, the key is free again. Raises KeyReused."""
    with transaction.atomic():
        call, taken = IdempotentCall.objects.get_or_create(token=token, key=key, defaults={"digest": body_digest})
        if not taken:
            return _stored(call, body_digest)
        answer = act()
        call.status, call.response, call.dispatch = answer.status, answer.body, answer.dispatch
        call.save(update_fields=["status", "response", "dispatch"])
    return answer


def stored(token: ApiToken, key: str, body_digest: str) -> Answer | None:
    """The answer of a call that is finished, None for a new key. Raises KeyReused."""
    call = IdempotentCall.objects.filter(token=token, key=key).first()
    return _stored(call, body_digest) if call else None


def _stored(call: IdempotentCall, body_digest: str) -> Answer:
    if call.digest != body_digest:
        raise KeyReused
    return Answer(call.status, call.response, replayed=True)


def forget_old() -> None:
    """Looks before it deletes: a delete locks an embedded database even where it finds nothing."""
    old = IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEPT)
    if old.exists():
        old.delete()
