"""Thin doors from the queue to the services. Arguments are plain ids; each may run twice or never."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F, Q
from django.utils import timezone

from messaging import hooks, queue
from messaging.models import Batch, CallbackEvent, Dispatch, Lease
from messaging.services import (
    applying,
    dispatching,
    outcomes,
    polling,
    retrieving,
    reviews,
    sending,
    suppression_files,
    sweeping,
    unknowns,
)
from messaging.services.leases import beat, lease
from messaging.states import BatchState, DispatchState

log = logging.getLogger(__name__)


def send_some(dispatch_id: int, slot: int = 0) -> None:
    """Hand over batches for a while, then ask for another turn, so that one round does not starve the others."""
    name = f"send:{dispatch_id}:{slot}"
    queue.nudge_taken(name)
    ended = sending.send_some(dispatch_id)
    dispatch = Dispatch.objects.get(pk=dispatch_id)
    if ended == "time":
        queue.nudge_once(name, "messaging.tasks.send_some", dispatch_id, slot, queue=dispatch.queue)
    elif ended == "nothing":
        dispatching.finish(dispatch)
    elif ended == "template":
        outcomes.stop_dispatch(dispatch, "template_unusable", "")


def apply_events() -> None:
    queue.nudge_taken("apply")
    if not applying.apply_new():
        queue.nudge_once("apply", "messaging.tasks.apply_events", queue="notice")


def poll(account_id: int, kind: str) -> None:
    queue.nudge_taken(f"poll:{account_id}:{kind}:nudge")
    polling.poll(account_id, kind)


def ask_vendor(batch_id: int) -> None:
    queue.nudge_taken(f"check:{batch_id}")
    unknowns.ask_vendor(batch_id)


def hand_over_review(review_id: int) -> None:
    queue.nudge_taken(f"submit:{review_id}")
    reviews.hand_over(review_id)


def take_in_suppressions(import_id: int) -> None:
    suppression_files.take_in(import_id)


def heartbeat(name: str) -> None:
    """Runs on each queue, so that a queue whose workers hang is seen."""
    queue.nudge_taken(f"heartbeat:{name}:nudge")
    beat(f"heartbeat:{name}")


def tick() -> None:
    """Every few seconds, one at a time: sweep, settle, poll, wake. All of it may be repeated without harm."""
    queue.nudge_taken("tick")
    with lease("tick", min(55, settings.SONGDA["LEASE_SECONDS"])) as mine:
        if not mine:
            return
        beat("tick")
        for step in (*_STEPS, _wake, _announce, _housekeeping, _ask_for_heartbeats):
            _run(step)


_STEPS = (
    sweeping.sweep_leases,
    reviews.sweep,
    sweeping.lapse_and_finish,
    sweeping.rematch_waiting,
    sweeping.flag_unanswered_polls,
    suppression_files.wake_stuck,
)


def _run(step: Callable[[], object]) -> None:
    """One broken row must not end the sending of everybody else: what a step cannot do is logged, and the rest goes on."""
    try:
        step()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("A step of the tick failed: %s", step.__name__)


def _announce() -> None:
    hooks.ticked.send(sender=None)


def _ask_for_heartbeats() -> None:
    for name in queue.QUEUES:
        queue.nudge_once(f"heartbeat:{name}:nudge", "messaging.tasks.heartbeat", name, queue=name)


def _housekeeping() -> None:
    """Wake the slow round when its last one is five minutes old."""
    last = Lease.objects.filter(name="housekeeping").values_list("beat_at", flat=True).first()
    if last is None or timezone.now() - last > timedelta(minutes=5):
        queue.nudge_once("housekeeping", "messaging.tasks.housekeeping", queue="notice")


def _wake() -> None:
    """Nudge what has something to do: rounds with due batches, unapplied pushes, submissions to hand over, polls, unknown
    batches to ask about."""
    now = timezone.now()
    due = Batch.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=now), state=BatchState.QUEUED).filter(
        Q(dispatch__hold_after__isnull=True) | Q(number__lte=F("dispatch__hold_after"))
    )
    running = Dispatch.objects.filter(state=DispatchState.RUNNING, pk__in=due.values("dispatch"))
    for dispatch in running.select_related("account"):
        dispatching.nudge(dispatch)
    if CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).exists():
        queue.nudge_once("apply", "messaging.tasks.apply_events", queue="notice")
    for review_id in reviews.due():
        reviews.nudge(review_id)
    for account_id, kind in polling.due():
        queue.nudge_once(f"poll:{account_id}:{kind}:nudge", "messaging.tasks.poll", account_id, kind, queue="notice")
    for batch_id in unknowns.due_for_check():
        queue.nudge_once(f"check:{batch_id}", "messaging.tasks.ask_vendor", batch_id, queue="bulk")


def housekeeping() -> None:
    """Slow work: silence after 72 hours, waiting reviews, lost receipts, what has expired."""
    queue.nudge_taken("housekeeping")
    beat("housekeeping")
    sweeping.mark_silence()
    reviews.refresh_waiting()
    retrieving.fill_gaps()
    sweeping.clean()
