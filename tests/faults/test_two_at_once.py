"""Two processes at the same row: threads with connections of their own, on both databases, no vendor behind them."""

import random
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import steps
from messaging.deliveries import status as deliveries_status
from messaging.eligibility import entries
from messaging.gateway.types import ReceiptEvent, ReceiptStatus, SendResult
from messaging.models import Attempt, Batch, Delivery, Dispatch, Receipt, Suppression
from messaging.receipts import apply
from messaging.sending import claim, dispatches, hand_over, outcomes
from messaging.states import BatchState, DispatchState
from messaging.worker import sweep
from tests.builders import stored
from tests.faults.scenes import ACCEPTED, at_once, counts, most_on_wire, recount

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]


def test_of_two_starts_one_wins(scene):
    for _dispatch in range(5):
        dispatch = scene.dispatch(3, 3, state=DispatchState.READY)
        assert sorted(at_once(*[lambda d=dispatch: dispatches.start(Dispatch.objects.get(pk=d.pk))] * 3)) == [
            False,
            False,
            True,
        ]


def test_of_two_people_who_confirm_a_campaign_one_starts_it(scene):
    people = [User.objects.create_user(f"{name}{scene.make.number}") for name in ("张三", "李四")]
    campaign = scene.make.campaign(scene.make.people(7, first=13700000000 + scene.make.number))
    preflight.check(campaign)

    def confirm(person):
        steps.confirm_and_start(type(campaign).objects.get(pk=campaign.pk), "", person)

    results = at_once(*[lambda person=person: confirm(person) for person in people])
    assert [type(result) for result in results].count(steps.CannotStart) == 1
    assert stored(campaign).deliveries.count() == 7
    assert stored(campaign).dispatches.count() == 1


def test_many_senders_of_one_round_send_each_batch_once(scene):
    dispatch = scene.dispatch(120, 4)
    scene.pause = 0.02
    at_once(*[lambda: hand_over.send_some(dispatch.pk, seconds=20)] * 4)
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 120
    assert most_on_wire(dispatch) <= 3
    assert counts(dispatch) == recount(dispatch) == {"submitted": 120}


def test_after_a_pause_only_what_was_claimed_goes_out(scene):
    dispatch = scene.dispatch(200, 4)
    scene.pause = 0.02
    allowed = []

    def pause():
        while scene.sent < 5:
            threading.Event().wait(0.005)
        assert dispatches.pause(Dispatch.objects.get(pk=dispatch.pk))
        taken = Batch.objects.filter(dispatch=dispatch).exclude(state=BatchState.QUEUED)
        allowed.append(set(taken.values_list("pk", flat=True)))

    at_once(pause, *[lambda: hand_over.send_some(dispatch.pk, seconds=20)] * 3)
    touched = set(Attempt.objects.filter(batch__dispatch=dispatch).values_list("batch", flat=True))
    assert touched <= allowed[0]
    assert 5 <= len(touched) < 50
    assert counts(dispatch) == recount(dispatch)
    assert set(scene.times_sent().values()) == {1}


def test_an_opt_out_while_its_batch_is_claimed_is_either_obeyed_or_too_late_never_both(scene):
    chance = random.Random(5)
    outcomes_seen = Counter()
    for nth in range(12):
        dispatch = scene.dispatch(4, 4)
        phone = chance.choice(list(Delivery.objects.filter(dispatch=dispatch).values_list("phone", flat=True)))
        begun = scene.sent
        early = chance.uniform(0, 0.02)

        def opt_out(phone=phone, wait=early, late=nth == 1, begun=begun):
            threading.Event().wait(wait)
            while late and scene.sent == begun:
                threading.Event().wait(0.002)
            entries.suppress(phone, source="reply")

        if nth == 0:
            opt_out()
        at_once(lambda d=dispatch: hand_over.send_some(d.pk, seconds=5), opt_out)
        hand_over.send_some(dispatch.pk, seconds=5)
        times = scene.times_sent()
        status = {
            row.phone: row.status for row in deliveries_status.with_status(Delivery.objects.filter(dispatch=dispatch))
        }
        assert status[phone] == ("submitted" if times[phone] else "skipped")
        assert Suppression.objects.filter(phone=phone, lifted_at__isnull=True).count() == 1
        others = set(status) - {phone}
        assert {times[other] for other in others} == {1}
        assert {status[other] for other in others} == {"submitted"}
        assert counts(dispatch) == recount(dispatch)
        outcomes_seen[status[phone]] += 1
    assert set(outcomes_seen) == {"submitted", "skipped"}


