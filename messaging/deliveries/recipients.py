"""The people of one request, read as cheaply as they can be: one row for all of them, whose JSON is parsed once."""

from functools import partial
from typing import NamedTuple

import orjson

from kit import sql
from messaging.gateway.types import Recipient
from messaging.models import Batch

_SQL = sql.beside(__file__)
# What Recipient._make does, without a call into Python for each.
_recipient = partial(tuple.__new__, Recipient)


class Joined(NamedTuple):
    """The numbers of some people, and their variables as JSON, each with commas between; None for nobody. A row for each person
    would have to be made, sent and taken apart, which costs as much as reading it."""

    phones: str | None
    values: str | None


def recipients(batch: Batch) -> list[Recipient]:
    """Those who still share the batch's fate, by number."""
    return parsed(joined(batch.pk))


def joined(batch_id: int) -> Joined:
    return _SQL["of_batch"].first(Joined, batch=batch_id) or Joined(None, None)


def parsed(people: Joined) -> list[Recipient]:
    if people.phones is None:
        return []
    return list(map(_recipient, zip(people.phones.split(","), orjson.loads(f"[{people.values}]"), strict=True)))
