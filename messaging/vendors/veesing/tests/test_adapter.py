"""What nothing but this vendor has: one word for every error, ids under one name, pushes without a signature."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from messaging.gateway import reasons
from messaging.gateway.contract_suite import FakeHttp, account, response
from messaging.gateway.outcomes import Outcome, UnreadableBody, Unsupported
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Inbound, MalformedEvent, ReceiptStatus, ReviewState
from messaging.vendors.veesing import codes
from messaging.vendors.veesing.adapter import Veesing
from messaging.vendors.veesing.tests.examples import answer, batch, example, form, sample

CREDENTIALS = {"app_id": "A", "app_key": "K"}
AT = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)


def vendor(*answers):
    return Veesing(account(credentials=CREDENTIALS), FakeHttp(*answers))


def test_it_is_registered():
    assert vendor_class("veesing") is Veesing


def test_it_declares_what_is_missing():
    it = Veesing.capabilities

    assert (it.references, it.one_in_flight, it.repeat_is_safe) == (False, True, False)
    assert it.signed_callbacks is False


@pytest.mark.parametrize("operation", ["create", "send", "balance"])
def test_the_samples_refusal_is_kept_in_the_vendors_words(operation):
    it = vendor(answer(operation, "refused"))
    asked = {"create": (it.submit, example()), "send": (it.send, batch()), "balance": (it.balance,)}
    verb, *args = asked[operation]
    result = verb(*args)

    assert result.verdict.outcome is Outcome.REJECTED
    assert (result.verdict.code, result.verdict.message) == ("0", "参数错误")


KNOWN = {
    "发送成功": (Outcome.ACCEPTED, reasons.ACCEPTED),
    "提交成功": (Outcome.ACCEPTED, reasons.ACCEPTED),
    "账号或密码错误": (Outcome.BLOCKED, reasons.CREDENTIALS),
    "缺少参数": (Outcome.REJECTED, reasons.BAD_REQUEST),
    "您的账户已被锁定,请联系您的专属客服": (Outcome.BLOCKED, reasons.ACCOUNT_STATE),
    "未知原因,请联系客服": (Outcome.UNKNOWN, reasons.VENDOR_ERROR),
    "IP受限": (Outcome.BLOCKED, reasons.ADDRESS),
}


@pytest.mark.parametrize("name", ["create", "balance"])
def test_every_word_of_the_documents_tables_is_known(name):
    for status, message in sample(name)["statuses"]:
        verdict = codes.verdict(status, message)
        assert (verdict.outcome, verdict.reason) == KNOWN[message]
        assert verdict.blocks == ("account" if verdict.outcome is Outcome.BLOCKED else "")


def test_an_accepted_send_gives_task_id_and_count():
    result = vendor(answer("send")).send(batch())

    assert (result.verdict.outcome, result.task_id, result.accepted_count) == (Outcome.ACCEPTED, "3313746", 1)


def test_a_refused_send_has_no_task_id():
    body = json.dumps({**sample("send")["accepted"], "returnStatus": "0", "message": "未知原因"}).encode()
    result = vendor(body).send(batch())

    assert (result.verdict.outcome, result.task_id, result.accepted_count) == (Outcome.UNKNOWN, "", None)


def test_without_an_id_nothing_is_sent_and_the_dispatch_stops():
    it = vendor()
    result = it.send(batch(template_id=""))

    assert it.http.requests == []
    assert (result.verdict.outcome, result.verdict.reason) == (Outcome.BLOCKED, reasons.TEMPLATE_UNUSABLE)
    assert result.verdict.blocks == "dispatch"


def test_what_the_frames_cannot_hold_is_not_sent():
    it = vendor()
    result = it.submit(example({"kind": "mms", "title": "题", "frames": [{"text": "好😀"}]}))

    assert it.http.requests == []
    assert (result.verdict.outcome, result.verdict.reason) == (Outcome.REJECTED, reasons.BAD_REQUEST)
    assert result.verdict.message == "This vendor cannot carry these characters: 😀"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"returnStatus": null}', b'{"returnStatus": true}'])
def test_an_answer_without_a_status_is_unreadable(body):
    with pytest.raises(UnreadableBody):
        vendor().read_send(response(body), batch())


@pytest.mark.parametrize("kind", ["review", "receipt"])
def test_pushes_are_unsigned_and_answered_success(kind):
    inbound = Inbound(kind, {}, form(kind))

    assert vendor().verify(inbound) is None
    assert vendor().acknowledge(inbound).body == b"success"


@pytest.mark.parametrize("verb", ["verify", "acknowledge", "events"])
def test_replies_are_not_pushed(verb):
    with pytest.raises(Unsupported):
        getattr(vendor(), verb)(Inbound("reply", {}, b"mobile=13800138000"))


def only(kind, body, **changes):
    (event,) = vendor().parse(replace(Inbound(kind, {}, body), **changes))
    return event


def test_an_audit_names_its_id_as_a_templates_and_as_a_sends():
    event = only("review", form("review", returnStatus="0"))

    assert (event.template_id, event.task_id, event.state) == ("123", "123", ReviewState.REJECTED)
    assert (event.message, event.code) == ("内容不合规", "0")


def test_the_same_audit_again_later_is_another_event():
    early, late = AT, AT.replace(hour=3)
    first, again = (only("review", form("review"), at=at) for at in (early, late))

    assert first.key != again.key
    assert first.key == only("review", form("review"), at=early).key


def test_a_receipt_is_once_for_each_task_number_and_word():
    first = only("receipt", form("receipt"))

    assert first.key == only("receipt", form("receipt", receivetime="2019-07-23 17:00:09"), at=AT).key
    others = [{"status": "0"}, {"taskid": "124"}, {"mobile": "15080921235"}]
    assert len({first.key, *(only("receipt", form("receipt", **other)).key for other in others)}) == 4


def test_a_failed_receipt():
    event = only("receipt", form("receipt", status="0"))

    assert (event.status, event.reason, event.code) == (ReceiptStatus.FAILED, reasons.CARRIER_FAILED, "0")


@pytest.mark.parametrize("mobile", ["+8615080921234", "8615080921234", " 15080921234 "])
def test_a_number_may_have_its_country_in_front(mobile):
    assert only("receipt", form("receipt", mobile=mobile)).phone == "15080921234"


def test_names_may_differ_in_case_and_stand_in_the_query():
    event = only("receipt", b"", query="Mobile=15080921234&taskId=123&status=1%20")

    assert (event.phone, event.task_id, event.status) == ("15080921234", "123", ReceiptStatus.DELIVERED)


@pytest.mark.parametrize(("kind", "missing"), [("review", "taskId"), ("receipt", "taskid"), ("receipt", "mobile")])
def test_a_push_without_its_id_is_kept_as_odd(kind, missing):
    event = only(kind, form(kind, **{missing: ""}))

    assert isinstance(event, MalformedEvent)
    assert json.loads(event.raw)[missing.lower()] == ""
    assert event.why == f"no {missing.lower()}"


@pytest.mark.parametrize("kind", ["review", "receipt"])
@pytest.mark.parametrize("body", [b"", b"hello", b'{"taskid": "1"}'])
def test_a_body_that_is_no_form_is_unreadable(kind, body):
    with pytest.raises(UnreadableBody):
        vendor().parse(Inbound(kind, {}, body))
