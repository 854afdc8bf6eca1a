"""Are the workers alive? Told by the signs of life that they leave in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min, OuterRef, Subquery
from django.utils import timezone

from messaging import queue
from messaging.models import CallbackEvent, VendorAccount
from messaging.worker import heartbeats, hosts


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
    return Beat("tick", heartbeats.last("tick"))


def queue_beats() -> list[tuple[str, int, list[tuple[str, Beat]]]]:
    """(queue, jobs waiting, [(host, its sign of life)]) of each queue."""
    beats, waiting = hosts.queue_beats(queue.QUEUES), queue.waiting()
    return [
        (name, waiting.get(name, 0), [(host, Beat(name, at)) for host, of, at in beats if of == name])
        for name in queue.QUEUES
    ]


def events_waiting() -> tuple[int, datetime | None]:
    """Pushes and poll answers that are stored and not applied yet (counted up to 1000), and since when."""
    return CallbackEvent.objects.filter(state=CallbackEvent.State.NEW)[:1000].count(), oldest_event()


def oldest_event() -> datetime | None:
    new = CallbackEvent.objects.filter(state=CallbackEvent.State.NEW)
    first = new.filter(account=OuterRef("pk")).order_by("id").values("arrived_at")[:1]
    at: datetime | None = VendorAccount.objects.aggregate(at=Min(Subquery(first)))["at"]
    return at
