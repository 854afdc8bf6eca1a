"""`manage.py rotate_secrets`: every stored secret under the newest of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from config.kit.fields import reencrypt
from messaging.models import VendorAccount


class Command(BaseCommand):
    help = "Re-encrypt the vendor accounts' credentials with the first key of FIELD_KEYS. Old keys may go afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        table = VendorAccount._meta.db_table
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT id, credentials FROM {table} WHERE credentials <> ''")  # noqa: S608
            rows = [(reencrypt(token), pk) for pk, token in cursor.fetchall()]
            cursor.executemany(f"UPDATE {table} SET credentials = %s WHERE id = %s", rows)  # noqa: S608
        self.stdout.write(f"{len(rows)} accounts are encrypted with the newest key.")
