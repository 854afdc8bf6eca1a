"""Claim the next batches: one counted UPDATE under the account's lock, after every recheck. Nothing here talks to a vendor."""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from kit import clock
from messaging import fence
from messaging.accounts import rate_limit
from messaging.deliveries import batch_states
from messaging.eligibility import cap, exclude
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Delivery, Dispatch, FenceHold, SendingWindow, TemplateReview
from messaging.sending import stop_switch
from messaging.states import BatchState, DispatchState, ReviewStatus

log = logging.getLogger(__name__)
TURNS = 4  # workers that may have a turn at one dispatch: what one claims ahead is out of reach for the others
NEAR = 0.05  # seconds: a slot so near is claimed together with the one before it


@dataclass(frozen=True)
class Slot:
    """One claimed batch and when it may go: `at` is on time.monotonic's clock."""

    batch: Batch
    at: float


@dataclass(frozen=True)
class Claimed:
    """Claimed batches, at least one, with the dispatch and the live reviews as they were when all was rechecked."""

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
    """Nothing to claim now. `reason`: nothing, state, too_late, account, window, in_flight, rate, template, cap; busy (somebody
    holds what a claim locks), clock (this host's is wrong), fence (what was sent is not certain), stopped (the switch)."""

    reason: str
    seconds: float = 0.0


class _Crossed(Exception):
    """The fence has changed since this process looked: nothing is claimed."""


def claim_next(dispatch_id: int, most: int = 1) -> Claimed | Held:
    """`queued -> claimed` for the next batch that still has people, or for up to `most` where the rate limit has room for them at
    once. Rechecks state, expiry, window, account, template and suppressions, books the people on the account's rate limit, and
    then keeps to the cap. Windows and due times are judged by the database's clock. The claim counts up this process's mark in
    the same commit, and the mark's file is on the disk before anything else is done."""
    keeper = fence.this_thread.keeper
    slot = keeper.ready()
    if slot is None:
        return Held("fence")
    try:
        with rate_limit.patience(dispatch_id):
            found = _claim_next(dispatch_id, most, slot)
    except rate_limit.Busy:
        return Held("busy")
    except _Crossed:
        keeper.look()
        return Held("fence")
    if isinstance(found, Claimed):
        found = _noted(found, slot, keeper)
    return _within_cap(found) if isinstance(found, Claimed) else found


@transaction.atomic
def _claim_next(dispatch_id: int, most: int, slot: fence.Slot) -> Claimed | Held:
    row = rate_limit.lock(dispatch_id)
    dispatch, is_fenced = _locked(dispatch_id)
    if dispatch.is_stopped:  # type: ignore[attr-defined]  # of the query
        return Held("stopped")
    now = clock.read()
    if now.is_wrong:
        return Held("clock")
    if is_fenced and fence.blocks(dispatch):
        return Held("fence")
    reviews = live_reviews(dispatch)
    held, room = _why_held(dispatch, reviews, now.at)
    if held:
        return held
    reservation = rate_limit.Reservation(row, dispatch, now.seconds)
    if reservation.wait > rate_limit.LONGEST_WAIT:
        return Held("rate", reservation.wait)
    share = max(1, in_flight_limit(dispatch) // TURNS)
    slots = _take(dispatch, min(most, room, share), reservation, now.at)
    if not slots:
        return Held("nothing")
    reservation.save()
    if not slot.count(None if is_fenced else dispatch.account_id):
        raise _Crossed
    return Claimed(dispatch, reviews, slots)


def _noted(claimed: Claimed, slot: fence.Slot, keeper: fence.Keeper) -> Claimed | Held:
    """A claim that cannot be written down outside the database is given back: after a restore nothing would tell of it."""
    try:
        slot.note([one.batch.pk for one in claimed.slots])
    except OSError:
        log.exception("FENCE_DIR cannot be written; nothing is sent by this process")
        for one in claimed.slots:
            release(one.batch)
        keeper.drop()
        return Held("fence")
    return claimed


def _locked(dispatch_id: int) -> tuple[Dispatch, bool]:
    """The dispatch, locked before any of its batches, as a cancellation does it: the other order would be a deadlock. A pause
    waits here for a claim under way, and after it nothing more is claimed. And whether a hold is open that may concern it."""
    account = Q(account__isnull=True) | Q(account=OuterRef("account"))
    holds = Exists(FenceHold.objects.filter(account, decided_at__isnull=True))
    locked = Dispatch.objects.select_for_update(no_key=True, of=("self",)).annotate(
        is_fenced=holds, is_stopped=stop_switch.is_on()
    )
    found = locked.select_related("account", "version", "signature", "chatbot").get(pk=dispatch_id)
    return found, bool(found.is_fenced)


def _why_held(dispatch: Dispatch, reviews: Mapping[str, TemplateReview], now: datetime) -> tuple[Held | None, int]:
    """What holds the dispatch now, and how many more requests the account may have on the wire."""
    if dispatch.state != DispatchState.RUNNING:
        return Held("state"), 0
    if dispatch.send_until and dispatch.send_until <= now:
        return Held("too_late"), 0  # the tick closes what is left
    if not dispatch.account.usable:
        return Held("account"), 0
    if not in_window(dispatch, now):
        return Held("window"), 0
    if _needs_review(dispatch) and "main" not in reviews:
        return Held("template"), 0
    on_wire = Batch.objects.filter(account=dispatch.account_id, state__in=(BatchState.CLAIMED, BatchState.SENDING))
    room = in_flight_limit(dispatch) - on_wire.count()
    return (None, room) if room > 0 else (Held("in_flight", 0.2), 0)


def in_flight_limit(dispatch: Dispatch) -> int:
    """Requests that may be on the wire at once: one where nothing ties a receipt to a request."""
    return 1 if vendor_class(dispatch.account.vendor).capabilities.one_in_flight else dispatch.account.in_flight


def in_window(dispatch: Dispatch, now: datetime) -> bool:
    """In its window and on no holiday."""
    local = timezone.localtime(now)
    if local.date().isoformat() in dispatch.holidays:
        return False
    window = SendingWindow.of(dispatch)
    return window is None or window.holds(local.time())


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


def _take(dispatch: Dispatch, most: int, reservation: rate_limit.Reservation, now: datetime) -> list[Slot]:
    """The first due batches that have anybody left after the rechecks, as many as may go at once; emptied ones are closed
    on the way."""
    steady = time.monotonic()
    due = (
        Batch.objects.select_for_update(skip_locked=True)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now), dispatch=dispatch, state=BatchState.QUEUED)
        .order_by("number")
    )
    if dispatch.hold_after is not None:
        due = due.filter(number__lte=dispatch.hold_after)
    while batches := list(due[:most]):
        _skip(batches, dispatch)
        taken: list[Slot] = []
        for batch in batches:
            if _left(batch) == 0:
                _close_empty(batch)
            elif not taken or reservation.wait < NEAR:
                taken.append(Slot(batch, steady + reservation.wait))
                reservation.book(batch.size - batch.n_skipped)
        if taken:
            _mark([slot.batch for slot in taken], now)
            return taken
    return []


