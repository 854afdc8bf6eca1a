"""What happens between two steps: a lost database, an opt-out on the way, a late answer, a cancelled round."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from messaging import hooks
from messaging.callbacks import process
from messaging.deliveries import status
from messaging.eligibility import entries
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import SendResult, Verdict
from messaging.models import Attempt, Batch, CallbackEvent, Dispatch, Heartbeat, Mutex, VendorCall
from messaging.sending import claim, dispatches, hand_over, outcomes
from messaging.states import AttemptOutcome, BatchState, DispatchState
from messaging.worker import sweep, tasks
from tests.builders import phones
from tests.database import before, failing, refuse_rows

pytestmark = pytest.mark.django_db


def counts(dispatch):
    return status.dispatch_counts([dispatch.pk])


def receipt(dispatch, phone, reference, word="DELIVRD"):
    return {"taskId": "1", "mobile": phone, "status": word, "type": 4, "callData": reference, "message": "",
            "reportTime": "2026-11-20 10:00:00"}  # fmt: skip


def test_a_push_met_by_a_broken_database_stays_new_and_is_applied_later(house, client):
    dispatch = house.make_dispatch(phones(2))
    hand_over.send_some(dispatch.pk)
    house.push("receipt", [receipt(dispatch, phones(2)[0], Attempt.objects.get().reference)], client=client)
    with failing("messaging_delivery", OperationalError("deadlock detected")), pytest.raises(OperationalError):
        process.apply_new()
    assert CallbackEvent.objects.get().state == CallbackEvent.State.NEW
    assert process.apply_new()
    assert counts(dispatch) == {"delivered": 1, "submitted": 1}


def test_a_second_applier_does_not_nudge_itself_in_a_circle(house):
    held = {"owner": "another process", "until": timezone.now() + timedelta(seconds=30)}
    Mutex.objects.create(name=f"apply:{house.account.pk}", **held)
    CallbackEvent.objects.create(account=house.account, kind="receipt", body=b"x")
    tasks.apply_events(house.account.pk)
    assert OrmQ.objects.count() == 0
    assert CallbackEvent.objects.get().state == CallbackEvent.State.NEW


def test_a_long_wait_for_the_pace_is_left_to_the_tick(house):
    house.account.per_second = 1
    house.account.save(update_fields=["per_second"])
    dispatch = house.make_dispatch(phones(40))
    tasks.send_some(dispatch.pk)
    assert counts(dispatch) == {"submitted": 20, "queued": 20}
    assert OrmQ.objects.count() == 0


def test_nobody_left_between_claim_and_wire_sends_nothing(house):
    dispatch = house.make_dispatch(phones(2))
    found = claim.claim_next(dispatch.pk)
    for phone in phones(2):
        entries.suppress(phone, source="reply")
    hand_over.hand_over(found.batch)
    assert Attempt.objects.count() == 0
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert (Batch.objects.get().state, counts(dispatch)) == ("cancelled", {"skipped": 2})
    assert house.accepted() == {}


def test_what_comes_back_to_the_queue_of_a_cancelled_round_is_cancelled(house):
    dispatch = house.make_dispatch(phones(20))
    found = claim.claim_next(dispatch.pk)
    attempt, _request = hand_over.begin(found.batch, dispatch)
    dispatches.cancel(dispatch)
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.NOT_TAKEN, "wait")))
    assert counts(dispatch) == {"queued": 20}
    sweep.close_and_finish()
    assert counts(dispatch) == {"cancelled": 20}


def test_the_sweeper_leaves_alone_what_was_sent_anew_since_it_looked(house):
    dispatch = house.make_dispatch(phones(3))
    attempt, _request = hand_over.begin(claim.claim_next(dispatch.pk).batch, dispatch)
    Batch.objects.update(claimed_at=timezone.now() - timedelta(seconds=600))
    sent_anew = partial(Batch.objects.update, claimed_at=timezone.now())
    with before(r'FROM "messaging_batch" WHERE "messaging_batch"."id" = ', sent_anew) as looked:
        assert sweep.sweep_claims() == (0, 0)
    assert len(looked) == 1
    attempt.refresh_from_db()
    assert (attempt.outcome, Batch.objects.get().state) == (AttemptOutcome.OPEN, BatchState.SENDING)


def test_receipts_heard_before_the_sweep_prove_the_attempt(house, client):
    dispatch = house.make_dispatch(phones(2))
    attempt, _request = hand_over.begin(claim.claim_next(dispatch.pk).batch, dispatch)
    house.push("receipt", [receipt(dispatch, phones(2)[0], attempt.reference)], client=client)
    process.apply_new()
    Batch.objects.update(claimed_at=timezone.now() - timedelta(seconds=600))
    assert sweep.sweep_claims() == (0, 1)
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.reason) == (AttemptOutcome.ACCEPTED, "receipt")
    assert counts(dispatch) == {"delivered": 1, "submitted": 1}


def test_the_cap_does_not_count_who_was_left_out(house):
    first = house.make_dispatch(phones(3))
    entries.suppress(phones(3)[0], source="hand", scope="signature", signature=house.signature)
    hand_over.send_some(first.pk)
    assert counts(first) == {"submitted": 2, "skipped": 1}
    second = house.make_dispatch(phones(3), cap_count=1, signature=None)
    hand_over.send_some(second.pk)
    assert counts(second) == {"submitted": 1, "skipped": 2}
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_one_failing_step_of_the_tick_does_not_stop_the_sending(house, run_queue):
    def broken(**_signal):
        raise RuntimeError("a receiver is broken")

    hooks.ticked.connect(broken, dispatch_uid="broken")
    try:
        dispatch = house.make_dispatch(phones(3))
        with failing("messaging_receipt", RuntimeError("a step is broken")) as met:
            tasks.tick()
        assert met
        run_queue()
    finally:
        hooks.ticked.disconnect(dispatch_uid="broken")
    assert counts(dispatch) == {"submitted": 3}
    assert Heartbeat.objects.filter(name="housekeeping").exists(), "a later step"


def test_an_exchange_that_cannot_be_kept_changes_nothing_about_the_answer(house):
    """On PostgreSQL the statement, and the transaction around it, are spoilt with it."""
    dispatch = house.make_dispatch(phones(3))
    refuse_rows("messaging_vendorcall")
    hand_over.send_some(dispatch.pk)
    assert not VendorCall.objects.filter(attempt__isnull=False).exists()
    assert (Attempt.objects.get().outcome, counts(dispatch)) == (AttemptOutcome.ACCEPTED, {"submitted": 3})


def test_a_late_answer_that_nothing_was_taken_does_not_queue_an_unknown_batch_again(house):
    dispatch = house.make_dispatch(phones(3))
    attempt, _request = hand_over.begin(claim.claim_next(dispatch.pk).batch, dispatch)
    Batch.objects.update(claimed_at=timezone.now() - timedelta(seconds=600))
    sweep.sweep_claims()
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.NOT_TAKEN, "wait")))
    assert counts(dispatch) == {"unknown": 3}
    assert Dispatch.objects.get().state == DispatchState.RUNNING
