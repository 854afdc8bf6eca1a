"""Where the rows of a file wait until all are read: a temporary table, so that a killed worker leaves nothing behind.

PostgreSQL takes them by COPY and sorts once (DISTINCT ON); SQLite by executemany. Both then store the members sorted by
phone, the first line of each number, in one INSERT … SELECT.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection

from campaigns.models import AudienceImport, AudienceMember, ImportProblem

# line, column, reason, masked value
Problem = tuple[int, str, str, str]
# line, ISO date or None, source
Consent = tuple[int, str | None, str]
_MEMBER = AudienceMember._meta.db_table
_PROBLEM = ImportProblem._meta.db_table
# The mask of a stored number: digits of one length, so plain SQL does.
_MASKED = "substr({0}, 1, 3) || '****' || substr({0}, 8, 4)"


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def create(*, consents: bool = False) -> None:
    """Empty staging tables of this connection. `consents`: each number has its own."""
    drop()
    collate, json = ('COLLATE "C"', "jsonb") if is_postgres() else ("", "text")
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE staged_row (line integer, phone text {collate}, operator text, variables {json})"
        )
        cursor.execute('CREATE TEMPORARY TABLE staged_problem (line integer, "column" text, reason text, value text)')
        if consents:
            day = "date" if is_postgres() else "text"
            cursor.execute(f"CREATE TEMPORARY TABLE staged_consent (line integer PRIMARY KEY, day {day}, source text)")


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_row")
        cursor.execute("DROP TABLE IF EXISTS staged_problem")
        cursor.execute("DROP TABLE IF EXISTS staged_consent")


class Adder:
    """Adds pieces, on PostgreSQL in a thread of its own, so that the next piece is made meanwhile. The connection is the
    caller's: between `add` and `wait` he leaves it alone. What went wrong is raised by `wait`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "staging") if is_postgres() else None
        self._running: Future[None] | None = None

    def __enter__(self) -> "Adder":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool:
            self._pool.shutdown()

    def add(self, rows: Sequence[str], problems: Sequence[Problem], consents: Sequence[Consent]) -> None:
        """Rows are text: line, phone, operator, variables as JSON, between tabs."""
        if self._pool is None:
            _many("INSERT INTO staged_row VALUES (%s, %s, %s, %s)", [row.split("\t") for row in rows])
            _many("INSERT INTO staged_problem VALUES (%s, %s, %s, %s)", problems)
            _many("INSERT INTO staged_consent VALUES (%s, %s, %s)", consents)
            return
        connection.ensure_connection()
        self._running = self._pool.submit(_copy_piece, connection.connection, rows, problems, consents)

    def wait(self) -> None:
        """Until the last piece is in."""
        if self._running:
            running, self._running = self._running, None
            running.result()


def _copy_piece(server: Any, rows: Sequence[str], problems: Sequence[Problem], consents: Sequence[Consent]) -> None:
    with server.cursor() as cursor:
        with cursor.copy("COPY staged_row FROM STDIN") as copy:
            # Of the four columns only the JSON can hold a backslash.
            copy.write("\n".join([*rows, ""]).replace("\\", "\\\\"))
        for table, others in (("staged_problem", problems), ("staged_consent", consents)):
            if others:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in others:
                        copy.write_row(row)


def _many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def store_members(source: AudienceImport, *, others: bool, consents: bool = False) -> int:
    """The first line of each number becomes a member. `others`: the audience has members of earlier files, who stay.
    `consents`: with the consent of that line. Returns how many were stored. Call it inside a transaction."""
    unless = f"WHERE NOT EXISTS (SELECT 1 FROM {_MEMBER} m WHERE m.audience_id = %s AND m.phone = s.phone)"  # noqa: S608
    where, extra = (unless, [source.audience_id]) if others else ("", [])
    if is_postgres():
        chosen = f"""SELECT DISTINCT ON (phone) phone, operator, line, variables
                     FROM staged_row s {where} ORDER BY phone, line"""  # noqa: S608
    else:
        # With MIN, SQLite takes the other columns from the row that holds the minimum.
        chosen = f"""SELECT phone, operator, MIN(line) AS line, variables
                     FROM staged_row s {where} GROUP BY phone"""  # noqa: S608
    with connection.cursor() as cursor:
        if is_postgres():
            # The sort of a million rows then stays in memory, the server's own.
            cursor.execute("SET LOCAL work_mem = '192MB'")
        names, values, join = ("", "", "")
        if consents:
            names, values = ", consent_source, consent_on", ", COALESCE(k.source, ''), k.day"
            join = "LEFT JOIN staged_consent k ON k.line = chosen.line ORDER BY phone"
        cursor.execute(
            f"""INSERT INTO {_MEMBER} (audience_id, source_id, phone, operator, line, variables{names})
                SELECT %s, %s, phone, operator, chosen.line, variables{values} FROM ({chosen}) AS chosen {join}""",  # noqa: S608
            [source.audience_id, source.pk, *extra],
        )
        return int(cursor.rowcount)


def store_problems(source: AudienceImport) -> int:
    """The bad rows as they were staged."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {_PROBLEM} (source_id, line, "column", reason, value)
                SELECT %s, line, "column", reason, value FROM staged_problem ORDER BY line""",  # noqa: S608
            [source.pk],
        )
        return int(cursor.rowcount)


def store_repeats(source: AudienceImport, column: str) -> int:
    """A problem for each staged row that became no member: `duplicate` with the first line of the same number in this file, or
    `already` for the first line of a number that an earlier file has brought. Returns how many. Call it after
    store_members."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_left")
        # The members' index is in the database's own order, and of no use to a number in another.
        collate = ' COLLATE "default"' if is_postgres() else ""
        # By the line, a whole number, which is stored at most once. EXCEPT and no join: nobody has counted the rows that were
        # just stored, and a planner that takes them for one would compare each line with each.
        cursor.execute(
            f"""CREATE TEMPORARY TABLE staged_left AS
                SELECT line, phone{collate} AS phone FROM staged_row WHERE line IN (
                  SELECT line FROM staged_row EXCEPT SELECT line FROM {_MEMBER} WHERE audience_id = %s AND source_id = %s)""",  # noqa: S608
            [source.audience_id, source.pk],
        )
        # A look by the unique index for each of the few, for the same reason.
        mine = f"SELECT m.line FROM {_MEMBER} m WHERE m.audience_id = %s AND m.phone = s.phone AND m.source_id = %s"  # noqa: S608
        cursor.execute(
            f"""INSERT INTO {_PROBLEM} (source_id, line, "column", reason, value, first_line)
                SELECT %s, line, %s, CASE WHEN first < line THEN 'duplicate' ELSE 'already' END, {_MASKED.format("phone")},
                       CASE WHEN first < line THEN first END
                FROM (SELECT s.line, s.phone, COALESCE(({mine}), MIN(s.line) OVER (PARTITION BY s.phone)) AS first
                      FROM staged_left s) AS repeats
                ORDER BY line""",  # noqa: S608
            [source.pk, column, source.audience_id, source.pk],
        )
        stored = int(cursor.rowcount)
        cursor.execute("DROP TABLE staged_left")
        return stored
