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


def lock(model: type[Model], pk: int) -> None:
    """Lock one row until the transaction ends, without reading it. SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {model._meta.db_table} WHERE id = %s FOR UPDATE", [pk])  # noqa: S608


def insert(row: Model) -> None:
    """Store a new row of plain values and give it its key. No signals, no validation."""
    fields = [field for field in _fields(type(row)).values() if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    given = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({marks}) RETURNING id",  # noqa: S608
            given,
        )
        row.pk = cursor.fetchone()[0]
    row._state.adding = False


@lru_cache(maxsize=32)
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {str(field.column): field for field in model._meta.concrete_fields}
