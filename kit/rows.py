"""One row read or written without the ORM's query building, which costs more than the statement: for what every request does."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

Found = TypeVar("Found", bound=Model)


def update(model: type[Model], pk: int, column: str, olds: Sequence[str], **values: Any) -> bool:
    """Set `values` (by column) where the row is still in one of `olds`. True if it was: the counted UPDATE."""
    fields = _fields(model)
    sets = ", ".join(f'"{name}" = %s' for name in values)
    marks = ", ".join(["%s"] * len(olds))
    given = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {model._meta.db_table} SET {sets} WHERE id = %s AND "{column}" IN ({marks})',  # noqa: S608
            [*given, pk, *map(str, olds)],
        )
        return bool(cursor.rowcount)


def insert(row: Model) -> None:
    """Store a new row of plain values and give it its key. No signals, no validation."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_insertion(type(row))} RETURNING id", values(row))
        row.pk = cursor.fetchone()[0]
    row._state.adding = False


def insert_new(row: Model) -> bool:
    """Store a new row unless a unique index knows it already: False then. One statement, and nothing to roll back."""
    with plain_cursor() as cursor:
        cursor.execute(f"{_insertion(type(row))} ON CONFLICT DO NOTHING", values(row))
        return bool(cursor.rowcount)


def _insertion(model: type[Model]) -> str:
    names, marks = columns(model)
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})"  # noqa: S608


@lru_cache(maxsize=32)
def columns(model: type[Model]) -> tuple[str, str]:
    """(names, marks) of all columns but the key, as `values` has them."""
    names = [f'"{field.column}"' for field in _fields(model).values() if not field.primary_key]
    return ", ".join(names), ", ".join(["%s"] * len(names))


def values(row: Model) -> list[Any]:
    """What a new row stores, by `columns`."""
    fields = [field for field in _fields(type(row)).values() if not field.primary_key]
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


def plain_cursor(*, binary: bool = False) -> Any:
    """A cursor, to be used in `with`. On PostgreSQL the driver's own, behind Django's usual wrapper: values travel beside the
    statement, bytes as bytes, and the statement is planned once for each connection. Django's own writes values into the
    statement: a body as digits, which costs both sides more than all else about a push.
    `binary`: answers come so, too; Django's own readings of times and JSON do not apply to them."""
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


def forget_plans() -> None:
    """What `plain_cursor` has had planned is planned anew when it is asked next. A plan knows the tables as they were then: one
    made while they were small would read a million rows one after the other."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DISCARD PLANS")


def exists(model: type[Model], condition: str, params: Sequence[Any]) -> bool:
    """Whether a row is there, by a condition in plain SQL."""
    given = [connection.ops.adapt_datetimefield_value(one) if isinstance(one, datetime) else one for one in params]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {model._meta.db_table} WHERE {condition} LIMIT 1", given)  # noqa: S608
        return cursor.fetchone() is not None


def find(model: type[Found], **where: Any) -> Found | None:
    """The row whose columns have these values, None without one. For columns of plain values with a unique index."""
    conditions = " AND ".join(f'"{name}" = %s' for name in where)
    return find_where(model, conditions, list(where.values()))


def find_where(model: type[Found], condition: str, params: Sequence[Any]) -> Found | None:
    """The first row that a condition in plain SQL fits, None without one."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_selection(model)} WHERE {condition} LIMIT 1", params)
        row = cursor.fetchone()
    return None if row is None else _made(model, row)


def newest(
    model: type[Found],
    phone: str,
    at: str,
    limit: int,
    *,
    before: datetime | None = None,
    after: datetime | None = None,
) -> list[Found]:
    """The rows of a number by the time in column `at`, the newest first; of those before a time, and after or at one."""
    bounds = [(sign, moment) for sign, moment in (("<", before), (">=", after)) if moment]
    conditions = "".join(f' AND "{at}" {sign} %s' for sign, _moment in bounds)
    moments = [connection.ops.adapt_datetimefield_value(moment) for _sign, moment in bounds]
    with plain_cursor() as cursor:
        cursor.execute(
            f'{_selection(model)} WHERE phone = %s{conditions} ORDER BY "{at}" DESC, id DESC LIMIT %s',
            [phone, *moments, limit],
        )
        return [_made(model, row) for row in cursor.fetchall()]


@lru_cache(maxsize=32)
def _selection(model: type[Model]) -> str:
    asked = ", ".join(f'"{column}"' for column in _fields(model))
    return f"SELECT {asked} FROM {model._meta.db_table}"  # noqa: S608


def _made(model: type[Found], row: Sequence[Any]) -> Found:
    found = list(row)
    for place, column, converters in _converters(model, connection.vendor):
        for convert in converters:
            found[place] = convert(found[place], column, connection)
    return model.from_db(connection.alias, [str(field.attname) for field in _fields(model).values()], found)


@lru_cache(maxsize=32)
def _converters(model: type[Model], _vendor: str) -> list[tuple[int, Any, list[Any]]]:
    """(place, column, functions) of the columns that do not come as Python has them, as the ORM's compiler gathers them."""
    cols = [field.get_col(model._meta.db_table) for field in _fields(model).values()]
    needed = [connection.ops.get_db_converters(col) + col.get_db_converters(connection) for col in cols]
    return [(place, cols[place], functions) for place, functions in enumerate(needed) if functions]


@lru_cache(maxsize=32)
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {str(field.column): field for field in model._meta.concrete_fields}
