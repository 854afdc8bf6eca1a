"""Something that one process at a time may do, held for a while and taken over when its holder died."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from messaging.models import Lease

ME = f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def lease(name: str, seconds: int) -> Iterator[bool]:
    """`with lease("apply", 60) as mine:`; `mine` is False while somebody else holds it. Work must end within `seconds`."""
    now = timezone.now()
    Lease.objects.get_or_create(name=name)
    holder = f"{ME}:{now.timestamp()}"
    mine = bool(
        Lease.objects.filter(Q(until__isnull=True) | Q(until__lt=now), name=name).update(
            holder=holder, until=now + timedelta(seconds=seconds)
        )
    )
    try:
        yield mine
    finally:
        if mine:
            Lease.objects.filter(name=name, holder=holder).update(until=None, holder="")


def beat(name: str) -> None:
    """Leave a sign of life."""
    Lease.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})
