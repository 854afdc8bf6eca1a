"""`manage.py rotate_secrets`: every stored secret under the newest of FIELD_KEYS."""

from typing import Any, NamedTuple

from django.core.management.base import BaseCommand
from django.db import transaction

from kit import sql
from kit.fields import encrypted_columns, reencrypt

_SQL = sql.beside(__file__)


class Secret(NamedTuple):
    id: int
    secret: str


class Command(BaseCommand):
    help = "Re-encrypt every stored secret with the first key of FIELD_KEYS. Old keys may go afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            for table, column in encrypted_columns():
                self.stdout.write(f"{table}.{column}: {_rotate(table, column)} encrypted with the newest key.")


def _rotate(table: str, column: str) -> int:
    """How many there were. The names come from our own models. Raises WrongFieldKey, and nothing has changed then."""
    names = {"table": sql.name(table), "column": sql.name(column)}
    rows = _SQL["secrets"].rows(Secret, **names)
    for row in rows:
        _SQL["store"].run(**names, secret=reencrypt(row.secret), id=row.id)
    return len(rows)