def test_the_same_number_entered_by_two_at_once_is_one_entry(scene):
    dispatch = scene.dispatch(2, 2)
    phone = Delivery.objects.filter(dispatch=dispatch).values_list("phone", flat=True).first()
    found = at_once(*[lambda: entries.suppress(phone, source="hand").pk] * 4)
    assert len(set(found)) == 1
    assert counts(dispatch) == recount(dispatch) == {"queued": 1, "skipped": 1}


def test_cancelling_while_others_claim_at_a_pace_of_the_rounds_own(scene):
    for _dispatch in range(5):
        dispatch = scene.dispatch(40, 2, per_second=100_000)
        begun = scene.sent

        def cancel(dispatch=dispatch, begun=begun):
            while scene.sent < begun + 3:
                threading.Event().wait(0.002)
            dispatches.cancel(Dispatch.objects.get(pk=dispatch.pk))

        at_once(*[lambda d=dispatch: hand_over.send_some(d.pk, seconds=10)] * 2, cancel)
        found = counts(dispatch)
        assert set(found) <= {"submitted", "cancelled"}
        assert sum(found.values()) == 40
        assert found == recount(dispatch)
    assert set(scene.times_sent().values()) == {1}


def test_answer_receipt_and_sweep_of_one_batch_at_once(scene):
    """Whatever the order: it was handed over, the heard are heard, and nothing is queued again."""
    for _dispatch in range(6):
        dispatch = scene.dispatch(4, 4)
        found = claim.claim_next(dispatch.pk)
        begun = hand_over.begin(found.batch, Dispatch.objects.get(pk=dispatch.pk))
        attempt = begun[0]
        Batch.objects.filter(dispatch=dispatch).update(claimed_at=timezone.now() - timedelta(hours=1))
        phones = list(Delivery.objects.filter(dispatch=dispatch).values_list("phone", flat=True))
        events = [
            (ReceiptEvent(f"{attempt.pk}-{phone}", phone, ReceiptStatus.DELIVERED, reference=attempt.reference), None)
            for phone in phones[:3]
        ]

        def receipts(dispatch=dispatch, events=events):
            from django.db import transaction

            with transaction.atomic():
                apply.apply_receipts(dispatch.account, events)

        at_once(lambda a=attempt: outcomes.record(a.pk, ACCEPTED), receipts, sweep.sweep_claims)
        assert counts(dispatch) == recount(dispatch) == {"delivered": 3, "submitted": 1}
        attempt.refresh_from_db()
        assert attempt.outcome == "accepted"


def test_waiting_receipts_are_matched_while_answers_of_the_account_are_recorded(scene):
    """The receipts name a task that only the answer tells: they wait, and two may come for them at once."""
    account = scene.make.account(in_flight=3, per_second=100_000)
    for number in range(5):
        dispatch = scene.dispatch(4, 4, account=account)
        found = claim.claim_next(dispatch.pk)
        attempt = hand_over.begin(found.batch, Dispatch.objects.get(pk=dispatch.pk))[0]
        task = f"late-{scene.make.number}-{number}"
        for phone in Delivery.objects.filter(dispatch=dispatch).values_list("phone", flat=True):
            Receipt.objects.create(
                account=account, key=f"{task}-{phone}", state="unmatched", phone=phone, status="delivered", task_id=task
            )
        Attempt.objects.filter(pk=attempt.pk).update(task_id=task)
        answer = SendResult(ACCEPTED.verdict, task_id=task)
        at_once(
            lambda a=attempt, r=answer: outcomes.record(a.pk, r),
            sweep.rematch_waiting,
            sweep.rematch_waiting,
        )
        sweep.rematch_waiting()
        assert counts(dispatch) == recount(dispatch) == {"delivered": 4}
        assert not Receipt.objects.filter(account=account, state="unmatched").exists()
