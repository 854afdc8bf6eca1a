"""A batch goes out once, whatever happens around it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from messaging.deliveries import status as deliveries_status
from messaging.eligibility import entries
from messaging.gateway import registry
from messaging.models import Attempt, Batch, Delivery, Suppression
from messaging.sending import claim, dispatches, hand_over, outcomes
from messaging.states import AttemptOutcome, BatchState, DispatchState
from messaging.worker import sweep
from tests.builders import phones
from tests.database import before, failing

pytestmark = pytest.mark.django_db

# Who may go onto the wire is asked and written down in this one statement.
PERMISSION = r"attempts_made = attempts_made \+ 1"
# The exchange is over, and what it says is not recorded yet.
ANSWERED = r"INSERT INTO \W?messaging_vendorcall"


def states(dispatch):
    return list(dispatch.batches.order_by("number").values_list("state", flat=True))


def counts(dispatch):
    return deliveries_status.dispatch_counts([dispatch.pk])


def test_it_sends_every_batch_once(house):
    dispatch = house.make_dispatch(phones(45))
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert states(dispatch) == ["submitted"] * 3
    assert house.accepted() == dict.fromkeys(phones(45), 1)
    assert counts(dispatch) == {"submitted": 45}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"accepted"}
    assert all(Attempt.objects.values_list("task_id", flat=True))


def test_the_attempt_is_committed_before_the_wire(house):
    """What stands there while the vendor has the request is all that stands there if the process dies then."""
    dispatch = house.make_dispatch(phones(3))
    with failing(ANSWERED, SystemExit()), pytest.raises(SystemExit):
        hand_over.send_some(dispatch.pk)
    assert house.accepted() == dict.fromkeys(phones(3), 1)
    assert (Batch.objects.get().state, Attempt.objects.get().outcome) == ("sending", "open")
    later = timezone.now() - timedelta(seconds=600)
    Batch.objects.update(claimed_at=later)
    assert sweep.sweep_claims() == (0, 1)
    assert states(dispatch) == ["unknown"]
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_a_dead_claim_goes_back_to_the_queue(house):
    dispatch = house.make_dispatch(phones(3))
    assert isinstance(claim.claim_next(dispatch.pk), claim.Claimed)
    Batch.objects.update(claimed_at=timezone.now() - timedelta(seconds=600))
    assert sweep.sweep_claims() == (1, 0)
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_a_lost_claim_sends_nothing(house):
    dispatch = house.make_dispatch(phones(3))
    found = claim.claim_next(dispatch.pk)
    Batch.objects.update(state="queued", claim="")
    hand_over.hand_over(found.batch)
    assert house.accepted() == {}
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        ({"kind": "timeout_after_accept", "seconds": 3}, 1),
        ({"kind": "http_5xx", "status": 500, "when": "after"}, 1),
        ({"kind": "http_5xx", "status": 502, "when": "before"}, 0),
        ({"kind": "redirect", "when": "after"}, 1),
        ({"kind": "cut", "when": "after"}, 1),
        ({"kind": "garbage", "when": "after"}, 1),
        ({"kind": "empty", "when": "after"}, 1),
    ],
    ids=lambda value: f"{value.get('kind')}-{value.get('when')}" if isinstance(value, dict) else "",
)
def test_an_unclear_answer_is_unknown_and_never_sent_again(house, sandbox, settings, rule, accepted):
    settings.SONGDA = {**settings.SONGDA, "HTTP_DEADLINE_SECONDS": 1.0}
    sandbox.mount("rcs_gateway").faults.replace([{**rule, "path": "/rcs/template"}])
    dispatch = house.make_dispatch(phones(5))
    hand_over.send_some(dispatch.pk)
    sandbox.mount("rcs_gateway").faults.replace([])
    for _ in range(3):
        sweep.sweep_claims()
        hand_over.send_some(dispatch.pk)
    assert states(dispatch) == ["unknown"]
    assert counts(dispatch) == {"unknown": 5}
    assert house.accepted() == dict.fromkeys(phones(5), accepted) if accepted else house.accepted() == {}
    assert Attempt.objects.count() == 1


def test_throttling_waits_and_goes_again(house, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "throttle", "count": 1}])
    dispatch = house.make_dispatch(phones(5))
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert states(dispatch) == ["queued"]
    assert Batch.objects.get().not_before > timezone.now()
    Batch.objects.update(not_before=None)
    hand_over.send_some(dispatch.pk)
    assert states(dispatch) == ["submitted"]
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == ["not_taken", "accepted"]
    references = set(Attempt.objects.values_list("reference", flat=True))
    assert len(references) == 2
    assert house.accepted() == dict.fromkeys(phones(5), 1)


def test_a_refused_connection_waits_and_goes_again(house):
    house.account.base_url = "http://127.0.0.1:9/rcs_gateway"
    house.account.save(update_fields=["base_url"])
    dispatch = house.make_dispatch(phones(5))
    hand_over.send_some(dispatch.pk)
    assert states(dispatch) == ["queued"]
    assert Attempt.objects.get().outcome == AttemptOutcome.NOT_TAKEN


@pytest.mark.parametrize(("status", "reason"), [(2, "address"), (3, "credentials"), (7, "account_state")])
def test_account_trouble_stops_the_account_and_marks_nobody(house, sandbox, status, reason):
    house.world.settings["force_status"] = status
    dispatch = house.make_dispatch(phones(45))
    hand_over.send_some(dispatch.pk)
    house.account.refresh_from_db()
    assert (house.account.status, house.account.stop_reason) == ("stopped", reason)
    assert states(dispatch) == ["queued"] * 3
    assert counts(dispatch) == {"queued": 45}
    assert not Delivery.objects.filter(own_status__isnull=False).exists()
    assert hand_over.send_some(dispatch.pk) == "account"
    assert Attempt.objects.count() == 1


def test_three_unknown_answers_in_a_row_open_the_breaker(house, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "status": 503, "when": "before"}])
    dispatch = house.make_dispatch(phones(100))
    hand_over.send_some(dispatch.pk)
    house.account.refresh_from_db()
    assert house.account.status == "stopped"
    assert sorted(states(dispatch)) == ["queued", "queued", "unknown", "unknown", "unknown"]


def test_pause_takes_effect_within_one_batch(house):
    dispatch = house.make_dispatch(phones(60))
    hand_over.hand_over(claim.claim_next(dispatch.pk).batch)
    found = claim.claim_next(dispatch.pk)
    dispatches.pause(dispatch)
    hand_over.hand_over(found.batch)
    assert hand_over.send_some(dispatch.pk) == "state"
    assert states(dispatch) == ["submitted", "queued", "queued"]
    dispatches.resume(dispatch)
    hand_over.send_some(dispatch.pk)
    assert house.accepted() == dict.fromkeys(phones(60), 1)


def test_cancel_closes_what_is_queued_and_takes_claims_back(house):
    dispatch = house.make_dispatch(phones(60))
    hand_over.hand_over(claim.claim_next(dispatch.pk).batch)
    found = claim.claim_next(dispatch.pk)
    assert dispatches.cancel(dispatch)
    hand_over.hand_over(found.batch)
    assert states(dispatch) == ["submitted", "cancelled", "cancelled"]
    assert counts(dispatch) == {"submitted": 20, "cancelled": 40}
    assert not dispatches.resume(dispatch)


def test_two_people_start_and_one_wins(house):
    dispatch = house.make_dispatch(phones(3), state=DispatchState.READY)
    other = type(dispatch).objects.get(pk=dispatch.pk)
    assert [dispatches.start(dispatch), dispatches.start(other)] == [True, False]


def test_an_opt_out_while_queued_is_obeyed(house):
    dispatch = house.make_dispatch(phones(40))
    entries.suppress(phones(40)[25], source="reply", scope="signature", signature=house.signature)
    hand_over.send_some(dispatch.pk)
    assert phones(40)[25] not in house.accepted()
    assert counts(dispatch) == {"submitted": 39, "skipped": 1}


def test_who_opts_out_between_the_reading_and_the_wire_is_not_sent_to(house):
    dispatch = house.make_dispatch(phones(40))
    gone = phones(40)[3]
    opts_out = partial(entries.suppress, gone, source="reply", scope="signature", signature=house.signature)
    with before(PERMISSION, opts_out):
        assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(set(phones(40)) - {gone}, 1)
    assert counts(dispatch) == {"submitted": 39, "skipped": 1}
    assert Attempt.objects.count() == 2


def test_everybody_opts_out_between_the_reading_and_the_wire(house):
    dispatch = house.make_dispatch(phones(2))

    def opt_out():
        for phone in phones(2):
            entries.suppress(phone, source="reply", scope="signature", signature=house.signature)

    with before(PERMISSION, opt_out):
        assert hand_over.send_some(dispatch.pk) == "nothing"
    assert (house.accepted(), states(dispatch), Attempt.objects.count()) == ({}, ["cancelled"], 0)


@pytest.mark.parametrize(
    "step", ["SELECT phone, variables FROM messaging_delivery", PERMISSION], ids=["read", "permit"]
)
def test_what_breaks_before_the_wire_makes_nobody_unknown(house, step):
    dispatch = house.make_dispatch(phones(3))
    with failing(step, RuntimeError("the database went away")) as met, pytest.raises(RuntimeError):
        hand_over.send_some(dispatch.pk)
    assert len(met) == 1
    assert states(dispatch) == ["queued"], "given back at once, not only by the sweeper"
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_a_suppression_of_another_signature_changes_nothing(house):
    from messaging.models import Signature

    other = Signature.objects.create(text="别家")
    dispatch = house.make_dispatch(phones(3))
    entries.suppress(phones(3)[0], source="hand", scope="signature", signature=other)
    hand_over.send_some(dispatch.pk)
    assert counts(dispatch) == {"submitted": 3}


def test_a_batch_whose_people_all_opted_out_is_closed_unsent(house):
    dispatch = house.make_dispatch(phones(2))
    for phone in phones(2):
        Suppression.objects.create(phone=phone, scope="all", source="hand")
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert states(dispatch) == ["cancelled"]
    assert counts(dispatch) == {"skipped": 2}
    assert house.accepted() == {}


def test_the_cap_counts_other_runs(house):
    first = house.make_dispatch(phones(3))
    hand_over.send_some(first.pk)
    second = house.make_dispatch(phones(5), cap_count=1)
    hand_over.send_some(second.pk)
    assert counts(second) == {"submitted": 2, "skipped": 3}


def test_outside_the_window_it_waits(house):
    now = timezone.localtime()
    closed = (now + timedelta(hours=2)).time(), (now + timedelta(hours=3)).time()
    dispatch = house.make_dispatch(phones(3), window_from=closed[0], window_until=closed[1])
    assert hand_over.send_some(dispatch.pk) == "window"
    assert house.accepted() == {}


def test_what_is_not_sent_in_time_is_too_late(house):
    dispatch = house.make_dispatch(phones(3), send_until=timezone.now() - timedelta(minutes=1))
    sweep.close_and_finish()
    assert states(dispatch) == ["too_late"]
    assert counts(dispatch) == {"too_late": 3}


def test_an_expired_approval_stops_the_round(house, run_queue):
    house.version.reviews.update(approved_until=timezone.now() - timedelta(minutes=1))
    dispatch = house.make_dispatch(phones(3))
    dispatches.wake(dispatch)
    run_queue()
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.stop_reason) == ("stopped", "template_unusable")
    assert states(dispatch) == ["queued"]


def test_recording_twice_changes_nothing(house):
    dispatch = house.make_dispatch(phones(3))
    hand_over.send_some(dispatch.pk)
    attempt = Attempt.objects.get()
    from messaging.gateway.outcomes import Outcome
    from messaging.gateway.types import SendResult, Verdict

    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.REJECTED, "bad_request")))
    assert states(dispatch) == ["submitted"]


def test_one_bad_number_is_found_by_halving(house):
    """The vendor refuses the whole request for it."""
    bad = "1380000001"
    numbers = [*phones(11), bad, *phones(16)[12:]]
    dispatch = house.make_dispatch(numbers, per_batch=16)
    hand_over.send_some(dispatch.pk)
    assert house.accepted() == dict.fromkeys(set(numbers) - {bad}, 1)
    assert counts(dispatch) == {"submitted": 15, "rejected": 1}
    assert Delivery.objects.get(phone=bad).batch.state == BatchState.REJECTED


def test_variables_reach_their_person(house):
    version = house.make_version(
        {"kind": "text", "text": "${姓名}，余额 ${余额}，拒收请回复R", "suggestions": []}, name="变量"
    )
    dispatch = house.make_dispatch(phones(2), variables={"姓名": "李四", "余额": "100"}, version=version)
    hand_over.send_some(dispatch.pk)
    assert states(dispatch) == ["submitted"]
    assert {line.operation for line in house.world.ledger} == {"templateP2P"}


def test_the_pace_is_kept(house):
    house.account.per_second = 5
    house.account.save(update_fields=["per_second"])
    dispatch = house.make_dispatch(phones(60))
    hand_over.send_some(dispatch.pk, seconds=1.0)
    assert states(dispatch).count("submitted") == 1
    assert isinstance(claim.claim_next(dispatch.pk), claim.Held)


def test_the_same_person_cannot_be_in_a_run_and_leg_twice(house):
    from django.db import IntegrityError, transaction

    dispatch = house.make_dispatch(phones(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(dispatch=dispatch, run_id=dispatch.run_id, leg=dispatch.leg, phone=phones(1)[0])


@pytest.mark.parametrize("vendor", ["rcs_gateway", "hanwg", "veesing", "yixintong", "emay"])
def test_an_account_without_credentials_sends_nothing_and_breaks_nothing(house, vendor):
    from messaging import reviews
    from messaging.accounts import health
    from messaging.gateway.outcomes import Outcome
    from messaging.models import VendorAccount

    account = VendorAccount.objects.create(name="空", vendor=vendor, base_url="http://127.0.0.1:9/x", status="ok")
    assert reviews.problems_for(house.version, account) is not None
    assert health.refresh_balance(account).verdict.outcome is not Outcome.ACCEPTED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("references", [True, False])
def test_only_an_acceptance_that_receipts_tell_again_does_not_wait_for_the_disk(house, monkeypatch, references):
    """What says that a request may be on the wire waits, whatever the vendor."""
    vendor = registry.vendor_class(house.account.vendor)
    monkeypatch.setattr(vendor, "capabilities", replace(vendor.capabilities, references=references))
    dispatch = house.make_dispatch(phones(3))
    hasty = []

    def look(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "synchronous_commit" in sql and params["may_be_forgotten"]:
            hasty.append("closed" if "WITH held" in sql else sql)
        return result

    with connection.execute_wrapper(look):
        assert hand_over.send_some(dispatch.pk) == "nothing"
    assert (states(dispatch), house.accepted()) == (["submitted"], dict.fromkeys(phones(3), 1))
    assert hasty == (["closed"] if references and connection.vendor == "postgresql" else [])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")  # what was set for one statement does not outlive it
            assert cursor.fetchone() == ("on",)
