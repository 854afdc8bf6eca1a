"""Numbers of a do-not-send file, entered set by set. They wait in a temporary table, so that a killed worker leaves nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from kit import sql

_SQL = sql.beside(__file__)


def create() -> None:
    """Empty staging tables of this connection."""
    drop()
    _SQL["create"].run()


def drop() -> None:
    _SQL["drop_rows"].run()
    _SQL["drop_numbers"].run()


def add(rows: Sequence[tuple[int, str, str]]) -> None:
    """(line, phone, note)."""
    if connection.vendor == "postgresql":
        _SQL["add"].copy(rows)
    else:
        _SQL["add"].many(rows)


def number() -> int:
    """Each number once, with the note of its first line, counted from 1 in the order of the numbers: always the same for the
    same file. Returns how many."""
    _SQL["create_numbers"].run()
    count = _SQL["number"].run()
    if connection.vendor == "postgresql":
        _SQL["analyze"].run()
    return count


def enter(after: int, most: int, scope: Mapping[str, Any], actor_id: int | None) -> int:
    """Entries for up to `most` numbers after the first `after`, where none of this scope is in force: the unique indexes of
    live entries say so. `scope` holds scope, account_id and signature_id. Returns how many were made."""
    return _SQL["enter"].run(after=after, last=after + most, since=timezone.now(), actor_id=actor_id, **scope)


def numbers(after: int, most: int) -> list[str]:
    """The same numbers."""
    return _SQL["numbers"].rows(str, after=after, last=after + most)
