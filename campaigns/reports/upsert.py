"""Numbers added to rows that may or may not be there, in one statement for all of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from kit import sql

_SQL = sql.beside(__file__)
SUMS = ("people", "units", "fell_back", "opt_outs")


def to_days(rows: Iterable[Sequence[Any]]) -> None:
    """`rows` have the columns of DailyFigures but its id, in their order. SUMS, the last of them, are added, and may be negative.
    They go in the order of their keys, so that two who add at once wait for each other and never cross."""
    _SQL["add"].many(sorted(rows, key=lambda row: str(row[0])))
