"""What makes an answer the same on every day, machine and database: a clock that stands, ids that can be told from other numbers,
and names in place of what chance gives."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models

from campaigns.models import OperatorPrefix

MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Friday
# Ids have nine digits and begin with 7, as no other number does in these tests.
FIRST_ID, IDS_OF_A_TABLE = 700_000_000, 10_000
_CLOCKS = re.compile(r"\b(?:(?:clock|statement|transaction)_timestamp|now)\(\)|\bCURRENT_TIMESTAMP\b", re.IGNORECASE)


@contextmanager
def standing_clock() -> Iterator[Any]:
    """It is MOMENT, for this process and for what it asks the database, until `shift` or `move_to`."""

    def by_our_clock(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seconds = datetime.now(MOMENT.tzinfo).timestamp()
        return execute(_CLOCKS.sub(f"to_timestamp({seconds})", sql), params, many, context)

    with time_machine.travel(MOMENT, tick=False) as clock:
        if connection.vendor == "postgresql":
            with connection.execute_wrapper(by_our_clock):
                yield clock
        else:
            yield clock


def recognisable_ids() -> None:
    """From here on every new row of every table has an id of nine digits that begins with 7, another one in each test: processes
    remember things by id. Goes with the test's transaction."""
    tables = [
        model for model in apps.get_models(include_auto_created=True) if isinstance(model._meta.pk, models.AutoField)
    ]
    with connection.cursor() as cursor:
        for number, model in enumerate(sorted(tables, key=lambda model: model._meta.db_table)):
            table = model._meta.db_table
            first = FIRST_ID + number * IDS_OF_A_TABLE + random.randrange(IDS_OF_A_TABLE // 2)
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
                cursor.execute(f"ALTER SEQUENCE {cursor.fetchone()[0]} RESTART WITH {first + 1}")
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])


def rows_of_migrations_anew() -> None:
    """Roles and prefixes with the ids of a new database: a test that commits has them made again, with later ones."""
    for model in (Group, OperatorPrefix):
        kept = list(model._base_manager.order_by("pk"))
        allowed = {one.pk: list(one.permissions.all()) for one in kept} if model is Group else {}
        model._base_manager.all().delete()
        for number, row in enumerate(kept, 1):
            permissions, row.pk = allowed.get(row.pk), number
            row.save(force_insert=True)
            if permissions is not None:
                row.permissions.set(permissions)


def json_in_one_order() -> None:
    """Every stored JSON object gets its keys in the order that PostgreSQL gives them, so that pages of both databases are one."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if type(field) is models.JSONField:
                for pk, value in model._base_manager.values_list("pk", field.name):
                    model._base_manager.filter(pk=pk).update(**{field.name: _in_order(value)})


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: _in_order(value[key]) for key in keys}
    return [_in_order(inner) for inner in value] if isinstance(value, list) else value


class Names:
    """The same names for the same things, in the order in which they are first seen: id#1, uuid#1, token#1 …"""

    PATTERNS = {
        "uuid": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "token": r"\bsd_[\w-]{43}(?![\w-])|\bwhsec_[\w-]{43}(?![\w-])",
        "digest": r"\b[0-9a-f]{64}\b",
        "id": r"(?<![0-9])7[0-9]{8}(?![0-9])",
    }

    def __init__(self, **more: str) -> None:
        """`more`: further patterns by the name that they get. They come first."""
        parts = {
            kind: "|".join(filter(None, (more.get(kind), self.PATTERNS.get(kind))))
            for kind in {**more, **self.PATTERNS}
        }
        self._pattern = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in parts.items()))
        self._seen: dict[str, dict[str, int]] = {}

    def in_text(self, text: str) -> str:
        return self._pattern.sub(self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        seen = self._seen.setdefault(kind, {})
        return f"{kind}#{seen.setdefault(found[0], len(seen) + 1)}"

    def in_value(self, value: Any) -> Any:
        """The same in JSON, in the order of what it says; a number that is an id becomes a name."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            named = self.in_text(str(value))
            return named if "#" in named else value
        if isinstance(value, dict):
            return {self.in_text(name): self.in_value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.in_value(inner) for inner in value]
        return value
