"""Numbers of a do-not-send file, entered set by set. They wait in a temporary table, so that a killed worker leaves nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from messaging.models import Suppression

_TABLE = Suppression._meta.db_table


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def create() -> None:
    """Empty staging tables of this connection."""
    drop()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE staged_stop (line integer, phone text, note text)")


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_stop")
        cursor.execute("DROP TABLE IF EXISTS staged_number")


def add(rows: Sequence[tuple[int, str, str]]) -> None:
    """(line, phone, note)."""
    with connection.cursor() as cursor:
        if not _is_postgres():
            cursor.executemany("INSERT INTO staged_stop VALUES (%s, %s, %s)", rows)
            return
        with cursor.copy("COPY staged_stop (line, phone, note) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def number() -> int:
    """Each number once, with the note of its first line, counted from 1 in the order of the numbers: always the same for the
    same file. Returns how many."""
    first = (
        "SELECT DISTINCT ON (phone) phone, note FROM staged_stop ORDER BY phone, line"
        if _is_postgres()
        # With MIN, SQLite takes the other columns from the row that holds the minimum.
        else "SELECT phone, note, MIN(line) FROM staged_stop GROUP BY phone"
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE staged_number (n integer PRIMARY KEY, phone text, note text)")
        cursor.execute(
            f"""INSERT INTO staged_number (n, phone, note)
                SELECT row_number() OVER (ORDER BY phone), phone, note FROM ({first}) AS first"""  # noqa: S608
        )
        count = int(cursor.rowcount)
        if _is_postgres():
            cursor.execute("ANALYZE staged_number")
    return count


def enter(after: int, most: int, scope: Mapping[str, Any], actor_id: int | None) -> int:
    """Entries for up to `most` numbers after the first `after`, where none of this scope is in force: the unique indexes of
    live entries say so. `scope` holds scope, account_id and signature_id. Returns how many were made."""
    since = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {_TABLE} (phone, scope, account_id, signature_id, source, note, since, created_by_id, lift_reason)
                SELECT phone, %s, %s, %s, 'import', note, %s, %s, '' FROM staged_number
                WHERE n > %s AND n <= %s ORDER BY n ON CONFLICT DO NOTHING""",  # noqa: S608 - our own table
            [
                scope["scope"],
                scope["account_id"],
                scope["signature_id"],
                since,
                actor_id,
                after,
                after + most,
            ],
        )
        return int(cursor.rowcount)


def numbers(after: int, most: int) -> RawSQL:
    """The same numbers, for `phone__in`."""
    return RawSQL("SELECT phone FROM staged_number WHERE n > %s AND n <= %s", [after, after + most])
