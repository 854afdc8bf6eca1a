"""Thin doors from the queue to the services. Arguments are plain ids; each may run twice or never."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError

from kit import clock
from kit.lock_errors import waited_in_vain
from messaging import fence, hooks, queue, reviews
from messaging.callbacks import poll as callbacks_poll
from messaging.callbacks import process, retrieve
from messaging.eligibility import files
from messaging.events import store, unapplied
from messaging.fence import keeper
from messaging.locks import held
from messaging.models import Dispatch
from messaging.sending import dispatches, hand_over, outcomes, unknown
from messaging.worker import heartbeats, hosts, overdue, sweep

log = logging.getLogger(__name__)
# Whoever ticks and then stands still keeps the others from it for so long. A tick that takes longer is joined by another: both
# do no harm.
TICK_MUTEX_SECONDS = 20


def send_some(dispatch_id: int, slot: int = 0) -> None:
    """Hand over batches for a while, then ask for another turn, so that one dispatch does not starve the others."""
    name = f"send:{dispatch_id}:{slot}"
    queue.mark_started(name)
    ended = hand_over.send_some(dispatch_id)
    dispatch = Dispatch.objects.get(pk=dispatch_id)
    if ended == "time":
        queue.enqueue_once(name, "messaging.worker.tasks.send_some", dispatch_id, slot, queue=dispatch.queue)
    elif ended == "nothing":
        dispatches.finish(dispatch)
    elif ended == "template":
        outcomes.stop_dispatch(dispatch, "template_unusable", "")


def apply_events(account_id: int) -> None:
    """What one account's vendor has told: one job an account, so that none waits for another."""
    queue.mark_started(f"apply:{account_id}")
    if not process.apply_account(account_id):
        store.wake(account_id)


def poll(account_id: int, kind: str) -> None:
    queue.mark_started(f"poll:{account_id}:{kind}")
    if _may_ask(fence.look()):
        callbacks_poll.poll(account_id, kind)


def ask_vendor(batch_id: int) -> None:
    queue.mark_started(f"check:{batch_id}")
    if fence.look().is_open:  # what never arrived is sent by asking
        unknown.ask_vendor(batch_id)


def hand_over_review(review_id: int) -> None:
    queue.mark_started(f"submit:{review_id}")
    if fence.look().is_open:
        reviews.hand_over(review_id)


def take_in_suppressions(import_id: int) -> None:
    files.take_in(import_id)


MOST_HOPS = 60


def heartbeat(name: str, host: str = "", hops: int = 0) -> None:
    """Runs on each queue, so that a queue whose workers hang is seen: asked for by `host`, whose own processes should get it. Any
    host's take it; while the one that asked seems silent, they put it back for a while."""
    if not hops:
        queue.mark_started(f"heartbeat:{name}:{host}")
    hosts.beat_queue(settings.WORKER_ID, name)
    if not host or host == settings.WORKER_ID or hops >= MOST_HOPS:
        return
    last = hosts.queue_beat(host, name)
    patience = timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"] / 3)
    if last is None or clock.now() - last > patience:
        time.sleep(0.5)
        queue.enqueue("messaging.worker.tasks.heartbeat", name, host, hops + 1, queue=name)


def tick() -> None:
    """Every few seconds, one at a time: sweep, settle, poll, wake. All of it may be repeated without harm."""
    queue.mark_started("tick")
    with held("tick", min(TICK_MUTEX_SECONDS, settings.SONGDA["CLAIM_SECONDS"])) as mine:
        if mine is None:
            return
        heartbeats.beat("tick")
        standing = fence.look()
        if standing.hold is not None:
            log.error("Sending is held: %s", fence.sentence(standing.hold.rule, standing.hold.evidence))
        steps = _STEPS if standing.state is fence.State.WAIT else (*_SWEEPING, *_STEPS)
        for step in (
            *steps,
            partial(_wake, standing),
            partial(_announce, standing),
            partial(overdue.note, standing.is_open),
            _housekeeping,
        ):
            _run(step)


# Not while it is open whether the database is whole: what was claimed may have been sent. A hold has settled that.
_SWEEPING = (sweep.sweep_claims, reviews.sweep, sweep.close_and_finish)
_STEPS = (
    sweep.rematch_waiting,
    sweep.flag_unanswered_polls,
    files.wake_stuck,
)


def _run(step: Callable[[], object]) -> None:
    """One broken row must not end the sending of everybody else: what a step cannot do is logged, and the rest goes on."""
    try:
        step()
    except (OperationalError, InterfaceError) as error:
        if not waited_in_vain(error):
            raise
        log.warning("A step of the tick waits for a lock that somebody holds: %s", _name_of(step))
    except Exception:
        log.exception("A step of the tick failed: %s", _name_of(step))


def _name_of(step: Callable[[], object]) -> str:
    return str(getattr(step, "func", step).__name__)


def _may_ask(standing: fence.Standing) -> bool:
    """Whether vendors may be asked for what they have: a copy beside the real installation would take it away from there."""
    return standing.is_open or (standing.hold is not None and standing.hold.rule not in fence.MAY_BE_A_COPY)


def _announce(standing: fence.Standing) -> None:
    hooks.ticked.send(sender=None, may_send=standing.is_open, may_ask=_may_ask(standing))


def _housekeeping() -> None:
    """Wake the slow round when its last one is five minutes old."""
    last = heartbeats.last("housekeeping")
    if last is None or clock.now() - last > timedelta(minutes=5):
        queue.enqueue_once("housekeeping", "messaging.worker.tasks.housekeeping", queue="notice")


def _wake(standing: fence.Standing | None = None) -> None:
    """Nudge what has something to do: dispatches with due batches, unapplied pushes, submissions to hand over, polls, unknown
    batches to ask about."""
    standing = standing or fence.look()
    for dispatch in dispatches.with_due_batches(clock.now()):
        dispatches.wake(dispatch)
    for account_id in unapplied.accounts_waiting():
        store.wake(account_id)
    if _may_ask(standing):
        for account_id, kind in callbacks_poll.due():
            queue.enqueue_once(
                f"poll:{account_id}:{kind}", "messaging.worker.tasks.poll", account_id, kind, queue="notice"
            )
    if not standing.is_open:
        return
    for review_id in reviews.due():
        reviews.wake(review_id)
    for batch_id in unknown.due_for_check():
        queue.enqueue_once(f"check:{batch_id}", "messaging.worker.tasks.ask_vendor", batch_id, queue="bulk")


def housekeeping() -> None:
    """Slow work: silence after 72 hours, waiting reviews, lost receipts, what has expired."""
    queue.mark_started("housekeeping")
    heartbeats.beat("housekeeping")
    standing = fence.look()
    if standing.is_open:
        sweep.mark_silence()
    if _may_ask(standing):
        reviews.refresh_waiting()
        retrieve.fill_gaps()
    sweep.clean()
    hosts.forget_old()
    keeper.forget_old()
