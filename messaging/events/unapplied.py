"""Pushes that wait to be applied, with their bodies: read by thousands, and as bytes."""

import json
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Length

from kit import sql
from messaging.models import CallbackEvent, VendorAccount

_SQL = sql.beside(__file__)
# The columns of `oldest`, all that applying a push looks at.
_ASKED = (
    "id", "account_id", "kind", "headers", "query", "body", "signed_at", "arrived_at", "state", "note", "tries", "elements_done",
    "malformed",
)  # fmt: skip


def oldest(account_id: int, limit: int, most_bytes: int) -> list[CallbackEvent]:
    """The oldest of an account that are new: at most `limit`, and their bodies together hardly more than `most_bytes`."""
    if connection.vendor != "postgresql":
        return _oldest_by_orm(account_id, limit, most_bytes)
    return _SQL["oldest"].rows(_event, account=account_id, limit=limit, most_bytes=most_bytes)


def _event(*values: Any) -> CallbackEvent:
    event = CallbackEvent.from_db(connection.alias, _ASKED, values)
    event.headers = json.loads(event.headers)
    return event


def accounts_waiting() -> list[int]:
    """The accounts of which something is new."""
    new = CallbackEvent.objects.filter(account=OuterRef("pk"), state=CallbackEvent.State.NEW)
    return list(VendorAccount.objects.filter(Exists(new)).order_by("pk").values_list("pk", flat=True))


def _oldest_by_orm(account_id: int, limit: int, most_bytes: int) -> list[CallbackEvent]:
    new = CallbackEvent.objects.filter(account=account_id, state=CallbackEvent.State.NEW).order_by("pk")
    chosen, before = [], 0
    for pk, length in new.values_list("pk", Length("body"))[:limit]:
        if before < most_bytes:
            chosen.append(pk)
        before += length
    return list(new.filter(pk__in=chosen))
