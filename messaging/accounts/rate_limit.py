"""The rate limit that all workers share: GCRA on one row, one reservation for a whole request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import OperationalError, connection

from kit import sql
from kit.lock_errors import waited_in_vain
from messaging.gateway.registry import vendor_class
from messaging.models import AccountRateLimit, Dispatch

LONGEST_WAIT = 2.0  # seconds a worker may sleep on a booked slot; a longer wait books nothing


PATIENCE = 2.0  # seconds that a claim waits for its account; who holds one for longer stands still
IMPATIENT_SECONDS = 30.0  # for so long this process then hardly waits for that account: other accounts have work for it
_impatient: dict[int, float] = {}  # account -> until when, on the steady clock

_SQL = sql.beside(__file__)


class Busy(Exception):
    """Somebody has held the account, its dispatch or its people for longer than a claim waits."""


@contextmanager
def patience(dispatch_id: int) -> Iterator[None]:
    """Around a claim's transaction: raises Busy where a lock was not to be had in time."""
    try:
        yield
    except OperationalError as error:
        if not waited_in_vain(error):
            raise
        _impatient[_account_of(dispatch_id)] = time.monotonic() + IMPATIENT_SECONDS
        raise Busy from error


def _account_of(dispatch_id: int) -> int:
    return Dispatch.objects.values_list("account_id", flat=True).get(pk=dispatch_id)


def lock(dispatch_id: int) -> AccountRateLimit:
    """The rate limit's row of the dispatch's account, locked until the transaction ends: claims of one account happen one after the
    other. On PostgreSQL every lock of this transaction is waited for no longer than PATIENCE."""
    row = _lock(dispatch_id)
    if row is None:
        AccountRateLimit.objects.get_or_create(account_id=_account_of(dispatch_id))
        row = _lock(dispatch_id)
    if row is None:
        raise Dispatch.DoesNotExist
    return row


def _lock(dispatch_id: int) -> AccountRateLimit | None:
    if connection.vendor != "postgresql":
        return AccountRateLimit.objects.filter(account_id=_account_of(dispatch_id)).first()
    now = time.monotonic()
    impatient = [account for account, until in _impatient.items() if until > now]
    return _SQL["lock"].first(_locked, impatient=impatient, patience=f"{PATIENCE * 1000:.0f}ms", dispatch=dispatch_id)


def _locked(pk: int, account_id: int, free_at: float, _patience: str) -> AccountRateLimit:
    return AccountRateLimit(pk=pk, account_id=account_id, free_at=free_at)


class Reservation:
    """Slots on an account's clock, and on the dispatch's own where it has a ceiling; `save` writes what was booked."""

    def __init__(self, row: AccountRateLimit, dispatch: Dispatch, clock: float) -> None:
        """`clock`: seconds since 1970 by the clock that all hosts share."""
        self._row, self._dispatch = row, dispatch
        self._clock = clock
        self._account_free = self._believed(row.free_at, dispatch.account.per_second)
        self._own_free = self._believed(dispatch.free_at, dispatch.per_second)

    def _believed(self, free_at: float, per_second: Decimal | int | None) -> float:
        """No reservation at this rate lies later than one request after the longest wait: what does was made before the clock was
        put back, or at a slower rate, and nobody has to wait it out."""
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
        AccountRateLimit.objects.filter(pk=self._row.pk).update(free_at=self._account_free)
        if self._dispatch.per_second:
            Dispatch.objects.filter(pk=self._dispatch.pk).update(free_at=self._own_free)
