"""Pushes that wait to be applied, with their bodies: read by thousands, so without the ORM and as bytes."""

import json
from collections.abc import Sequence

from django.db import connection
from django.db.models.base import ModelState

from messaging.bulk import rows
from messaging.models import CallbackEvent

# All that applying a push looks at. The headers are text on their way, since their type has no one form.
_ASKED = ("id", "account_id", "kind", "query", "body", "signed_at", "arrived_at", "state", "headers")
_OLDEST = f"""
SELECT id, account_id, kind, query, body, signed_at, arrived_at, state, headers::text FROM messaging_callbackevent
WHERE state = '{CallbackEvent.State.NEW}' ORDER BY id LIMIT %s
"""  # noqa: S608 - our own state


def oldest(limit: int) -> list[CallbackEvent]:
    """The oldest that are new."""
    if connection.vendor != "postgresql":
        return list(CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).order_by("pk")[:limit])
    with rows.plain_cursor(binary=True) as cursor:
        cursor.execute(_OLDEST, [limit])
        return [_made(row) for row in cursor.fetchall()]


def _made(values: Sequence[object]) -> CallbackEvent:
    event = CallbackEvent.__new__(CallbackEvent)
    event._state = ModelState()
    event._state.adding, event._state.db = False, "default"
    event.__dict__.update(zip(_ASKED, values, strict=True))
    event.headers = json.loads(event.headers)
    return event
