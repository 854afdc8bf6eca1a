"""Receipts that a poll took from the vendor and that never reached us are asked for again, where the vendor gives them twice.

What may be missing is known from the poll's own row ("asked", never answered); whose receipts it may have been, from the
attempts of the days before it that nothing was heard of.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from kit import clock, masks
from messaging.accounts import health
from messaging.gateway import reasons
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Verdict
from messaging.models import Attempt, Batch, PollState, VendorAccount
from messaging.states import AccountStatus, BatchState

HEARD_WITHIN = timedelta(hours=72)
CLOCKS_DIFFER = timedelta(minutes=1)
WINDOW = timedelta(minutes=10)
AGAIN_AFTER = timedelta(hours=1)
UNDER_WAY = timedelta(minutes=1)  # a poll that was asked since then may still be answered


def fill_gaps() -> int:
    """Every account with a gap that was not tried within the hour. Returns how many were asked for whole."""
    now = timezone.now()
    gaps = (
        PollState.objects.filter(
            kind="receipt", missing_since__isnull=False, account__status__in=(AccountStatus.OK, AccountStatus.UNTESTED)
        )
        .exclude(answered_at__isnull=True, asked_at__gt=now - UNDER_WAY)
        .exclude(retrieved_at__gt=now - AGAIN_AFTER)
    )
    due = [gap for gap in gaps.select_related("account") if gives_again(gap.account)]
    return sum(fill(gap).outcome is Outcome.ACCEPTED for gap in due)


def gives_again(account: VendorAccount) -> bool:
    """Does this vendor give receipts a second time?"""
    return any(operation.method == "retrieve" for operation in vendor_class(account.vendor).operations)


def fill(gap: PollState) -> Verdict:
    """Ask for every window of one gap, up to the first that is not granted. The receipts come by the next poll or push."""
    PollState.objects.filter(pk=gap.pk).update(retrieved_at=clock.now())
    adapter = health.adapter_for(gap.account)
    verdict = Verdict(Outcome.ACCEPTED, reasons.ACCEPTED)
    for start, end in windows(_silent(gap), timezone.now()):
        verdict = adapter.retrieve(start, end)
        if verdict.outcome is not Outcome.ACCEPTED:
            _note(gap, f"{verdict.code} {verdict.message}".strip() or verdict.reason)
            return verdict
    same = PollState.objects.filter(pk=gap.pk, missing_since=gap.missing_since, asked_at=gap.asked_at)
    same.update(missing_since=None, answered_at=Coalesce("answered_at", timezone.now()), detail="")
    return verdict


def windows(moments: Iterable[datetime], now: datetime) -> list[tuple[datetime, datetime]]:
    """The fewest windows of ten minutes over these moments (in order), none beyond `now`."""
    found: list[tuple[datetime, datetime]] = []
    for moment in moments:
        if not found or moment + CLOCKS_DIFFER > found[-1][1]:
            start = moment - CLOCKS_DIFFER
            found.append((start, start + WINDOW))
    return [(start, min(end, now)) for start, end in found if start < now]


def _silent(gap: PollState) -> Iterable[datetime]:
    """When the attempts went out whose batches still have people that nothing is known of, oldest first."""
    heard = F("n_skipped") + F("n_rejected") + F("n_no_receipt") + F("n_failed") + F("n_delivered") + F("n_read")
    batches = Batch.objects.filter(
        account=gap.account, state__in=(BatchState.SUBMITTED, BatchState.UNKNOWN), size__gt=heard
    )
    since = (gap.missing_since or timezone.now()) - HEARD_WITHIN
    times = Attempt.objects.filter(batch__in=batches, started_at__gte=since).order_by("started_at")
    return times.values_list("started_at", flat=True).iterator()


def _note(gap: PollState, words: str) -> None:
    detail = masks.text(words, gap.account.config.secrets)[:300]
    PollState.objects.filter(pk=gap.pk).update(detail=detail)
