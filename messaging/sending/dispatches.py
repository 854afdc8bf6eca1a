"""A dispatch of sending: made, started, paused, resumed, cancelled. Each step is one counted UPDATE: of two people one wins."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from kit import audit, clock
from kit.people import Actor
from messaging import queue
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.hooks import dispatch_changed
from messaging.models import Batch, Dispatch
from messaging.sending import claim
from messaging.states import BATCH_OPEN, BatchState, DispatchState

# `stop_reason` of a dispatch that was paused before its start.
BEFORE_START = "before_start"


def start(dispatch: Dispatch, actor: Actor = None) -> bool:
    """READY -> RUNNING, and workers are woken; one without people is done at once. False if somebody else was first."""
    now = timezone.now()
    done = _step(dispatch, (DispatchState.READY,), DispatchState.RUNNING, started_at=now)
    if done:
        audit.record(AuditAction.DISPATCH_STARTED, actor=actor, target=dispatch)
        if not finish(dispatch):
            wake(dispatch)
    return done


def pause(dispatch: Dispatch, actor: Actor = None) -> bool:
    """Nothing more goes out but what is on the wire already; claimed batches go back to the queue. One that waits for its start
    does not start."""
    done = _step(dispatch, (DispatchState.READY,), DispatchState.PAUSED, stop_reason=BEFORE_START) or _step(
        dispatch, (DispatchState.RUNNING,), DispatchState.PAUSED
    )
    if done:
        audit.record(AuditAction.DISPATCH_PAUSED, actor=actor, target=dispatch)
    return done


def resume(dispatch: Dispatch, actor: Actor = None) -> bool:
    """PAUSED or STOPPED -> RUNNING. One that was paused before its start waits for it again; where its time has passed meanwhile,
    whoever resumes is asked first (`waited_too_long`)."""
    new = DispatchState.READY if _is_held(dispatch) else DispatchState.RUNNING
    done = _step(dispatch, (DispatchState.PAUSED, DispatchState.STOPPED), new, stop_reason="", stop_detail="")
    if done:
        audit.record(AuditAction.DISPATCH_RESUMED, actor=actor, target=dispatch)
        if new == DispatchState.RUNNING:
            wake(dispatch)
    return done


def waited_too_long(dispatch: Dispatch) -> bool:
    """It was paused before its start, and the time of the start has passed."""
    return _is_held(dispatch) and dispatch.start_at is not None and dispatch.start_at <= clock.now()


def _is_held(dispatch: Dispatch) -> bool:
    return dispatch.state == DispatchState.PAUSED and dispatch.stop_reason == BEFORE_START


def release(dispatch: Dispatch) -> bool:
    """What waited behind the first batches may go. False if nothing was held (any more)."""
    held = Dispatch.objects.filter(pk=dispatch.pk, hold_after__isnull=False)
    done = bool(held.update(hold_after=None))
    dispatch.refresh_from_db()
    if done:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)
        wake(dispatch)
    return done


def reopen(dispatch: Dispatch) -> bool:
    """DONE -> RUNNING: batches were added to it."""
    done = _step(dispatch, (DispatchState.DONE,), DispatchState.RUNNING, finished_at=None)
    if done:
        wake(dispatch)
    return done


def cancel(dispatch: Dispatch, actor: Actor = None) -> bool:
    """What is not on the wire yet is not sent any more: claims are taken back, then everything queued is closed."""
    open_states = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)
    with transaction.atomic():
        done = _step(dispatch, open_states, DispatchState.CANCELLED, tell=False, finished_at=timezone.now())
        if done:
            batch_states.step(dispatch.batches.all(), to=BatchState.QUEUED, from_=(BatchState.CLAIMED,))
            count = _close_queued(dispatch.pk, BatchState.CANCELLED, "cancelled")
            dispatch_changed.send(sender=Dispatch, dispatch=dispatch)  # only now: who listens counts people
            audit.record(AuditAction.DISPATCH_CANCELLED, actor=actor, target=dispatch, detail={"batches": count})
    return done


def _step(dispatch: Dispatch, olds: Sequence[str], new: str, *, tell: bool = True, **values: object) -> bool:
    done = bool(Dispatch.objects.filter(pk=dispatch.pk, state__in=olds).update(state=new, **values))
    dispatch.refresh_from_db()
    if done and tell:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)
    return done


def _close_queued(dispatch_id: int, to: BatchState, reason: str) -> int:
    rows = Batch.objects.filter(dispatch=dispatch_id)
    return batch_states.step(rows, to=to, from_=(BatchState.QUEUED,), reason=reason)


def with_due_batches(now: datetime) -> QuerySet[Dispatch]:
    """Running dispatches that have something to hand over, with the number of the first such batch as `first_due`."""
    mine = Batch.objects.filter(dispatch=OuterRef("pk"), state=BatchState.QUEUED).filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now),
        Q(dispatch__hold_after__isnull=True) | Q(number__lte=F("dispatch__hold_after")),
    )
    running = Dispatch.objects.filter(state=DispatchState.RUNNING).select_related("account__rate_limit")
    found = running.annotate(first_due=Subquery(mine.order_by("number").values("number")[:1]))
    return found.filter(first_due__isnull=False)


def wake(dispatch: Dispatch) -> None:
    """Wake as many workers as may be on the wire at once for this account."""
    for slot in range(min(claim.in_flight_limit(dispatch), claim.TURNS)):
        queue.enqueue_once(
            f"send:{dispatch.pk}:{slot}", "messaging.worker.tasks.send_some", dispatch.pk, slot, queue=dispatch.queue
        )


def close_too_late(dispatch: Dispatch) -> int:
    """`send_until` has passed: what is queued is closed."""
    return _close_queued(dispatch.pk, BatchState.TOO_LATE, "too_late")


def finish(dispatch: Dispatch) -> bool:
    """RUNNING (or a cancelled one's last batch) -> DONE when no batch can go on the wire any more. Locked while it looks:
    batches that somebody adds at this moment would wait in a dispatch that is done, and nobody would send them."""
    may_go_out = Batch.objects.filter(dispatch=dispatch.pk, state__in=BATCH_OPEN)
    if may_go_out.exists():
        return False
    with transaction.atomic():
        Dispatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=dispatch.pk)
        if may_go_out.exists():
            return False
        done = _step(dispatch, (DispatchState.RUNNING,), DispatchState.DONE, tell=False, finished_at=timezone.now())
    if done:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)  # only now: who listens locks the campaign first
    return done
