"""What time it is, by the clock that all hosts share, and how far this host's own is off."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from kit import sql

_SQL = sql.beside(__file__)

# A host whose clock is further off than this sends nothing: it would open windows and start campaigns at the wrong time.
MOST_SECONDS_OFF = 5.0


@dataclass(frozen=True)
class Reading:
    """The shared clock, read once. `seconds` since 1970; `off` is how far this host's clock is ahead (negative: behind) for
    certain: what the question itself took is not counted."""

    seconds: float
    off: float

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def is_wrong(self) -> bool:
        return abs(self.off) > MOST_SECONDS_OFF


def host_seconds() -> float:
    return timezone.now().timestamp()


def database_seconds() -> float:
    """Seconds since 1970 by the database's clock; on SQLite, which has none, by this host's."""
    if connection.vendor != "postgresql":
        return host_seconds()
    return float(_SQL["seconds"].value())


def read() -> Reading:
    """Ask the database: one round trip."""
    before = host_seconds()
    seconds = database_seconds()
    after = host_seconds()
    if seconds < before:
        return Reading(seconds, before - seconds)
    return Reading(seconds, min(0.0, after - seconds))


def now() -> datetime:
    """The time by the database's clock: what windows, schedules and mutexes go by."""
    return read().at
