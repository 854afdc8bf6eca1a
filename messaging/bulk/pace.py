"""The pace that all workers share: GCRA on one row, one reservation for a whole request."""

import time

from django.db import connection

from messaging.models import AccountPace, Dispatch


def now() -> float:
    """Seconds since 1970 by the clock that all hosts share: the database's (PostgreSQL), else this machine's."""
    if connection.vendor != "postgresql":
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def lock(account_id: int) -> AccountPace:
    """The account's pace row, locked until the transaction ends: claims of one account happen one after the other."""
    pace, _ = AccountPace.objects.get_or_create(account_id=account_id)
    return AccountPace.objects.select_for_update().get(pk=pace.pk)


def wait_for(free_at: float, clock: float) -> float:
    return max(0.0, free_at - clock)


def reserve(pace: AccountPace, dispatch: Dispatch, people: int, clock: float) -> None:
    """Book `people` messages on the account's clock, and on the dispatch's where it has a ceiling of its own."""
    account_free = max(pace.free_at, clock) + people / float(dispatch.account.per_second)
    AccountPace.objects.filter(pk=pace.pk).update(free_at=account_free)
    if dispatch.per_second:
        own_free = max(dispatch.free_at, clock) + people / float(dispatch.per_second)
        Dispatch.objects.filter(pk=dispatch.pk).update(free_at=own_free)
