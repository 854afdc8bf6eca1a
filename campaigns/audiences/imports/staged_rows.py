"""Where the rows of a file wait until all are read: a temporary table, so that a killed worker leaves nothing behind.

PostgreSQL takes them by COPY, SQLite by executemany. Both then sort them once by number and store members and repeats from
that, PostgreSQL in one statement.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection

from campaigns.models import AudienceImport
from kit import sql

# line, column, reason, masked value, the row's other cells as JSON
Problem = tuple[int, str, str, str, str]
# line, ISO date or None, source
Consent = tuple[int, str | None, str]
_SQL = sql.beside(__file__)


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def create() -> None:
    """Empty staging tables of this connection."""
    drop()
    _SQL["create_rows"].run()
    _SQL["create_problems"].run()
    _SQL["create_consents"].run()


def drop() -> None:
    _SQL["drop_rows"].run()
    _SQL["drop_problems"].run()
    _SQL["drop_consents"].run()


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
            _SQL["add_rows"].many([row.split("\t") for row in rows])
            _SQL["add_problems"].many(problems)
            _SQL["add_consents"].many(consents)
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
    _SQL["add_rows"].copy(lines, driver=server)
    if problems:
        _SQL["add_problems"].copy(problems, driver=server)
    if consents:
        _SQL["add_consents"].copy(consents, driver=server)


def store_members(source: AudienceImport, column: str, *, others: bool, consents: bool = False) -> tuple[int, int]:
    """The first line of each number becomes a member; each other line a problem in `column`: `duplicate` with the first line of
    the same number in this file, or `already` for the first line of a number that an earlier file has brought. `others`: there
    are such files. `consents`: with the consent of that line. Returns (members, repeats). Call it inside a transaction."""
    of_file = {"audience": source.audience_id, "source": source.pk}
    judged = _SQL["judged"].given(**of_file, others=others)
    if is_postgres():
        _SQL["use_memory"].run()
        repeats = _SQL["store_repeats"].given(source=source.pk, column=column)
        store = _SQL["store_with_consents" if consents else "store"]
        stored = store.run(**of_file, judged=judged, repeats=repeats)
    else:
        stored = _SQL["store"].run(**of_file, judged=judged, consents=consents)
        _SQL["store_repeats"].run(source=source.pk, column=column, judged=judged)
    return stored, source.problems.filter(reason__in=("duplicate", "already")).count()


def store_problems(source: AudienceImport) -> int:
    """The bad rows as they were staged."""
    return _SQL["store_problems"].run(source=source.pk)
