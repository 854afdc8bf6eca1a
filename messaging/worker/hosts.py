"""The workers' hosts: their signs of life, how their clocks stand, and what is left of one that vanished.

A "host" is one `manage.py worker`: two of them on one machine are two. Its supervisor beats by itself, past the queue, since what
vanished with a host is just what the queue waits for.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error

from kit import clock
from messaging.models import Heartbeat, PendingJob
from messaging.worker import heartbeats

log = logging.getLogger(__name__)
LOST_SECONDS = 15  # without a beat: vanished or standing still
FORGET_AFTER = timedelta(days=1)
_EVERY = 5.0  # seconds between two signs of life of one process
_beaten: dict[str, float] = {}


@dataclass(frozen=True)
class Host:
    """`off`: seconds that its clock was ahead (negative: behind) at its last beat."""

    name: str
    at: datetime
    off: float
    is_lost: bool

    @property
    def is_wrong(self) -> bool:
        return abs(self.off) > clock.MOST_SECONDS_OFF


def beat(host: str) -> clock.Reading:
    """This host's sign of life, and how its clock stands."""
    now = clock.read()
    values = {"beat_at": now.at, "clock_off": round(now.off, 1), "lost_at": None}
    Heartbeat.objects.update_or_create(name=f"host:{host}", defaults=values)
    return now


def leave(host: str) -> None:
    """It stops in order: nobody misses it."""
    Heartbeat.objects.filter(name__in=[f"host:{host}", *(_heartbeat(host, name) for name in settings.QUEUES)]).delete()


def notice_lost() -> list[str]:
    """Hosts that vanished since the last look, each told once. What a vanished host had taken out of the queue would count as
    waiting for minutes: from now on everything may be asked for again, and doing it twice does no harm."""
    now = clock.now()
    silent = Heartbeat.objects.filter(
        name__startswith="host:", lost_at=None, beat_at__lt=now - timedelta(seconds=LOST_SECONDS)
    )
    names = list(silent.values_list("name", flat=True))
    lost = [name.removeprefix("host:") for name in names if silent.filter(name=name).update(lost_at=now)]
    if lost:
        PendingJob.objects.filter(since__isnull=False).update(since=None)
        log.error("Worker hosts have vanished or stand still: %s", ", ".join(lost))
    return lost


def known() -> list[Host]:
    """Those that have beaten within a day."""
    return [_host(row) for row in Heartbeat.objects.filter(name__startswith="host:").order_by("name")]


def _host(row: Heartbeat) -> Host:
    is_lost = clock.host_seconds() - row.beat_at.timestamp() > settings.SONGDA["HEARTBEAT_RED_SECONDS"]
    return Host(row.name.removeprefix("host:"), row.beat_at, row.clock_off, is_lost)


def wrong_clocks() -> list[Host]:
    """Hosts at work whose clock is so far off that they send nothing."""
    return [host for host in known() if host.is_wrong and not host.is_lost]


def forget_old() -> None:
    """Of containers each start is another host."""
    old = Heartbeat.objects.filter(beat_at__lt=clock.now() - FORGET_AFTER)
    for kind in ("host:", "queue:"):
        old.filter(name__startswith=kind).delete()


# --- the queues of a host -----------------------------------------------------------------------------------------


def _heartbeat(host: str, queue: str) -> str:
    return f"queue:{host}:{queue}"


def sign_of_life() -> None:
    """A task begins in this process: its host's queue is alive. Never raises: it is called outside of every task."""
    if not settings.QUEUE_NAME or time.monotonic() - _beaten.get(settings.QUEUE_NAME, -_EVERY) < _EVERY:
        return
    _beaten[settings.QUEUE_NAME] = time.monotonic()
    try:
        beat_queue(settings.WORKER_ID, settings.QUEUE_NAME)
    except Error as error:
        log.warning("A sign of life was not stored: %s", error)


def beat_queue(host: str, queue: str) -> None:
    heartbeats.beat(_heartbeat(host, queue))


def queue_beat(host: str, queue: str) -> datetime | None:
    return heartbeats.last(_heartbeat(host, queue))


def queue_beats(queues: Iterable[str]) -> list[tuple[str, str, datetime]]:
    """(host, queue, last sign of life), by queue."""
    rows = Heartbeat.objects.filter(name__startswith="queue:").values_list("name", "beat_at")
    found = [(*name.removeprefix("queue:").rpartition(":")[::2], at) for name, at in rows]
    return sorted((host, queue, at) for host, queue, at in found if queue in queues)
