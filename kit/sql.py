"""Hand-written SQL: the one place that runs it. Statements stand in a file beside the module that asks: `claim.py` has
`claim.sql`, and where the databases differ `claim.postgresql.sql` and `claim.sqlite.sql`. Each begins with `-- name: …`.

    _SQL = sql.beside(__file__)
    _SQL["oldest"].rows(Waiting, account=7, states=("new", "held"))

`:account` in the file takes the value of that name. Most values are bound as they are;

* a list is one value: an array on PostgreSQL, JSON on SQLite;
* a tuple is written out: `state IN :states`;
* a Fragment is no value but SQL that is put there: see Fragment.

Words behind the name: `prepared` sends values beside the statement, as bytes where they are bytes, and PostgreSQL plans it once for
each connection (`forget_plans`); so a NULL needs its type, `:at::timestamptz`. `binary` has the answer come so too; Django's own
reading of JSON does not apply then.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Row = TypeVar("Row")

_BEGIN = re.compile(r"^-- name: (\w+)((?: \w+)*)\n", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
_OPTIONS = {"prepared", "binary"}


@dataclass(frozen=True)
class Fragment:
    """SQL for the place of a parameter. The names of its own parameters never meet those of the statement around it. Only for what
    is no value: a name (`name`), another statement as a source (`Statement.given`), or as many parts as there happen to be
    (`joined`)."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


def name(identifier: str, using: str = DEFAULT_DB_ALIAS) -> Fragment:
    """A table or column that is known only when it is asked for: quoted."""
    return Fragment(connections[using].ops.quote_name(identifier))


def joined(separator: str, parts: Iterable[Fragment]) -> Fragment:
    """As many as there are, with `separator` between."""
    given = {f"part_{n}": part for n, part in enumerate(parts)}
    return Fragment(separator.join(f":{name}" for name in given), given)


@dataclass(frozen=True)
class _Text:
    text: str
    options: frozenset[str]


@dataclass(frozen=True)
class Statement:
    """One statement of a file. Whatever is asked runs on the connection `using`, within its transaction."""

    stem: Path
    name: str
    using: str

    def run(self, **params: object) -> int:
        """How many rows it touched."""
        with self._executed(params) as cursor:
            return int(cursor.rowcount)

    def rows(self, kind: Callable[..., Row], /, **params: object) -> list[Row]:
        """The answer, each row as `kind` makes it of the columns in their order."""
        with self._executed(params) as cursor:
            return [kind(*row) for row in cursor.fetchall()]

    def first(self, kind: Callable[..., Row], /, **params: object) -> Row | None:
        with self._executed(params) as cursor:
            row = cursor.fetchone()
        return None if row is None else kind(*row)

    def value(self, **params: object) -> Any:
        """The first column of the first row; None without one."""
        with self._executed(params) as cursor:
            row = cursor.fetchone()
        return None if row is None else row[0]

    def many(self, rows: Sequence[Sequence[Any]]) -> None:
        """Once for each row, which has a value for each parameter in the order in which they stand, as the database keeps them."""
        if rows:
            text = _PARAMETER.sub("%s", self._text().text.replace("%", "%%"))
            with self._connection.cursor() as cursor:
                cursor.executemany(text, rows)

    def copy(self, rows: bytes | Iterable[Sequence[Any]], *, driver: Any = None) -> None:
        """COPY … FROM STDIN: lines of text as they are, or rows. `driver`: psycopg's own connection, for a thread that is not this
        connection's."""
        with driver.cursor() if driver else self._connection.cursor() as cursor, cursor.copy(self._text().text) as copy:
            if isinstance(rows, bytes):
                copy.write(rows)
            else:
                for row in rows:
                    copy.write_row(row)

    def given(self, **params: object) -> Fragment:
        """As part of another statement."""
        return Fragment(self._text().text, params)

    @property
    def _connection(self) -> BaseDatabaseWrapper:
        return connections[self.using]

    def _text(self) -> _Text:
        return _read(self.stem, self._connection.vendor)[self.name]

    def _executed(self, params: Mapping[str, Any]) -> Any:
        connection, asked = self._connection, self._text()
        bound = _Bound(connection)
        text = bound.render(asked.text, params)
        if "prepared" in asked.options:
            cursor = _plain_cursor(connection, binary="binary" in asked.options)
        else:
            cursor = connection.cursor()
        try:
            cursor.execute(text, bound.values)
        except BaseException:
            cursor.close()
            raise
        return cursor


