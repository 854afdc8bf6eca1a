"""What no kill shows: a clock that jumps, two of what there should be one of, a database that takes no more. Threads with
connections of their own, on both databases."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from messaging import locks
from messaging.callbacks import process
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Dispatch, Receipt
from messaging.receipts import apply as receipts_apply
from messaging.sending import dispatches, hand_over
from messaging.states import BatchState
from messaging.worker import sweep
from tests.database import before
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
        while scene.sent < 30:
            threading.Event().wait(0.005)
        assert dispatches.pause(Dispatch.objects.get(pk=dispatch.pk))
        out = Batch.objects.filter(dispatch=dispatch).exclude(state=BatchState.QUEUED)
        taken.update(out.values_list("pk", flat=True))

    at_once(pause, *[lambda: hand_over.send_some(dispatch.pk, seconds=20)] * 3)
    touched = set(Attempt.objects.filter(batch__dispatch=dispatch).values_list("batch", flat=True))
    assert touched <= taken
    assert 30 <= len(touched) <= 30 + 3 * hand_over.AT_ONCE + 3
    assert counts(dispatch) == recount(dispatch) == {"submitted": len(touched), "queued": BATCHES - len(touched)}
    assert dispatches.resume(Dispatch.objects.get(pk=dispatch.pk))
    Dispatch.objects.filter(pk=dispatch.pk).update(hold_after=60)
    hand_over.send_some(dispatch.pk, seconds=20)
    assert set(scene.times_sent().values()) == {1}


def test_a_clock_that_jumps_ahead_while_requests_are_on_the_wire_queues_none_of_them_again(scene: Scene, monkeypatch):
    """The sweeper sees every claim run out. What is on the wire becomes unknown until its answer comes; what was claimed
    only goes back, and its first claimer does not send it."""
    dispatch = scene.dispatch(120, 3, account=scene.make.account(in_flight=32, per_second=100_000))
    scene.pause = 0.05
    sending = ["one", "another"]  # one that finds nothing to claim ends before the other
    freed, given_up = [], []

    def send():
        try:
            hand_over.send_some(dispatch.pk, seconds=10)
        finally:
            sending.pop()

    def jump():
        while sending:
            with monkeypatch.context() as ahead:
                ahead.setattr(settings, "SONGDA", {**settings.SONGDA, "CLAIM_SECONDS": -60})
                swept = sweep.sweep_claims()
            freed.append(swept[0])
            given_up.append(swept[1])
            threading.Event().wait(0.02)

    at_once(send, send, jump)
    while hand_over.send_some(dispatch.pk, seconds=5) not in ("nothing", "state"):
        pass
    assert sum(freed)
    assert sum(given_up)
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 120
    assert counts(dispatch) == recount(dispatch) == {"submitted": 120}


def test_two_appliers_at_the_same_pushes_count_everybody_once(scene: Scene):
    """A mutex runs out under its living owner when the clock jumps or the machine sleeps."""
    dispatch = scene.dispatch(40, 10)
    hand_over.send_some(dispatch.pk, seconds=10)
    found = reports(dispatch)
    pushes = [
        CallbackEvent.objects.create(account=dispatch.account, kind="receipt", body=b"%d %d" % (dispatch.pk, n))
        for n in range(4)
    ]
    shares = {push.pk: found[n::4] for n, push in enumerate(pushes)}

    def apply():
        waiting = CallbackEvent.objects.filter(pk__in=shares).select_related("account")
        with transaction.atomic():
            process.apply_parts(dispatch.account, [process.Part(push, shares[push.pk], last=True) for push in waiting])

    at_once(apply, apply, apply)
    assert counts(dispatch) == recount(dispatch) == {"delivered": 40}
    assert set(Delivery.objects.filter(dispatch=dispatch).values_list("legs_delivered", "units")) == {(1, 1)}
    assert not Receipt.objects.filter(account=dispatch.account).exclude(state=Receipt.State.MATCHED).exists()
    assert set(CallbackEvent.objects.filter(pk__in=shares).values_list("state", flat=True)) == {"applied"}


def test_a_mutex_that_ran_out_is_not_given_back_by_its_old_owner(base):
    """Two hold it then; the first one's end must not let in a third."""
    first = locks.held("odd", 0)
    assert first.__enter__()
    with locks.held("odd", 600) as second:
        assert second
        first.__exit__(None, None, None)
        with locks.held("odd", 60) as third:
            assert not third


def test_a_database_that_is_full_when_the_answer_comes_sends_nothing_again(scene: Scene):
    """The vendor has it, the answer cannot be written down: unknown, until the receipts say so."""
    dispatch = scene.dispatch(30, 3)
    # The second, third and fifth answer; each is tried again without the exchange.
    full = iter([False, True, True, True, True, False, True, True])

    def extend() -> None:
        if next(full, False):
            raise OperationalError("could not extend file: No space left on device")

    with before('UPDATE "?messaging_attempt', extend, times=None):
        for _turn in range(3):
            with suppress(OperationalError):
                hand_over.send_some(dispatch.pk, seconds=5)
    assert next(full, None) is None
    Batch.objects.filter(dispatch=dispatch).update(claimed_at=timezone.now() - timedelta(hours=1))
    sweep.sweep_claims()
    assert hand_over.send_some(dispatch.pk, seconds=5) == "nothing"
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 30
    assert counts(dispatch) == recount(dispatch) == {"submitted": 21, "unknown": 9}
    with transaction.atomic():
        receipts_apply.apply_receipts(dispatch.account, [(event, None) for event in reports(dispatch)])
    assert counts(dispatch) == recount(dispatch) == {"delivered": 30}


def test_receipts_pushed_to_another_accounts_address_touch_nobody(scene: Scene):
    """They are kept as unmatched, in sight, and the right ones still count afterwards."""
    dispatch = scene.dispatch(6, 3)
    other = scene.make.account()
    hand_over.send_some(dispatch.pk, seconds=5)
    events = [(event, None) for event in reports(dispatch)]
    with transaction.atomic():
        receipts_apply.apply_receipts(other, events)
    assert counts(dispatch) == {"submitted": 6}
    assert Receipt.objects.filter(account=other, state=Receipt.State.UNMATCHED).count() == 6
    with transaction.atomic():
        receipts_apply.apply_receipts(dispatch.account, events)
    assert counts(dispatch) == recount(dispatch) == {"delivered": 6}
