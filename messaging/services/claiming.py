"""Claim the next batch: one counted UPDATE under the account's lock, after every recheck. Nothing here talks to a vendor."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from messaging.bulk import pace, skipping
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Dispatch, TemplateReview
from messaging.states import BatchState, DispatchState, ReviewStatus

LONGEST_WAIT = 2.0  # seconds a worker may sleep on a booked slot; a longer wait books nothing


@dataclass(frozen=True)
class Claimed:
    """`wait` is how long to sleep before handing over: the slot that was booked."""

    batch: Batch
    wait: float


@dataclass(frozen=True)
class Held:
    """Nothing to claim now. `reason`: nothing, state, account, window, in_flight, pace, template."""

    reason: str
    seconds: float = 0.0


def claim_next(dispatch_id: int) -> Claimed | Held:
    """`queued -> claimed` for the next batch that still has people. Rechecks state, expiry, window, account, template,
    suppressions and cap, then books the people on the account's pace."""
    with transaction.atomic():
        row = pace.lock(Dispatch.objects.values_list("account_id", flat=True).get(pk=dispatch_id))
        dispatch = _locked(dispatch_id)
        held = _why_held(dispatch)
        if held:
            return held
        clock = pace.now()
        wait = max(pace.wait_for(row.free_at, clock), pace.wait_for(dispatch.free_at, clock))
        if wait > LONGEST_WAIT:
            return Held("pace", wait)
        batch = _take(dispatch)
        if batch is None:
            return Held("nothing")
        pace.reserve(row, dispatch, batch.size - batch.n_skipped, clock)
        return Claimed(batch, wait)


def _locked(dispatch_id: int) -> Dispatch:
    """The round, locked before any of its batches, as a cancellation does it: the other order would be a deadlock. A pause
    waits here for a claim under way, and after it nothing more is claimed."""
    locked = Dispatch.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("account").get(pk=dispatch_id)


def _why_held(dispatch: Dispatch) -> Held | None:
    if dispatch.state != DispatchState.RUNNING:
        return Held("state")
    if not dispatch.account.usable:
        return Held("account")
    if not in_window(dispatch, timezone.now()):
        return Held("window")
    if template_missing(dispatch):
        return Held("template")
    on_wire = Batch.objects.filter(account=dispatch.account_id, state__in=(BatchState.CLAIMED, BatchState.SENDING))
    return Held("in_flight", 0.2) if on_wire.count() >= flights(dispatch) else None


def flights(dispatch: Dispatch) -> int:
    """Requests that may be on the wire at once: one where nothing ties a receipt to a request."""
    return 1 if vendor_class(dispatch.account.vendor).capabilities.one_in_flight else dispatch.account.in_flight


def in_window(dispatch: Dispatch, now: datetime) -> bool:
    """Between window_from (included) and window_until (excluded), local time; without a window always."""
    if dispatch.window_from is None or dispatch.window_until is None:
        return True
    return dispatch.window_from <= timezone.localtime(now).time() < dispatch.window_until


def live_review(dispatch: Dispatch, part: str = "main") -> TemplateReview | None:
    """The review that allows sending now: approved and not expired."""
    if dispatch.version_id is None:
        return None
    return TemplateReview.objects.filter(
        Q(approved_until__isnull=True) | Q(approved_until__gt=timezone.now()),
        version=dispatch.version_id,
        account=dispatch.account_id,
        part=part,
        live=True,
        status=ReviewStatus.APPROVED,
    ).first()


def template_missing(dispatch: Dispatch) -> bool:
    """A vendor that audits sends nothing of a version without a live approval. Free text needs none."""
    if dispatch.version_id is None:
        return False
    capabilities = vendor_class(dispatch.account.vendor).capabilities
    needed = "main" in capabilities.review_parts and not capabilities.review_optional
    return needed and live_review(dispatch) is None


def _take(dispatch: Dispatch) -> Batch | None:
    """The first due batch that has anybody left after the rechecks; emptied ones are closed on the way."""
    now = timezone.now()
    due = (
        Batch.objects.select_for_update(skip_locked=True)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now), dispatch=dispatch, state=BatchState.QUEUED)
        .order_by("number")
    )
    while (batch := due.first()) is not None:
        since = now - timedelta(days=dispatch.cap_days)
        skipped = skipping.skip_suppressed(batch, dispatch) + skipping.skip_over_cap(batch, dispatch, since)
        batch.n_skipped += skipped
        if _left(batch) == 0:
            Batch.objects.filter(pk=batch.pk, state=BatchState.QUEUED).update(
                state=BatchState.CANCELLED, reason="nobody_left"
            )
            continue
        return batch if _mark(batch, now) else None
    return None


def _left(batch: Batch) -> int:
    own = (batch.n_skipped, batch.n_refused, batch.n_no_receipt, batch.n_failed, batch.n_delivered, batch.n_read)
    return batch.size - sum(own)


def _mark(batch: Batch, now: datetime) -> bool:
    batch.claim = secrets.token_hex(12)
    batch.state = BatchState.CLAIMED
    return bool(
        Batch.objects.filter(pk=batch.pk, state=BatchState.QUEUED).update(
            state=BatchState.CLAIMED, claim=batch.claim, claimed_at=now
        )
    )


def release(batch: Batch) -> bool:
    """`claimed -> queued`: the claimer changed its mind before anything was on the wire."""
    return bool(
        Batch.objects.filter(pk=batch.pk, state=BatchState.CLAIMED, claim=batch.claim).update(
            state=BatchState.QUEUED, claim="", claimed_at=None
        )
    )
