"""What a database may do to this thread's connection: fail at a statement, be changed by somebody else around one, tell another
time. It is put between Django and the driver, so that everything above is as in production."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

Act = Callable[[], Any]


class _Watch:
    """Meets the statements in which the regular expression is found, once `skip` of them have passed, `times` times (None:
    always). What `act` itself asks is not met."""

    def __init__(self, statement: str, act: Act, skip: int, times: int | None, *, after: bool) -> None:
        self.hit: list[str] = []
        self._pattern = re.compile(statement, re.DOTALL)
        self._act, self._skip, self._times, self._after = act, skip, times, after
        self._busy = self._due = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._busy:
            return execute(sql, params, many, context)
        was_due = self._due
        meets = self._meets(sql)
        if meets and not self._after:
            self._run()
        result = execute(sql, params, many, context)
        if meets and self._after:
            # SQLite has not ended a statement that gives rows before they are read: the next one comes after that.
            self._due = connection.vendor == "sqlite" and " RETURNING " in sql
        if (meets and self._after and not self._due) or was_due:
            self._due = False
            self._run()
        return result

    def _meets(self, sql: str) -> bool:
        if self._times is not None and len(self.hit) >= self._times or not self._pattern.search(sql):
            return False
        if self._skip:
            self._skip -= 1
            return False
        self.hit.append(sql)
        return True

    def _run(self) -> None:
        self._busy = True
        try:
            self._act()
        finally:
            self._busy = False


@contextmanager
def before(statement: str, act: Act, *, skip: int = 0, times: int | None = 1) -> Iterator[list[str]]:
    """`act()` just before a statement that matches. Gives the statements that were met. See _Watch."""
    watch = _Watch(statement, act, skip, times, after=False)
    with connection.execute_wrapper(watch):
        yield watch.hit


@contextmanager
def after(statement: str, act: Act, *, skip: int = 0, times: int | None = 1) -> Iterator[list[str]]:
    """`act()` just after a statement that matches. Gives the statements that were met. See _Watch."""
    watch = _Watch(statement, act, skip, times, after=True)
    with connection.execute_wrapper(watch):
        yield watch.hit


@contextmanager
def failing(statement: str, error: BaseException, *, skip: int = 0, times: int | None = None) -> Iterator[list[str]]:
    """Statements that match raise `error` instead of being executed. See _Watch."""

    def fail() -> None:
        raise error

    with before(statement, fail, skip=skip, times=times) as hit:
        yield hit


@contextmanager
def without(statement: str) -> Iterator[None]:
    """Statements that match are not executed, and nobody is told."""
    pattern = re.compile(statement, re.DOTALL)

    def swallow(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return None if pattern.search(sql) else execute(sql, params, many, context)

    with connection.execute_wrapper(swallow):
        yield


@contextmanager
def on_the_hosts_clock() -> Iterator[None]:
    """The database's clock follows this process's, which a test may move. SQLite has none of its own."""

    def follow(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        now = f"to_timestamp({timezone.now().timestamp()!r})"
        return execute(sql.replace("clock_timestamp()", now), params, many, context)

    with connection.execute_wrapper(follow):
        yield


def refuse_rows(table: str) -> None:
    """From now on the table takes no row; for tests whose transaction is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END")
            return
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$"
        )
        cursor.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()")
