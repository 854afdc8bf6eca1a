"""What no kill shows: a clock that jumps, two of what there should be one of, a database that takes no more. Threads with
connections of their own, on both databases, no vendor behind them."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Dispatch, Receipt
from messaging.services import applying, dispatching, leases, matching, outcomes, sending, sweeping
from messaging.states import BatchState
from tests.faults.scenes import Scene, at_once, counts, recount

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

BATCHES = 1000


def reports(dispatch: Dispatch) -> list[ReceiptEvent]:
    """A "delivered" for everybody who was handed over."""
    attempts = Attempt.objects.filter(batch__dispatch=dispatch).values_list("batch", "reference")
    phones = [
        (reference, phone)
        for batch, reference in attempts
        for phone in Delivery.objects.filter(batch=batch).values_list("phone", flat=True)
    ]
    return [
        ReceiptEvent(f"{reference}-{phone}", phone, ReceiptStatus.DELIVERED, reference=reference)
        for reference, phone in phones
    ]


def test_a_pause_in_a_round_of_a_thousand_requests_lets_out_what_was_claimed_and_no_more(scene: Scene):
    dispatch = scene.dispatch(BATCHES, 1)
    scene.pause = 0.01
    taken: set[int] = set()

    def pause():
        while len(scene.sent) < 30:
            threading.Event().wait(0.005)
        assert dispatching.pause(Dispatch.objects.get(pk=dispatch.pk))
        out = Batch.objects.filter(dispatch=dispatch).exclude(state=BatchState.QUEUED)
        taken.update(out.values_list("pk", flat=True))

    at_once(pause, *[lambda: sending.send_some(dispatch.pk, seconds=20)] * 3)
    touched = set(Attempt.objects.filter(batch__dispatch=dispatch).values_list("batch", flat=True))
    assert touched <= taken
    assert 30 <= len(touched) <= 30 + 3 * sending.AT_ONCE + 3
    assert counts(dispatch) == recount(dispatch) == {"submitted": len(touched), "queued": BATCHES - len(touched)}
    assert dispatching.resume(Dispatch.objects.get(pk=dispatch.pk))
    Dispatch.objects.filter(pk=dispatch.pk).update(hold_after=60)
    sending.send_some(dispatch.pk, seconds=20)
    assert set(scene.times_sent().values()) == {1}


def test_a_clock_that_jumps_ahead_while_requests_are_on_the_wire_queues_none_of_them_again(scene: Scene, monkeypatch):
    """The sweeper sees every lease run out. What is on the wire becomes unknown until its answer comes; what was claimed
    only goes back, and its first claimer does not send it."""
    dispatch = scene.dispatch(120, 3, account=scene.make.account(in_flight=32, per_second=100_000))
    scene.pause = 0.05
    done = threading.Event()
    freed, given_up = [], []

    def send():
        try:
            sending.send_some(dispatch.pk, seconds=10)
        finally:
            done.set()

    def jump():
        while not done.is_set():
            with monkeypatch.context() as ahead:
                ahead.setattr(settings, "SONGDA", {**settings.SONGDA, "LEASE_SECONDS": -60})
                swept = sweeping.sweep_leases()
            freed.append(swept[0])
            given_up.append(swept[1])
            threading.Event().wait(0.02)

    at_once(send, send, jump)
    while sending.send_some(dispatch.pk, seconds=5) not in ("nothing", "state"):
        pass
    assert sum(freed)
    assert sum(given_up)
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 120
    assert counts(dispatch) == recount(dispatch) == {"submitted": 120}


def test_two_appliers_at_the_same_pushes_count_everybody_once(scene: Scene, monkeypatch):
    """A lease runs out under its living holder when the clock jumps or the machine sleeps."""
    dispatch = scene.dispatch(40, 10)
    sending.send_some(dispatch.pk, seconds=10)
    found = reports(dispatch)
    pushes = [
        CallbackEvent.objects.create(account=dispatch.account, kind="receipt", body=b"%d %d" % (dispatch.pk, n))
        for n in range(4)
    ]
    shares = {push.pk: found[n::4] for n, push in enumerate(pushes)}
    monkeypatch.setattr(applying, "_parse", lambda event, vendor: shares.get(event.pk, []))

    def apply():
        with transaction.atomic():
            applying._apply(list(CallbackEvent.objects.filter(pk__in=shares).select_related("account")))

    at_once(apply, apply, apply)
    assert counts(dispatch) == recount(dispatch) == {"delivered": 40}
    assert set(Delivery.objects.filter(dispatch=dispatch).values_list("legs_delivered", "units")) == {(1, 1)}
    assert not Receipt.objects.filter(account=dispatch.account).exclude(state=Receipt.State.MATCHED).exists()
    assert set(CallbackEvent.objects.filter(pk__in=shares).values_list("state", flat=True)) == {"applied"}


def test_a_lease_that_ran_out_is_not_given_back_by_its_old_holder(base):
    """After a jump ahead two hold it; the first one's end must not let in a third."""
    with time_machine.travel(timezone.now() + timedelta(minutes=5)) as ahead:
        ahead.move_to(timezone.now() - timedelta(minutes=5))
        first = leases.lease("odd", 60)
        assert first.__enter__()
        ahead.move_to(timezone.now() + timedelta(minutes=5))
        with leases.lease("odd", 600) as second:
            assert second
            first.__exit__(None, None, None)
            with leases.lease("odd", 60) as third:
                assert not third


def test_a_database_that_is_full_when_the_answer_comes_sends_nothing_again(scene: Scene, monkeypatch):
    """The vendor has it, the answer cannot be written down: unknown, until the receipts say so."""
    dispatch = scene.dispatch(30, 3)
    full = iter([False, True, True, False, True])

    def record(attempt, result, calls=(), *, write=outcomes.record):
        if next(full, False):
            raise OperationalError("could not extend file: No space left on device")
        write(attempt, result, calls)

    with monkeypatch.context() as patched:
        patched.setattr(outcomes, "record", record)
        for _turn in range(3):
            with suppress(OperationalError):
                sending.send_some(dispatch.pk, seconds=5)
    Batch.objects.filter(dispatch=dispatch).update(claimed_at=timezone.now() - timedelta(hours=1))
    sweeping.sweep_leases()
    assert sending.send_some(dispatch.pk, seconds=5) == "nothing"
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 30
    assert counts(dispatch) == recount(dispatch) == {"submitted": 21, "unknown": 9}
    with transaction.atomic():
        matching.apply_receipts(dispatch.account, [(event, None) for event in reports(dispatch)])
    assert counts(dispatch) == recount(dispatch) == {"delivered": 30}


def test_receipts_pushed_to_another_accounts_address_touch_nobody(scene: Scene):
    """They are kept as unmatched, in sight, and the right ones still count afterwards."""
    dispatch = scene.dispatch(6, 3)
    other = scene.make.account()
    sending.send_some(dispatch.pk, seconds=5)
    events = [(event, None) for event in reports(dispatch)]
    with transaction.atomic():
        matching.apply_receipts(other, events)
    assert counts(dispatch) == {"submitted": 6}
    assert Receipt.objects.filter(account=other, state=Receipt.State.UNMATCHED).count() == 6
    with transaction.atomic():
        matching.apply_receipts(dispatch.account, events)
    assert counts(dispatch) == recount(dispatch) == {"delivered": 6}
