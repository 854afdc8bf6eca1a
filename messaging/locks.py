"""Something that one process at a time may do, held for a while and taken over when its holder died."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q

from kit import clock
from messaging.models import Lease

ME = f"{socket.gethostname()}:{os.getpid()}"


class Held:
    """A lease that is ours. `taken_over`: whoever had it before never gave it back, so it died, or stood still for long."""

    def __init__(self, name: str, seconds: int, holder: str, taken_over: bool) -> None:
        self.taken_over = taken_over
        self._name, self._seconds, self._holder = name, seconds, holder
        self._renew_at = time.monotonic() + seconds / 6

    def keep(self) -> bool:
        """Hold it from now on for its whole time again; False if somebody else has it meanwhile. To be called between two
        steps of the work: it writes only once in a while."""
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + self._seconds / 6
        until = clock.now() + timedelta(seconds=self._seconds)
        return bool(Lease.objects.filter(name=self._name, holder=self._holder).update(until=until))


@contextmanager
def held(name: str, seconds: int) -> Iterator[Held | None]:
    """`with held("apply:3", 30) as mine:`; None while somebody else has it. Work of unknown length calls `mine.keep()`."""
    now = clock.now()
    before = Lease.objects.get_or_create(name=name)[0].until
    holder = f"{ME}:{now.timestamp()}"
    free = Q(until__isnull=True) | Q(until__lt=now)
    until = now + timedelta(seconds=seconds)
    if not Lease.objects.filter(free, name=name).update(holder=holder, until=until):
        yield None
        return
    try:
        yield Held(name, seconds, holder, before is not None)
    finally:
        Lease.objects.filter(name=name, holder=holder).update(until=None, holder="")


@contextmanager
def lease(name: str, seconds: int) -> Iterator[bool]:
    """`with lease("tick", 60) as mine:`; `mine` is False while somebody else holds it. Work must end within `seconds`."""
    with held(name, seconds) as mine:
        yield mine is not None


def beat(name: str) -> None:
    """Leave a sign of life."""
    Lease.objects.update_or_create(name=name, defaults={"beat_at": clock.now()})
