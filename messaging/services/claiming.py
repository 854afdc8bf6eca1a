"""Claim the next batches: one counted UPDATE under the account's lock, after every recheck. Nothing here talks to a vendor."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from messaging.bulk import pace, skipping
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Dispatch, TemplateReview
from messaging.states import BatchState, DispatchState, ReviewStatus

TURNS = 4  # workers that may have a turn at one round: what one claims ahead is out of reach for the others
NEAR = 0.05  # seconds: a slot so near is claimed together with the one before it


@dataclass(frozen=True)
class Slot:
    """One claimed batch and when it may go: `at` is on time.monotonic's clock."""

    batch: Batch
    at: float


@dataclass(frozen=True)
class Claimed:
    """Claimed batches, at least one, with the round and the live reviews as they were when all was rechecked."""

    dispatch: Dispatch
    reviews: Mapping[str, TemplateReview]
    slots: Sequence[Slot]

    @property
    def batch(self) -> Batch:
        return self.slots[0].batch

    @property
    def wait(self) -> float:
        """Seconds until the first one's slot."""
        return max(0.0, self.slots[0].at - time.monotonic())


@dataclass(frozen=True)
class Held:
    """Nothing to claim now. `reason`: nothing, state, useless, account, window, in_flight, pace, template."""

    reason: str
    seconds: float = 0.0


def claim_next(dispatch_id: int, most: int = 1) -> Claimed | Held:
    """`queued -> claimed` for the next batch that still has people, or for up to `most` where the pace has room for them at
    once. Rechecks state, expiry, window, account, template, suppressions and cap, then books the people on the account's
    pace."""
    with transaction.atomic():
        row = pace.lock(Dispatch.objects.values_list("account_id", flat=True).get(pk=dispatch_id))
        dispatch = _locked(dispatch_id)
        reviews = live_reviews(dispatch)
        held, room = _why_held(dispatch, reviews)
        if held:
            return held
        booking = pace.Booking(row, dispatch)
        if booking.wait > pace.LONGEST_WAIT:
            return Held("pace", booking.wait)
        share = max(1, flights(dispatch) // TURNS)
        slots = _take(dispatch, min(most, room, share), booking)
        if not slots:
            return Held("nothing")
        booking.save()
        return Claimed(dispatch, reviews, slots)


def _locked(dispatch_id: int) -> Dispatch:
    """The round, locked before any of its batches, as a cancellation does it: the other order would be a deadlock. A pause
    waits here for a claim under way, and after it nothing more is claimed."""
    locked = Dispatch.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("account", "version", "signature", "chatbot").get(pk=dispatch_id)


def _why_held(dispatch: Dispatch, reviews: Mapping[str, TemplateReview]) -> tuple[Held | None, int]:
    """What holds the round now, and how many more requests the account may have on the wire."""
    if dispatch.state != DispatchState.RUNNING:
        return Held("state"), 0
    if dispatch.useless_after and dispatch.useless_after <= timezone.now():
        return Held("useless"), 0  # the tick lapses what is left
    if not dispatch.account.usable:
        return Held("account"), 0
    if not in_window(dispatch, timezone.now()):
        return Held("window"), 0
    if _needs_review(dispatch) and "main" not in reviews:
        return Held("template"), 0
    on_wire = Batch.objects.filter(account=dispatch.account_id, state__in=(BatchState.CLAIMED, BatchState.SENDING))
    room = flights(dispatch) - on_wire.count()
    return (None, room) if room > 0 else (Held("in_flight", 0.2), 0)


def flights(dispatch: Dispatch) -> int:
    """Requests that may be on the wire at once: one where nothing ties a receipt to a request."""
    return 1 if vendor_class(dispatch.account.vendor).capabilities.one_in_flight else dispatch.account.in_flight


def in_window(dispatch: Dispatch, now: datetime) -> bool:
    """Between window_from (included) and window_until (excluded), local time, and on no holiday; without both always."""
    local = timezone.localtime(now)
    if local.date().isoformat() in dispatch.holidays:
        return False
    if dispatch.window_from is None or dispatch.window_until is None:
        return True
    return dispatch.window_from <= local.time() < dispatch.window_until


def live_reviews(dispatch: Dispatch) -> dict[str, TemplateReview]:
    """part -> the review that allows sending now: approved and not expired."""
    if dispatch.version_id is None:
        return {}
    found = TemplateReview.objects.filter(
        Q(approved_until__isnull=True) | Q(approved_until__gt=timezone.now()),
        version=dispatch.version_id,
        account=dispatch.account_id,
        live=True,
        status=ReviewStatus.APPROVED,
    )
    return {review.part: review for review in found}


def template_missing(dispatch: Dispatch) -> bool:
    """A vendor that audits sends nothing of a version without a live approval. Free text needs none."""
    return _needs_review(dispatch) and "main" not in live_reviews(dispatch)


def _needs_review(dispatch: Dispatch) -> bool:
    capabilities = vendor_class(dispatch.account.vendor).capabilities
    audits = "main" in capabilities.review_parts and not capabilities.review_optional
    return dispatch.version_id is not None and audits


def _take(dispatch: Dispatch, most: int, booking: pace.Booking) -> list[Slot]:
    """The first due batches that have anybody left after the rechecks, as many as may go at once; emptied ones are closed
    on the way."""
    now, clock = timezone.now(), time.monotonic()
    due = (
        Batch.objects.select_for_update(skip_locked=True)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now), dispatch=dispatch, state=BatchState.QUEUED)
        .order_by("number")
    )
    if dispatch.hold_after is not None:
        due = due.filter(number__lte=dispatch.hold_after)
    while batches := list(due[:most]):
        _skip(batches, dispatch, now)
        taken: list[Slot] = []
        for batch in batches:
            if _left(batch) == 0:
                _close_empty(batch)
            elif not taken or booking.wait < NEAR:
                taken.append(Slot(batch, clock + booking.wait))
                booking.book(batch.size - batch.n_skipped)
        if taken:
            _mark([slot.batch for slot in taken], now)
            return taken
    return []


def _skip(batches: Sequence[Batch], dispatch: Dispatch, now: datetime) -> None:
    since = now - timedelta(days=dispatch.cap_days)
    skipped = skipping.skip_suppressed(batches, dispatch) + skipping.skip_over_cap(batches, dispatch, since)
    for batch in batches:
        batch.n_skipped += skipped[batch.pk]


def _close_empty(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk, state=BatchState.QUEUED).update(state=BatchState.CANCELLED, reason="nobody_left")


def _left(batch: Batch) -> int:
    own = (batch.n_skipped, batch.n_refused, batch.n_no_receipt, batch.n_failed, batch.n_delivered, batch.n_read)
    return batch.size - sum(own)


def _mark(batches: Sequence[Batch], now: datetime) -> None:
    """One claim for them all; their rows are locked, so the count is theirs."""
    claim = secrets.token_hex(12)
    queued = Batch.objects.filter(pk__in=[batch.pk for batch in batches], state=BatchState.QUEUED)
    if queued.update(state=BatchState.CLAIMED, claim=claim, claimed_at=now) != len(batches):
        raise RuntimeError("a locked batch has left the queue")
    for batch in batches:
        batch.claim, batch.state, batch.claimed_at = claim, BatchState.CLAIMED, now


def release(batch: Batch) -> bool:
    """`claimed -> queued`: the claimer changed its mind before anything was on the wire."""
    return bool(
        Batch.objects.filter(pk=batch.pk, state=BatchState.CLAIMED, claim=batch.claim).update(
            state=BatchState.QUEUED, claim="", claimed_at=None
        )
    )
