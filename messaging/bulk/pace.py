"""The pace that all workers share: GCRA on one row, one reservation for a whole request."""

import time
from decimal import Decimal

from django.db import connection

from messaging.gateway.registry import vendor_class
from messaging.models import AccountPace, Dispatch

LONGEST_WAIT = 2.0  # seconds a worker may sleep on a booked slot; a longer wait books nothing


def now() -> float:
    """Seconds since 1970 by the clock that all hosts share: the database's (PostgreSQL), else this machine's."""
    if connection.vendor != "postgresql":
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def lock(account_id: int) -> AccountPace:
    """The account's pace row, locked until the transaction ends: claims of one account happen one after the other."""
    locked = AccountPace.objects.select_for_update().filter(account_id=account_id)
    row = locked.first()
    if row is None:
        AccountPace.objects.get_or_create(account_id=account_id)
        row = locked.get()
    return row


class Booking:
    """Slots on an account's clock, and on the round's own where it has a ceiling; `save` writes what was booked."""

    def __init__(self, row: AccountPace, dispatch: Dispatch) -> None:
        self._row, self._dispatch = row, dispatch
        self._clock = now()
        self._account_free = self._believed(row.free_at, dispatch.account.per_second)
        self._own_free = self._believed(dispatch.free_at, dispatch.per_second)

    def _believed(self, free_at: float, per_second: Decimal | int | None) -> float:
        """No booking at this pace lies later than one request after the longest wait: what does was made before the clock was
        put back, or at a slower pace, and nobody has to wait it out."""
        if not per_second:
            return free_at
        largest = max(vendor_class(self._dispatch.account.vendor).capabilities.max_batch, 1)
        return min(free_at, self._clock + LONGEST_WAIT + largest / float(per_second))

    @property
    def wait(self) -> float:
        """Seconds from the beginning until the next slot."""
        return max(0.0, self._account_free - self._clock, self._own_free - self._clock)

    def book(self, people: int) -> None:
        self._account_free = max(self._account_free, self._clock) + people / float(self._dispatch.account.per_second)
        if self._dispatch.per_second:
            self._own_free = max(self._own_free, self._clock) + people / float(self._dispatch.per_second)

    def save(self) -> None:
        AccountPace.objects.filter(pk=self._row.pk).update(free_at=self._account_free)
        if self._dispatch.per_second:
            Dispatch.objects.filter(pk=self._dispatch.pk).update(free_at=self._own_free)
