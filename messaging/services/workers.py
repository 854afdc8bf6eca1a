"""Are the workers alive? Told by the signs of life that they leave in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from messaging import queue
from messaging.models import CallbackEvent, Lease


@dataclass(frozen=True)
class Beat:
    """The last sign of life of `name`; None if it never gave one. `silent` says that it is overdue."""

    name: str
    at: datetime | None

    @property
    def silent(self) -> bool:
        limit = timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
        return self.at is None or timezone.now() - self.at > limit


def tick_beat() -> Beat:
    """One query by key: cheap enough for every page."""
    return Beat("tick", Lease.objects.filter(name="tick").values_list("beat_at", flat=True).first())


def queue_beats() -> list[tuple[Beat, int]]:
    """(sign of life, jobs waiting) of each queue."""
    at = dict(Lease.objects.filter(name__startswith="heartbeat:").values_list("name", "beat_at"))
    waiting = queue.waiting()
    return [(Beat(name, at.get(f"heartbeat:{name}")), waiting.get(name, 0)) for name in queue.QUEUES]


def events_waiting() -> tuple[int, datetime | None]:
    """Pushes and poll answers that are stored and not applied yet (counted up to 1000), and since when."""
    new = CallbackEvent.objects.filter(state=CallbackEvent.State.NEW)
    return new[:1000].count(), new.order_by("id").values_list("arrived_at", flat=True).first()
