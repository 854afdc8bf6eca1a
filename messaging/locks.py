"""Something that one process at a time may do, held for a while and taken over when its owner died."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q

from kit import clock
from messaging.models import Mutex

ME = f"{socket.gethostname()}:{os.getpid()}"


class Held:
    """A mutex that is ours. `taken_over`: whoever had it before never gave it back, so it died, or stood still for long."""

    def __init__(self, name: str, seconds: int, owner: str, taken_over: bool) -> None:
        self.taken_over = taken_over
        self._name, self._seconds, self._owner = name, seconds, owner
        self._renew_at = time.monotonic() + seconds / 6

    def keep(self) -> bool:
        """Hold it from now on for its whole time again; False if somebody else has it meanwhile. To be called between two
        steps of the work: it writes only once in a while."""
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + self._seconds / 6
        until = clock.now() + timedelta(seconds=self._seconds)
        return bool(Mutex.objects.filter(name=self._name, owner=self._owner).update(until=until))


@contextmanager
def held(name: str, seconds: int) -> Iterator[Held | None]:
    """`with held("apply:3", 30) as mine:`; None while somebody else has it. Work ends within `seconds`, or calls
    `mine.keep()` between its steps."""
    now = clock.now()
    before = Mutex.objects.get_or_create(name=name)[0].until
    owner = f"{ME}:{now.timestamp()}"
    free = Q(until__isnull=True) | Q(until__lt=now)
    until = now + timedelta(seconds=seconds)
    if not Mutex.objects.filter(free, name=name).update(owner=owner, until=until):
        yield None
        return
    try:
        yield Held(name, seconds, owner, before is not None)
    finally:
        Mutex.objects.filter(name=name, owner=owner).update(until=None, owner="")
