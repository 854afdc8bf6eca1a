"""Due work that nobody begins: the alarm that a tick which goes on cannot give.

The tick notes, for each account and queue with dispatches that could hand something over now, which batches come first. As
long as they stay the same ones, nobody has begun anything.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from kit import clock
from messaging.models import Dispatch, Lease, VendorAccount
from messaging.sending import claim, dispatches, stop_switch
from messaging.worker import alive

_PREFIX = "due:"


@dataclass(frozen=True)
class Overdue:
    """Since when the account's due batches wait; None instead of the account: receipts and replies wait to be applied."""

    account: str | None
    since: datetime


def note(may_send: bool = True) -> None:
    """Step of the tick. `may_send`: no restore holds everything."""
    now = clock.now()
    first: dict[str, list[str]] = {}
    if may_send and stop_switch.current() is None:
        for dispatch in dispatches.with_due_batches(now):
            if _could_go(dispatch, now):
                name = f"{_PREFIX}{dispatch.account_id}:{dispatch.queue}"
                first.setdefault(name, []).append(f"{dispatch.pk}-{dispatch.first_due}")  # type: ignore[attr-defined]
    Lease.objects.filter(name__startswith=_PREFIX).exclude(name__in=first).delete()
    for name, batches in first.items():
        _note(name, hashlib.sha256(" ".join(sorted(batches)).encode()).hexdigest(), now)


def _could_go(dispatch: Dispatch, now: datetime) -> bool:
    """Nothing that is meant holds it: neither its account, its window, nor the rate limit."""
    rate_limit = getattr(dispatch.account, "rate_limit", None)
    free_at = max(dispatch.free_at, rate_limit.free_at if rate_limit else 0.0)
    return dispatch.account.usable and claim.in_window(dispatch, now) and free_at <= now.timestamp()


def _note(name: str, mark: str, now: datetime) -> None:
    row, made = Lease.objects.get_or_create(name=name, defaults={"holder": mark, "beat_at": now})
    if not made and row.holder != mark:
        Lease.objects.filter(name=name).update(holder=mark, beat_at=now)


def found() -> list[Overdue]:
    """What has waited for too long, the longest first. Two queries while all is well."""
    before = clock.now() - timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
    rows = Lease.objects.filter(name__startswith=_PREFIX, beat_at__lt=before).values_list("name", "beat_at")
    since: dict[int, datetime] = {}
    for name, at in rows:
        account = int(name.split(":")[1])
        if at is not None and at < since.get(account, before):
            since[account] = at
    names = VendorAccount.objects.in_bulk(since) if since else {}
    late = [Overdue(names[account].name, at) for account, at in since.items() if account in names]
    oldest = alive.oldest_event()
    if oldest is not None and oldest < before:
        late.append(Overdue(None, oldest))
    return sorted(late, key=lambda one: one.since)
