"""Due work that nobody begins: the alarm that a tick which goes on cannot give.

The tick notes, for each account and queue with dispatches that could hand something over now, which batches come first. As
long as they stay the same ones, nobody has begun anything.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from kit import clock
from messaging.models import Dispatch, DueWork
from messaging.sending import claim, dispatches, stop_switch
from messaging.worker import alive


@dataclass(frozen=True)
class Overdue:
    """Since when the account's due batches wait; None instead of the account: receipts and replies wait to be applied."""

    account: str | None
    since: datetime


def note(may_send: bool = True) -> None:
    """Step of the tick. `may_send`: no restore holds everything."""
    now = clock.now()
    first: dict[tuple[int, str], list[str]] = {}
    if may_send and stop_switch.current() is None:
        for dispatch in dispatches.with_due_batches(now):
            if _could_go(dispatch, now):
                batches = first.setdefault((dispatch.account_id, dispatch.queue), [])
                batches.append(f"{dispatch.pk}-{dispatch.first_due}")  # type: ignore[attr-defined]
    known = {(row.account_id, row.queue): row for row in DueWork.objects.all()}
    DueWork.objects.filter(pk__in=[row.pk for key, row in known.items() if key not in first]).delete()
    for key, batches in first.items():
        _note(key, known.get(key), hashlib.sha256(" ".join(sorted(batches)).encode()).hexdigest(), now)


def _could_go(dispatch: Dispatch, now: datetime) -> bool:
    """Nothing that is meant holds it: neither its account, its window, nor the rate limit."""
    rate_limit = getattr(dispatch.account, "rate_limit", None)
    free_at = max(dispatch.free_at, rate_limit.free_at if rate_limit else 0.0)
    return dispatch.account.usable and claim.in_window(dispatch, now) and free_at <= now.timestamp()


def _note(key: tuple[int, str], known: DueWork | None, batches: str, now: datetime) -> None:
    account_id, queue = key
    values = {"batches": batches, "since": now}
    if known is None:
        DueWork.objects.get_or_create(account_id=account_id, queue=queue, defaults=values)
    elif known.batches != batches:
        DueWork.objects.filter(pk=known.pk).update(**values)


def found() -> list[Overdue]:
    """What has waited for too long, the longest first. Two queries."""
    before = clock.now() - timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
    rows = DueWork.objects.filter(since__lt=before).values_list("account__name").annotate(Min("since"))
    late = [Overdue(account, since) for account, since in rows]
    oldest = alive.oldest_event()
    if oldest is not None and oldest < before:
        late.append(Overdue(None, oldest))
    return sorted(late, key=lambda one: one.since)
