"""Which database this is: the server's own words, and the row that stands in it."""

import secrets
from contextlib import nullcontext
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from kit import sql
from messaging.models import Fence

MARK_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
MARK_LENGTH = 5
_SQL = sql.beside(__file__)


@dataclass(frozen=True)
class Server:
    """("", 0) on SQLite, and where a managed PostgreSQL does not tell."""

    system_identifier: str
    timeline: int


_UNKNOWN = Server("", 0)


def ask() -> Server:
    """What the server says now."""
    if connection.vendor != "postgresql":
        return _UNKNOWN
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return _SQL["server"].first(Server) or _UNKNOWN
    except DatabaseError:
        return _UNKNOWN


def row() -> Fence:
    """The one row, made where it is missing: with the tables, before anything could be sent."""
    found = Fence.objects.filter(pk=1).first()
    if found is None:
        found, _made = Fence.objects.get_or_create(
            pk=1,
            defaults={
                "mark": new_mark(),
                "installation": settings.SONGDA_INSTALLATION,
                "life_since": timezone.now(),
            },
        )
    return found


def new_mark() -> str:
    return "".join(secrets.choice(MARK_SIGNS) for _sign in range(MARK_LENGTH))
