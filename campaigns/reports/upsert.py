"""Numbers added to rows that may or may not be there, in one statement for all of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from campaigns.models import DailyFigures

SUMS = ("people", "units", "fell_back", "opt_outs")
_COLUMNS = (
    "key", "day", "campaign_id", "source", "account_id", "version_id", "status", "channel", "reason", "operator", *SUMS,
)  # fmt: skip
_TABLE = DailyFigures._meta.db_table
_SQL = (
    f"INSERT INTO {_TABLE} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608 - our own names
    f"ON CONFLICT (key) DO UPDATE SET {', '.join(f'{name} = {_TABLE}.{name} + EXCLUDED.{name}' for name in SUMS)}"
)


def to_days(rows: Iterable[Sequence[Any]]) -> None:
    """`rows` have the values of _COLUMNS; the last four are added, and may be negative. In the order of their keys, so that two
    who add at once wait for each other and never cross."""
    ordered: list[Any] = sorted(rows, key=lambda row: str(row[0]))
    with connection.cursor() as cursor:
        cursor.executemany(_SQL, ordered)
