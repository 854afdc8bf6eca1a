"""Pushes that wait to be applied, with their bodies: read by thousands, so without the ORM and as bytes."""

import json
from collections.abc import Sequence

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.base import ModelState
from django.db.models.functions import Length

from kit import rows
from messaging.models import CallbackEvent, VendorAccount

# All that applying a push looks at. The headers are text on their way, since their type has no one form.
_ASKED = (
    "id", "account_id", "kind", "query", "body", "signed_at", "arrived_at", "state", "tries", "elements_done", "malformed",
    "note", "headers",
)  # fmt: skip
# The first whatever its size, and as many behind it as keep the bodies together below a size.
_OLDEST = f"""
SELECT {", ".join(_ASKED[:-1])}, headers::text
FROM (
    SELECT *, SUM(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
    FROM (
        SELECT * FROM messaging_callbackevent WHERE account_id = %s AND state = '{CallbackEvent.State.NEW}'
        ORDER BY id LIMIT %s
    ) AS first
) AS summed
WHERE bytes_before < %s ORDER BY id
"""  # noqa: S608 - our own columns and state


def oldest(account_id: int, limit: int, most_bytes: int) -> list[CallbackEvent]:
    """The oldest of an account that are new: at most `limit`, and their bodies together hardly more than `most_bytes`."""
    if connection.vendor != "postgresql":
        return _oldest_by_orm(account_id, limit, most_bytes)
    with rows.plain_cursor(binary=True) as cursor:
        cursor.execute(_OLDEST, [account_id, limit, most_bytes])
        return [_made(row) for row in cursor.fetchall()]


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


def _made(values: Sequence[object]) -> CallbackEvent:
    event = CallbackEvent.__new__(CallbackEvent)
    event._state = ModelState()
    event._state.adding, event._state.db = False, "default"
    event.__dict__.update(zip(_ASKED, values, strict=True))
    event.headers = json.loads(event.headers)
    return event
