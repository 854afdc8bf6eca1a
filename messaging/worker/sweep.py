"""What a dead process leaves behind, and what time ends: claims, expiries, silence."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from kit import clock
from messaging.deliveries import batch_states
from messaging.events import purge
from messaging.fence.holds import REASON
from messaging.hooks import deliveries_moved
from messaging.lookup import limits
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Dispatch, FenceHold, PollState, VendorCall
from messaging.receipts import apply, status_updates
from messaging.sending import dispatches
from messaging.states import AttemptOutcome, BatchState, DispatchState, OwnStatus

# Six months, however long they are: what the law asks of network logs. No setting makes it shorter.
LOG_KEEP_DAYS = 184


def sweep_claims() -> tuple[int, int]:
    """claimed -> queued (nothing was on the wire), sending -> unknown (something may have been; never queued). Returns both
    counts."""
    before = clock.now() - timedelta(seconds=settings.SONGDA["CLAIM_SECONDS"])
    stale = Batch.objects.filter(claimed_at__lt=before)
    freed = batch_states.step(stale, to=BatchState.QUEUED, from_=(BatchState.CLAIMED,))
    return freed, sum(_give_up(pk, before) for pk in _overdue(before))


def _overdue(before: datetime) -> list[int]:
    stuck = Batch.objects.filter(state=BatchState.SENDING, claimed_at__lt=before)
    asked = Batch.objects.filter(
        state=BatchState.UNKNOWN, attempts__outcome=AttemptOutcome.OPEN, attempts__started_at__lt=before
    )
    return list(stuck.values_list("pk", flat=True)) + list(asked.values_list("pk", flat=True))


def _give_up(batch_id: int, before: datetime) -> bool:
    """The sender died between its commit and its answer. Receipts that came meanwhile prove that the vendor has it. What
    was recorded and sent anew since the look is left alone."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        sending = batch.state == BatchState.SENDING
        if sending and batch.claimed_at and batch.claimed_at >= before:
            return False
        heard = batch.n_heard
        outcome = AttemptOutcome.ACCEPTED if heard else AttemptOutcome.UNKNOWN
        Attempt.objects.filter(batch=batch, outcome=AttemptOutcome.OPEN).update(
            outcome=outcome, reason="receipt" if heard else "no_answer", finished_at=timezone.now()
        )
        if not sending:
            return False
        batch_states.step(
            Batch.objects.filter(pk=batch.pk),
            to=BatchState.SUBMITTED if heard else BatchState.UNKNOWN,
            from_=(BatchState.SENDING,),
            reason="" if heard else "no_answer",
            submitted_at=timezone.now() if heard else None,
        )
        return True


def close_and_finish() -> None:
    """Dispatches whose time has passed are too late; dispatches with nothing left to send are done, and open again where
    something came back to their queue; what came back to that of a cancelled dispatch (a throttled or blocked call, a dead
    claimer) is cancelled."""
    now = clock.now()
    alive = Dispatch.objects.filter(state__in=(DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED))
    for dispatch in alive.filter(send_until__lte=now):
        dispatches.close_too_late(dispatch)
    for dispatch in alive.filter(state=DispatchState.RUNNING):
        dispatches.finish(dispatch)
    for dispatch in Dispatch.objects.filter(state=DispatchState.DONE, batches__state=BatchState.QUEUED).distinct():
        dispatches.reopen(dispatch)
    returned = Batch.objects.filter(dispatch__state=DispatchState.CANCELLED)
    rows = Batch.objects.filter(pk__in=returned.values("pk"))
    batch_states.step(rows, to=BatchState.CANCELLED, from_=(BatchState.QUEUED,), reason="cancelled")


def mark_silence(limit: int = 200) -> int:
    """Handed over and nothing heard for 72 hours: no_receipt, batch by batch. Returns people marked."""
    before = timezone.now() - timedelta(hours=settings.SONGDA["RECEIPT_HOURS"])
    silent = Batch.objects.filter(state=BatchState.SUBMITTED, submitted_at__lt=before).filter(
        pk__in=Delivery.objects.filter(own_status__isnull=True, batch__submitted_at__lt=before).values("batch")
    )
    return sum(_silence(pk) for pk in silent.values_list("pk", flat=True)[:limit])


def _silence(batch_id: int) -> int:
    with transaction.atomic():
        status_updates.lock_batches([batch_id])
        now = timezone.now()
        count = Delivery.objects.filter(batch=batch_id, own_status__isnull=True).update(
            own_status=OwnStatus.NO_RECEIPT, reason="no_receipt", reported_at=now
        )
        status_updates.add_to_counters({batch_id: Counter({"n_no_receipt": count})})
        silent = Delivery.objects.filter(batch=batch_id, own_status=OwnStatus.NO_RECEIPT, reported_at=now)
        deliveries_moved.send(sender=Delivery, ids=lambda: silent.values_list("pk", flat=True))
    return count


def rematch_waiting() -> int:
    """Receipts that came before their answer was recorded, and orphans of vendors without references."""
    from messaging.gateway.registry import vendor_class
    from messaging.models import Receipt, VendorAccount

    recent = timezone.now() - timedelta(hours=settings.SONGDA["RECEIPT_HOURS"])
    waiting = Receipt.objects.filter(state=Receipt.State.UNMATCHED, arrived_at__gte=recent)
    known = Attempt.objects.filter(started_at__gte=recent - timedelta(hours=1)).exclude(task_id="")
    count = apply.rematch(waiting.filter(task_id__in=known.values("task_id")).exclude(task_id=""))
    named = Delivery.objects.filter(message_id=OuterRef("message_id"), batch__account=OuterRef("account"))
    named = named.exclude(message_id="")  # the condition of the index
    count += apply.rematch(waiting.filter(Exists(named), reference="").exclude(message_id=""))
    if FenceHold.objects.filter(since__gte=recent).exists():
        # Attempts of another life were written down after their receipts had come.
        late = Attempt.objects.filter(reason=REASON, finished_at__gte=recent)
        count += apply.rematch(waiting.filter(reference__in=late.values("reference")).exclude(reference=""))
    for account in VendorAccount.objects.all():
        if not vendor_class(account.vendor).capabilities.references:
            count += apply.adopt_orphans(account)
    return count


def clean() -> None:
    """What is kept only for a while: vendor exchanges, applied bodies, and, as long as logs are, bodies of which something could
    not be read or applied: they may hold results that a later release reads. What waits to be applied is never taken away."""
    now = timezone.now()
    old = now - timedelta(days=settings.SONGDA["CALL_KEEP_DAYS"])
    purge.clear(VendorCall.objects.filter(started_at__lt=old).order_by("started_at"))  # the order of its index
    applied = Q(state=CallbackEvent.State.APPLIED, malformed=0, arrived_at__lt=old)
    looked_at = ~Q(state=CallbackEvent.State.NEW) & Q(arrived_at__lt=now - timedelta(days=_unreadable_days()))
    purge.clear(CallbackEvent.objects.filter(applied | looked_at).order_by("pk"))
    limits.forget_old()


def _unreadable_days() -> int:
    return max(LOG_KEEP_DAYS, settings.SONGDA["UNREADABLE_KEEP_DAYS"])


def flag_unanswered_polls() -> int:
    """A poll that was asked and never answered may have taken something with it: say since when."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["CLAIM_SECONDS"])
    lost = PollState.objects.filter(asked_at__lt=before, missing_since__isnull=True).exclude(answered_at__isnull=False)
    return sum(PollState.objects.filter(pk=row.pk).update(missing_since=row.asked_at) for row in lost)