@dataclass(frozen=True)
class Statements:
    """The files beside a module."""

    stem: Path
    using: str = DEFAULT_DB_ALIAS

    def __getitem__(self, name: str) -> Statement:
        return Statement(self.stem, name, self.using)


def beside(module: str, using: str = DEFAULT_DB_ALIAS) -> Statements:
    """`beside(__file__)`. Files are read when they are first asked for."""
    return Statements(Path(module).with_suffix(""), using)


def use_memory(using: str = DEFAULT_DB_ALIAS) -> None:
    """From now on sorts and hashes stay in PostgreSQL's memory, for this transaction alone."""
    connection = connections[using]
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '384MB'")


def forget_plans(using: str = DEFAULT_DB_ALIAS) -> None:
    """What is `prepared` is planned anew when it is asked next. A plan knows the tables as they were then: one made while they were
    small would read a million rows one after the other."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("DISCARD PLANS")


@cache
def _read(stem: Path, vendor: str) -> dict[str, _Text]:
    found: dict[str, _Text] = {}
    for path in (stem.with_suffix(".sql"), stem.with_suffix(f".{vendor}.sql")):
        if path.exists():
            _head, *parts = _BEGIN.split(path.read_text(encoding="utf-8"))
            for name, options, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
                if name in found or not _OPTIONS.issuperset(options.split()):
                    raise ValueError(f"{path}: -- name: {name}{options}")
                found[name] = _Text(_COMMENT.sub("", text).strip(), frozenset(options.split()))
    return found


class _Bound:
    """Makes of a statement and its parameters what the driver takes: a text and `values`."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.values: dict[str, object] = {}
        self._given: dict[str, object] = {}
        self._connection = connection

    def render(self, text: str, params: Mapping[str, Any]) -> str:
        return _PARAMETER.sub(lambda match: self._place(match[1], params[match[1]]), text.replace("%", "%%"))

    def _place(self, name: str, value: object) -> str:
        if isinstance(value, Fragment):
            return self.render(value.text, value.params)
        if isinstance(value, tuple):
            return f"({', '.join(self._bind(f'{name}_{n}', one) for n, one in enumerate(value)) or 'NULL'})"
        return self._bind(name, value)

    def _bind(self, name: str, value: object) -> str:
        key, n = name, 1
        while key in self._given and not _is_same(self._given[key], value):
            key, n = f"{name}__{n}", n + 1
        if key not in self._given:
            self._given[key], self.values[key] = value, stored(value, self._connection)
        return f"%({key})s"


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and one == other)


def stored(value: object, connection: BaseDatabaseWrapper) -> Any:
    """A value as the database's driver takes it."""
    if isinstance(value, Enum):
        return value.value
    if connection.vendor == "postgresql":
        return value
    if isinstance(value, list):
        return json.dumps([stored(one, connection) for one in value])
    if isinstance(value, UUID):
        return value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _plain_cursor(connection: BaseDatabaseWrapper, *, binary: bool) -> Any:
    """On PostgreSQL the driver's own cursor behind Django's usual wrapper. Django's own writes values into the statement: a body as
    digits, which costs both sides more than all else about a push."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    import psycopg  # nothing else needs it on SQLite

    connection.close_if_health_check_failed()  # type: ignore[attr-defined]  # as Django's own does before the first question
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
    cursor.format = psycopg.pq.Format(binary)
    made = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return made(cursor)  # type: ignore[arg-type]
