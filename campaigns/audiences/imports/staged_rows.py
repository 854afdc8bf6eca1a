"""Where the rows of a file wait until all are read: a temporary table, so that a killed worker leaves nothing behind.

PostgreSQL takes them by COPY, SQLite by executemany. Both then sort them once by number and store members and repeats from
that, PostgreSQL in one statement.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection

from campaigns.models import AudienceImport, AudienceMember, ImportProblem

# line, column, reason, masked value, the row's other cells as JSON
Problem = tuple[int, str, str, str, str]
# line, ISO date or None, source
Consent = tuple[int, str | None, str]
_MEMBER = AudienceMember._meta.db_table
_PROBLEM = ImportProblem._meta.db_table
Sql = tuple[str, list[Any]]
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
        cursor.execute(
            f'CREATE TEMPORARY TABLE staged_problem (line integer, "column" text, reason text, value text, cells {json})'
        )
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
            _many("INSERT INTO staged_problem VALUES (%s, %s, %s, %s, %s)", problems)
            _many("INSERT INTO staged_consent VALUES (%s, %s, %s)", consents)
            return
        connection.ensure_connection()
        # Made here and not there: two threads that both have something to do wait for each other more than they work. Of the
        # four columns only the JSON can hold a backslash.
        lines = "\n".join([*rows, ""]).replace("\\", "\\\\").encode()
        self._running = self._pool.submit(_copy_piece, connection.connection, lines, problems, consents)

    def wait(self) -> None:
        """Until the last piece is in."""
        if self._running:
            running, self._running = self._running, None
            running.result()


def _copy_piece(server: Any, lines: bytes, problems: Sequence[Problem], consents: Sequence[Consent]) -> None:
    with server.cursor() as cursor:
        with cursor.copy("COPY staged_row FROM STDIN") as copy:
            copy.write(lines)
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


def store_members(source: AudienceImport, column: str, *, others: bool, consents: bool = False) -> tuple[int, int]:
    """The first line of each number becomes a member; each other line a problem in `column`: `duplicate` with the first line of
    the same number in this file, or `already` for the first line of a number that an earlier file has brought. `others`: there
    are such files. `consents`: with the consent of that line. Returns (members, repeats). Call it inside a transaction."""
    judged, members, repeats = _judged(source, others), _members(source, consents), _repeats(source, column)
    with connection.cursor() as cursor:
        if is_postgres():
            # The sort of a million rows then stays in memory, the server's own.
            cursor.execute("SET LOCAL work_mem = '384MB'")
            cursor.execute(
                f"WITH judged AS MATERIALIZED ({judged[0]}), repeats AS ({repeats[0]}) {members[0]}",
                [*judged[1], *repeats[1], *members[1]],
            )
            stored = cursor.rowcount
        else:
            _from(cursor, judged, members)
            stored = cursor.rowcount
            _from(cursor, judged, repeats)
    return stored, source.problems.filter(reason__in=("duplicate", "already")).count()


def _from(cursor: Any, judged: Sql, what: Sql) -> None:
    cursor.execute(what[0].replace("FROM judged", f"FROM ({judged[0]}) AS judged"), [*what[1], *judged[1]])


def _judged(source: AudienceImport, others: bool) -> Sql:
    """Every staged row in the order of the numbers, with the first line of its number, and whether an earlier file has it."""
    # The members' index is in the database's own order, and of no use to a number in another.
    phone = 's.phone COLLATE "default"' if is_postgres() else "s.phone"
    known = f"EXISTS (SELECT 1 FROM {_MEMBER} m WHERE m.audience_id = %s AND m.phone = {phone} AND m.source_id <> %s)"  # noqa: S608
    return (
        f"""SELECT line, phone, operator, variables, MIN(line) OVER (PARTITION BY phone) AS first,
              {known if others else "FALSE"} AS known FROM staged_row s""",  # noqa: S608
        [source.audience_id, source.pk] if others else [],
    )


def _members(source: AudienceImport, consents: bool) -> Sql:
    names, values, join = ("", "", "")
    if consents:
        names, values = ", consent_source, consent_on", ", COALESCE(k.source, ''), k.day"
        join = "LEFT JOIN staged_consent k ON k.line = judged.line"
    return (
        f"""INSERT INTO {_MEMBER} (audience_id, source_id, phone, operator, line, variables{names})
            SELECT %s, %s, phone, operator, judged.line, variables{values} FROM judged {join}
            WHERE judged.line = first AND NOT known{" ORDER BY phone" if consents else ""}""",  # noqa: S608
        [source.audience_id, source.pk],
    )


def _repeats(source: AudienceImport, column: str) -> Sql:
    return (
        f"""INSERT INTO {_PROBLEM} (source_id, line, "column", reason, value, cells, first_line)
            SELECT %s, line, %s, CASE WHEN line > first THEN 'duplicate' ELSE 'already' END, {_MASKED.format("phone")}, '{{}}',
                   CASE WHEN line > first THEN first END
            FROM judged WHERE line > first OR known ORDER BY line""",  # noqa: S608
        [source.pk, column],
    )


def store_problems(source: AudienceImport) -> int:
    """The bad rows as they were staged."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {_PROBLEM} (source_id, line, "column", reason, value, cells)
                SELECT %s, line, "column", reason, value, cells FROM staged_problem ORDER BY line""",  # noqa: S608
            [source.pk],
        )
        return int(cursor.rowcount)
