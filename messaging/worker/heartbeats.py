"""Signs of life, by name: `tick` and `housekeeping` of tasks, `host:…` and `queue:…` of hosts (hosts.py)."""

from datetime import datetime

from kit import clock
from messaging.models import Heartbeat


def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": clock.now()})


def last(name: str) -> datetime | None:
    """When `name` last beat; None: never, or it has left. One query by key."""
    return Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