def _skip(batches: Sequence[Batch], dispatch: Dispatch) -> None:
    skipped = exclude.skip_suppressed(batches, dispatch)
    for batch in batches:
        batch.n_skipped += skipped[batch.pk]


def _close_empty(batch: Batch) -> None:
    rows = Batch.objects.filter(pk=batch.pk)
    batch_states.step(rows, to=BatchState.CANCELLED, from_=(BatchState.QUEUED,), reason="nobody_left")


def _left(batch: Batch) -> int:
    own = (batch.n_skipped, batch.n_rejected, batch.n_no_receipt, batch.n_failed, batch.n_delivered, batch.n_read)
    return batch.size - sum(own)


def _mark(batches: Sequence[Batch], now: datetime) -> None:
    """One claim for them all; their rows are locked, so the count is theirs."""
    claim = secrets.token_hex(12)
    rows = Batch.objects.filter(pk__in=[batch.pk for batch in batches])
    moved = batch_states.step(rows, to=BatchState.CLAIMED, from_=(BatchState.QUEUED,), claim=claim, claimed_at=now)
    if moved != len(batches):
        raise RuntimeError("a locked batch has left the queue")
    for batch in batches:
        batch.claim, batch.state, batch.claimed_at = claim, BatchState.CLAIMED, now


def release(batch: Batch, not_before: datetime | None = None) -> bool:
    """`claimed -> queued`: the claimer changed its mind before anything was on the wire."""
    later: dict[str, Any] = {} if not_before is None else {"not_before": not_before}
    mine = Batch.objects.filter(pk=batch.pk, claim=batch.claim)
    return bool(batch_states.step(mine, to=BatchState.QUEUED, from_=(BatchState.CLAIMED,), **later))


def _within_cap(found: Claimed) -> Claimed | Held:
    """The claim, committed by now, without the people who have had what is allowed. A batch with somebody whom another dispatch
    has claimed as well goes back for a moment: until then nobody knows whether that one goes out."""
    capped = cap.Capped.of(found.dispatch)
    if not capped.caps:
        return found
    people = Delivery.objects.filter(batch__in=[slot.batch for slot in found.slots], own_status__isnull=True)
    over = cap.reached(people.values("phone"), capped, timezone.now())
    if not over:
        return found
    skipped = _skip_over_cap(found, [phone for phone, is_sure in over.items() if is_sure])
    doubtful = [phone for phone, is_sure in over.items() if not is_sure]
    meeting = set(people.filter(phone__in=doubtful).values_list("batch_id", flat=True)) if doubtful else set()
    later, slots = timezone.now() + timedelta(seconds=cap.seconds_apart()), []
    for slot in found.slots:
        slot.batch.n_skipped += skipped[slot.batch.pk]
        if slot.batch.pk in meeting:
            release(slot.batch, later)
        elif _left(slot.batch) == 0:
            release(slot.batch)
            _close_empty(slot.batch)
        else:
            slots.append(slot)
    return Claimed(found.dispatch, found.reviews, slots) if slots else Held("cap")


def _skip_over_cap(found: Claimed, phones: Sequence[str]) -> Counter[int]:
    """People skipped by batch, of the batches that are still this claim's."""
    claimed = Batch.objects.filter(pk__in=[slot.batch.pk for slot in found.slots], state=BatchState.CLAIMED)
    with transaction.atomic():
        mine = claimed.filter(claim=found.batch.claim).order_by("pk").select_for_update()
        return exclude.skip_phones(phones, list(mine.values_list("pk", flat=True)), "over_cap")
