"""The people of one request, read as cheaply as they can be: one row for all of them, whose JSON is parsed once."""

from functools import partial

import orjson
from django.db import connection

from kit import rows
from messaging.gateway.types import Recipient
from messaging.models import Batch

# What Recipient._make does, without a call into Python for each.
_recipient = partial(tuple.__new__, Recipient)

_JOINED = """
SELECT {phones}, {values}
FROM (SELECT phone, variables FROM messaging_delivery WHERE batch_id = %s AND own_status IS NULL ORDER BY phone) AS people
"""
_POSTGRES = _JOINED.format(phones="string_agg(phone, ',')", values="string_agg(variables::text, ',')")
_SQLITE = _JOINED.format(phones="group_concat(phone, ',')", values="group_concat(variables, ',')")


def recipients(batch: Batch) -> list[Recipient]:
    """Those who still share the batch's fate, by number."""
    return parsed(*joined(batch.pk))


def joined(batch_id: int) -> tuple[str | None, str | None]:
    """Their numbers, and their variables as JSON, each with commas between; None for nobody. A row for each person would have
    to be made, sent and taken apart, which costs as much as reading him."""
    with rows.plain_cursor() as cursor:
        cursor.execute(_POSTGRES if connection.vendor == "postgresql" else _SQLITE, [batch_id])
        found: tuple[str | None, str | None] = cursor.fetchone()
        return found


def parsed(phones: str | None, values: str | None) -> list[Recipient]:
    """`joined` as recipients."""
    if phones is None:
        return []
    return list(map(_recipient, zip(phones.split(","), orjson.loads(f"[{values}]"), strict=True)))
