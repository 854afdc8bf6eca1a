"""One row written without the ORM's query building, which costs more than the statement: for what every request does."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model


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
    names, marks = columns(type(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({marks}) RETURNING id",  # noqa: S608
            values(row),
        )
        row.pk = cursor.fetchone()[0]
    row._state.adding = False


def insert_new(row: Model) -> bool:
    """Store a new row unless a unique index knows it already: False then. One statement, and nothing to roll back."""
    names, marks = columns(type(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
            values(row),
        )
        return bool(cursor.rowcount)


@lru_cache(maxsize=32)
def columns(model: type[Model]) -> tuple[str, str]:
    """(names, marks) of all columns but the key, as `values` has them."""
    names = [f'"{field.column}"' for field in _fields(model).values() if not field.primary_key]
    return ", ".join(names), ", ".join(["%s"] * len(names))


def values(row: Model) -> list[Any]:
    """What a new row stores, by `columns`."""
    fields = [field for field in _fields(type(row)).values() if not field.primary_key]
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@lru_cache(maxsize=32)
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {str(field.column): field for field in model._meta.concrete_fields}
