"""`manage.py rotate_secrets`: every stored secret under the newest of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from kit.fields import encrypted_columns, reencrypt


class Command(BaseCommand):
    help = "Re-encrypt every stored secret with the first key of FIELD_KEYS. Old keys may go afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            for table, column in encrypted_columns():
                self.stdout.write(f"{table}.{column}: {_rotate(table, column)} encrypted with the newest key.")


def _rotate(table: str, column: str) -> int:
    """How many there were. The names come from our own models. Raises WrongFieldKey, and nothing has changed then."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} <> ''")  # noqa: S608
        rows = [(reencrypt(token), pk) for pk, token in cursor.fetchall()]
        cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE id = %s", rows)  # noqa: S608
    return len(rows)
