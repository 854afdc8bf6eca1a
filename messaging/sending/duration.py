"""When a dispatch ends, at its pace, inside its daily window and outside holidays."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from messaging.models import SendingWindow

_LONGEST = timedelta(days=366)


def finish_time(
    start: datetime,
    people: int,
    per_second: float,
    window: SendingWindow | None = None,
    closed: frozenset[date] = frozenset(),
) -> datetime | None:
    """The moment of the last hand-over; None when it would take more than a year. Nothing is handed over on `closed` days."""
    left = timedelta(seconds=people / per_second)
    for opens, closes in _spans(start, window, closed):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return None


def opens_at(start: datetime, window: SendingWindow | None, closed: frozenset[date] = frozenset()) -> datetime | None:
    """The first moment from `start` on at which anything may go; None where there is none for a year."""
    return next((opens for opens, _closes in _spans(start, window, closed)), None)


def people_until(
    until: datetime,
    start: datetime,
    per_second: float,
    window: SendingWindow | None,
    closed: frozenset[date] = frozenset(),
) -> float:
    """How many people can be handed over from `start` to `until`."""
    open_for = timedelta()
    for opens, closes in _spans(start, window, closed):
        if opens >= until:
            break
        open_for += min(closes, until) - opens
    return open_for.total_seconds() * per_second


def _spans(
    start: datetime, window: SendingWindow | None, closed: frozenset[date]
) -> Iterator[tuple[datetime, datetime]]:
    """The times from `start` on in which messages may go, for a year. Without a window one span for each day; none at all where
    it ends before it begins, as a claim has it."""
    if window is not None and window.opens >= window.closes:
        return
    window = window or SendingWindow(time.min, time.min)
    day = timezone.localtime(start).date()
    for offset in range(_LONGEST.days + 1):
        today = day + timedelta(days=offset)
        closes = _at(today if window.closes > time.min else today + timedelta(days=1), window.closes)
        if today not in closed and closes > start:
            yield max(_at(today, window.opens), start), closes


def _at(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))
