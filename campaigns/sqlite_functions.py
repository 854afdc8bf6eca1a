"""What SQLite cannot count by itself, for every connection to it."""

from typing import Any

from django.db.backends.signals import connection_created

from templates_5g.fallback import sms_length


def connect() -> None:
    connection_created.connect(_add_functions, dispatch_uid="campaigns.sqlite")


def _add_functions(connection: Any, **_kwargs: object) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("utf16_length", 1, sms_length, deterministic=True)
