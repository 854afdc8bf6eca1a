"""When a campaign ends, at its pace and inside its daily window."""

from datetime import datetime, time, timedelta

from django.utils import timezone

_LONGEST = timedelta(days=366)


def finish_time(
    start: datetime, people: int, per_second: float, window: tuple[time, time] | None = None
) -> datetime | None:
    """The moment of the last hand-over; None when it would take more than a year. `window` is local: from (included),
    until (excluded)."""
    left = timedelta(seconds=people / per_second)
    if window is None or window[0] >= window[1]:
        return start + left if left < _LONGEST else None
    at = opens(start, window)
    while True:
        closes = _at(at, window[1])
        if left <= closes - at:
            return at + left
        left -= closes - at
        at = _at(at + timedelta(days=1), window[0])
        if at - start > _LONGEST:
            return None


def opens(at: datetime, window: tuple[time, time]) -> datetime:
    """`at` itself if the window is open then, else its next opening."""
    local = timezone.localtime(at)
    if window[0] <= local.time() < window[1]:
        return at
    day = local if local.time() < window[0] else local + timedelta(days=1)
    return _at(day, window[0])


def sent_until(until: datetime, start: datetime, per_second: float, window: tuple[time, time] | None) -> float:
    """How many people can be handed over from `start` to `until`."""
    if window is None or window[0] >= window[1]:
        return max((until - start).total_seconds(), 0) * per_second
    open_for, at = timedelta(), opens(start, window)
    while at < until and at - start < _LONGEST:
        open_for += min(_at(at, window[1]), until) - at
        at = _at(at + timedelta(days=1), window[0])
    return open_for.total_seconds() * per_second


def _at(day: datetime, clock: time) -> datetime:
    local = timezone.localtime(day)
    return local.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
