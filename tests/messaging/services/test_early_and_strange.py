"""Receipts that come before their request is known, and receipts about people who are not ours."""

from decimal import Decimal

import pytest
from django.utils import timezone

from messaging.accounts import health
from messaging.callbacks import process
from messaging.deliveries import status as deliveries_status
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import SendResult, Verdict
from messaging.models import Attempt, Batch, Delivery, Receipt
from messaging.sending import claim, hand_over, outcomes
from messaging.vendors.emay.envelope import seal
from messaging.worker import sweep as worker_sweep
from tests.builders import phones
from tests.messaging.gateway import wires

pytestmark = pytest.mark.django_db


def counts(dispatch):
    return deliveries_status.dispatch_counts([dispatch.pk])


# --- the vendor's message id is all that ties a receipt to a person -------------------------------------------------


@pytest.fixture
def emay(house, sandbox):
    mount = sandbox.mount("emay")
    return house.make_account(
        "亿美",
        vendor="emay",
        base_url=sandbox.base_url("emay"),
        credentials=dict(mount.sandbox.credentials),
        settings={"custom_ids": False},
    )


def emay_push(account, client, rows):
    path = f"/callbacks/emay/{account.callback_token}/receipt/"
    body = seal(account.credentials["secret_key"], rows, compress=True)
    headers = {"appId": account.credentials["app_id"]}
    answer = client.post(path, body, content_type="application/octet-stream", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"success")
    process.apply_new()


def report(phone, sms_id, state="DELIVRD"):
    return {"smsId": sms_id, "mobile": phone, "state": state, "receiveTime": "2026-11-20 10:00:00"}


@pytest.mark.parametrize("sweep", [False, True], ids=["with the answer", "by the sweeper"])
def test_receipts_with_the_message_id_alone_wait_for_the_answer_that_tells_it(house, emay, client, sweep):
    numbers = phones(4)
    dispatch = house.make_dispatch(numbers, account=emay, version=None, chatbot=None, text="您好，回T退订")
    attempt, _request = hand_over.begin(claim.claim_next(dispatch.pk).batch, dispatch)
    ids = {phone: f"S{n}" for n, phone in enumerate(numbers)}
    early = [report(numbers[0], "S0"), report(numbers[1], "S1", "FAIL_MOBILE")]
    if not sweep:
        emay_push(emay, client, early)
        assert Receipt.objects.filter(state="unmatched").count() == 2
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.ACCEPTED, "accepted"), message_ids=ids, accepted_count=4))
    if sweep:  # stored between the answer's look and its commit
        for row, phone in zip(early, numbers, strict=False):
            status = "delivered" if row["state"] == "DELIVRD" else "failed"
            Receipt.objects.create(account=emay, key=row["smsId"], phone=phone, status=status, message_id=row["smsId"])
        worker_sweep.rematch_waiting()
    assert counts(dispatch) == {"delivered": 1, "failed": 1, "submitted": 2}
    assert not Receipt.objects.filter(state="unmatched").exists()
    emay_push(emay, client, [report(numbers[2], "S2")])
    assert counts(dispatch) == {"delivered": 2, "failed": 1, "submitted": 1}


def test_a_message_id_of_another_account_is_nobody(house, emay, client):
    numbers = phones(1)
    dispatch = house.make_dispatch(numbers)
    hand_over.send_some(dispatch.pk)
    Delivery.objects.update(message_id="S0")
    emay_push(emay, client, [report(numbers[0], "S0")])
    worker_sweep.rematch_waiting()
    assert counts(dispatch) == {"submitted": 1}
    assert Receipt.objects.get().state == "unmatched"


# --- a reference like ours about somebody else's person ---------------------------------------------------------------


@pytest.fixture
def unknown(house, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "when": "before", "count": 1}])
    dispatch = house.make_dispatch(phones(3))
    hand_over.send_some(dispatch.pk)
    assert counts(dispatch) == {"unknown": 3}
    return dispatch


def word(phone, status="DELIVRD", **more):
    attempt = Attempt.objects.get()
    row = {"taskId": "T77", "mobile": phone, "status": status, "type": "4", "callData": attempt.reference}
    return {**row, "reportTime": "2026-11-20 18:00:00", "message": "", **more}


def heard(house, client, *rows):
    assert house.push("receipt", list(rows), client=client).status_code == 200
    process.apply_new()


@pytest.mark.parametrize("status", ["DELIVRD", "EXPIRED", "MA:9999"])
def test_a_stranger_settles_nobody_and_stays_in_sight(house, unknown, client, status):
    heard(house, client, word("19900000001", status))
    assert counts(unknown) == {"unknown": 3}
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.task_id) == ("unknown", "")
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.note, receipt.phone) == ("unmatched", "no such recipient", "19900000001")


def test_one_of_ours_beside_a_stranger_settles_the_batch(house, unknown, client):
    heard(house, client, word("19900000001"), word(phones(1)[0]))
    assert counts(unknown) == {"delivered": 1, "submitted": 2}
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.task_id) == ("accepted", "T77")
    assert Receipt.objects.get().phone == "19900000001"


def test_somebody_of_another_batch_of_the_same_round_proves_nothing(house, sandbox, client):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "when": "before", "count": 1}])
    dispatch = house.make_dispatch(phones(4), per_batch=2)
    hand_over.send_some(dispatch.pk)
    first, second = Batch.objects.order_by("number")
    assert (first.state, second.state) == ("unknown", "submitted")
    reference = first.attempts.get().reference
    rows = [{"taskId": "T1", "mobile": phones(4)[3], "status": "DELIVRD", "type": "4", "callData": reference, "message": "",
             "reportTime": "2026-11-20 18:00:00"}]  # fmt: skip
    heard(house, client, *rows)
    first.refresh_from_db()
    assert first.state == "unknown"


# --- balances ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["NaN", "Infinity", "-Infinity", "1e400", "1e12", "-1e12", "1e-400", "9" * 400])
@pytest.mark.parametrize("vendor", ["veesing", "emay"])
def test_a_balance_that_is_none_is_said_and_not_stored(house, sandbox, vendor, told):
    account = house.make_account(
        vendor, vendor=vendor, credentials=dict(sandbox.mount(vendor).sandbox.credentials), balance=Decimal(5)
    )
    body, headers = f'{{"returnStatus": "1", "message": "", "remainPoint": "{told}"}}'.encode(), {}
    if vendor == "emay":
        sealed = seal(account.credentials["secret_key"], {"balance": told}, compress=True)
        body, headers = sealed, {"result": "SUCCESS"}
    with wires.raw_server(wires.answering(200, body, **headers)) as server:
        account.base_url = server.url
        account.save(update_fields=["base_url"])
        verdict = health.try_connection(account)
    account.refresh_from_db()
    if told == "1e-400":
        assert (verdict.outcome, account.balance) == (Outcome.ACCEPTED, 0)
    else:
        assert (verdict.outcome, account.balance) == (Outcome.UNKNOWN, 5)


def test_a_balance_is_kept_to_the_places_that_are_stored(house):
    house.world.settings["balance"] = "12.345678"
    before = timezone.now()
    assert health.try_connection(house.account).outcome is Outcome.ACCEPTED
    house.account.refresh_from_db()
    assert house.account.balance_at >= before
    assert house.account.balance == Decimal("12.3457")
