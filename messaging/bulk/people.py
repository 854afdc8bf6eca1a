"""The people of one request, read as cheaply as they can be: the JSON comes as text and is parsed once."""

from collections.abc import Sequence
from functools import partial

import orjson
from django.db import connection

from messaging.gateway.types import Recipient
from messaging.models import Batch

# What Recipient._make does, without a call into Python for each.
_recipient = partial(tuple.__new__, Recipient)


def recipients(batch: Batch) -> list[Recipient]:
    """Those who still share the batch's fate, in the order in which they were stored."""
    text = "variables::text" if connection.vendor == "postgresql" else "variables"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT phone, {text} FROM messaging_delivery WHERE batch_id = %s AND own IS NULL ORDER BY phone",  # noqa: S608
            [batch.pk],
        )
        return parsed(cursor.fetchall())


def parsed(rows: Sequence[tuple[str, str]]) -> list[Recipient]:
    """(phone, variables as JSON text) as the database gives them. Parsed as one array and mapped, since a call for each of a
    thousand people costs as much as the parsing."""
    phones, texts = zip(*rows, strict=True) if rows else ((), ())
    return list(map(_recipient, zip(phones, orjson.loads(f"[{','.join(texts)}]"), strict=True)))
