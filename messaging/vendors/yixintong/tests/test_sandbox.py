"""The sandbox against the adapter, and one refusal for each rule of the document."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.gateway.contract_suite import account, response, send_request
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Inbound, ReceiptStatus, WireRequest
from messaging.sandbox.base import SandboxRequest, World
from messaging.vendors.yixintong import envelope
from messaging.vendors.yixintong.adapter import Yixintong
from messaging.vendors.yixintong.sandbox import Sandbox

SANDBOX = Sandbox()
VENDOR = Yixintong(account("http://sandbox", dict(SANDBOX.credentials)))
REQUEST = send_request("13800138000", "13900139000", reference="90000000000000070001", template_id="T1", text="您好")


@pytest.fixture
def world():
    return World()


def ask(world, wire, now=None, **changes):
    headers = {name.lower(): value for name, value in wire.headers.items()}
    request = SandboxRequest(wire.method, wire.path, "", headers, wire.body, now or datetime.now(UTC))
    return SANDBOX.handle(replace(request, **changes), world)


def send(world, request=REQUEST):
    return VENDOR.read_send(response(ask(world, VENDOR.build_send(request)).body), request)


def poll(world, kind, now=None):
    return VENDOR.read_poll(kind, response(ask(world, VENDOR.build_poll(kind, 500), now).body))


def code_of(reply):
    return json.loads(reply.body)["code"]


def signed(world, body, path="/api/sms/send", vendor=VENDOR):
    """A correctly signed request with this body."""
    wire = WireRequest("send", "POST", path, envelope.headers(vendor.account, body), json.dumps(body).encode())
    return code_of(ask(world, wire))


BODY = {
    "type": "1",
    "userNumber": "13800138000",
    "templateId": "T1",
    "messageContent": "您好",
    "serialNumber": "90000000000000070001",
}


def test_a_message_goes_round(world):
    result = send(world)
    assert result.verdict.outcome is Outcome.ACCEPTED
    assert [(line.phone, line.task_id, line.reference, line.content) for line in world.ledger] == [
        ("13800138000", result.task_id, "90000000000000070001", "您好"),
        ("13900139000", result.task_id, "90000000000000070001", "您好"),
    ]
    polled = poll(world, "receipt")
    events = VENDOR.parse(Inbound("receipt", {}, polled.body))
    assert [(event.phone, event.status, event.reference) for event in events] == [
        ("13800138000", ReceiptStatus.DELIVERED, "90000000000000070001"),
        ("13900139000", ReceiptStatus.DELIVERED, "90000000000000070001"),
    ]
    assert poll(world, "receipt").empty


def test_the_repeat_with_the_same_serial_settles_and_sends_nothing(world):
    send(world)
    first = send(world)
    again = send(world, replace(REQUEST, is_repeat=True))
    assert (first.verdict.outcome, again.verdict.outcome) == (Outcome.REJECTED, Outcome.ACCEPTED)
    assert len(world.ledger) == 2


def test_replies_stay_until_they_are_confirmed(world):
    SANDBOX.reply(world, "13800138000", "TD")
    bodies = [poll(world, "reply").body for _time in range(2)]
    assert bodies[0] == bodies[1]
    events = VENDOR.parse(Inbound("reply", {}, bodies[0]))
    SANDBOX.reply(world, "13900139000", "R")
    verdict = VENDOR.read_confirm(response(ask(world, VENDOR.build_confirm("reply", events)).body))
    assert verdict.outcome is Outcome.ACCEPTED
    left = VENDOR.parse(Inbound("reply", {}, poll(world, "reply").body))
    assert [event.phone for event in left] == ["13900139000"]


def test_failures_unknown_words_replies_and_delay_on_request(world):
    world.settings.update(fail_every=2, unknown_every=3, reply_every=3, delay=60)
    now = datetime.now(UTC)
    send(world, replace(REQUEST, recipients=send_request("13800138000", "13900139000", "13700137000").recipients))
    assert poll(world, "receipt").empty
    body = poll(world, "receipt", now + timedelta(seconds=90)).body
    assert [event.status for event in VENDOR.parse(Inbound("receipt", {}, body))] == [
        ReceiptStatus.DELIVERED,
        ReceiptStatus.FAILED,
        ReceiptStatus.UNKNOWN_WORD,
    ]
    assert [event.phone for event in VENDOR.parse(Inbound("reply", {}, poll(world, "reply").body))] == ["13700137000"]


def test_rows_come_twice_and_backwards_on_request(world):
    world.settings.update(duplicate=True, reorder=True)
    send(world)
    events = VENDOR.parse(Inbound("receipt", {}, poll(world, "receipt").body))
    assert [event.phone for event in events] == ["13900139000"] * 2 + ["13800138000"] * 2
    assert len({event.key for event in events}) == 2


@pytest.mark.parametrize("settings", [
    {"sign_encoding": "js"}, {"sign_type": False}, {"sign_upper": True}, {"sign_encoding": "js", "sign_type": False},
])  # fmt: skip
def test_either_reading_of_the_open_points_is_served(world, settings):
    client = Yixintong(account("http://sandbox", dict(SANDBOX.credentials), settings))
    assert code_of(ask(world, client.build_send(replace(REQUEST, text="您好 (1) ~!")))) == 0


@pytest.mark.parametrize(("header", "value", "code"), [
    ("x-sp-code", "", 505), ("x-app-key", "", 505), ("x-request-id", "", 505), ("x-sign", "", 505),
    ("content-type", "", 505), ("content-type", "text/plain", 1), ("content-type", "application/json", 1),
    ("x-sp-code", "100002", 2), ("x-app-key", "other", 3), ("x-sign", "0" * 64, 35),
    ("x-request-id", "abc", 1), ("x-request-id", "170000000000012345", 1), ("x-request-id", "1700000000000123456", 507),
])  # fmt: skip
def test_headers_that_break_a_rule(world, header, value, code):
    wire = VENDOR.build_send(REQUEST)
    headers = {name.lower(): text for name, text in wire.headers.items()} | {header: value}
    assert code_of(ask(world, wire, headers=headers)) == code
    assert not world.ledger


def test_five_minutes_is_the_limit(world):
    wire = VENDOR.build_send(REQUEST)
    assert code_of(ask(world, wire, datetime.now(UTC) + timedelta(minutes=5, seconds=1))) == 507
    assert code_of(ask(world, wire, datetime.now(UTC) + timedelta(minutes=4, seconds=58))) == 0


def test_a_body_changed_after_signing(world):
    wire = VENDOR.build_send(REQUEST)
    assert code_of(ask(world, wire, body=wire.body.replace(b"13900139000", b"13900139001"))) == 35


@pytest.mark.parametrize(("change", "code"), [
    ({"type": ""}, 505), ({"userNumber": ""}, 505), ({"templateId": ""}, 505), ({"messageContent": ""}, 505),
    ({"serialNumber": ""}, 505), ({"type": "2"}, 39), ({"extra": "x"}, 1), ({"userNumber": "1380013800"}, 1),
    ({"userNumber": "13800138000;13900139000"}, 1), ({"userNumber": "13800138000,13800138000"}, 1),
    ({"userNumber": ",".join(str(13800000000 + n) for n in range(1001))}, 9),
    ({"serialNumber": "123"}, 14), ({"serialNumber": "9000000000000007000x"}, 14), ({"templateId": "T404"}, 28),
])  # fmt: skip
def test_bodies_that_break_a_rule(world, change, code):
    assert signed(world, BODY | change) == code
    assert not world.ledger


def test_a_thousand_numbers_are_allowed(world):
    assert signed(world, BODY | {"userNumber": ",".join(str(13800000000 + n) for n in range(1000))}) == 0
    assert len(world.ledger) == 1000


def test_a_serial_number_used_before(world):
    assert [signed(world, BODY), signed(world, BODY)] == [0, 15]


def test_a_text_that_is_not_the_templates(world):
    SANDBOX.approve(world, "T7", True, "${姓名}您好，${日期}到期。")
    assert signed(world, BODY | {"templateId": "T7", "messageContent": "王先生您好，周五到期。"}) == 0
    other = BODY | {"templateId": "T7", "serialNumber": "90000000000000070002"}
    assert signed(world, other | {"messageContent": "王先生您好，周五过期。"}) == 28
    SANDBOX.approve(world, "T7", False, "")
    assert signed(world, other | {"messageContent": "王先生您好，周五到期。"}) == 28


def test_no_messages_left(world):
    world.settings["balance"] = 1
    assert signed(world, BODY | {"userNumber": "13800138000,13900139000"}) == 13
    assert signed(world, BODY) == 0


@pytest.mark.parametrize("code", [5, 11, 20])
def test_any_code_on_request(world, code):
    world.settings["answer_code"] = code
    assert signed(world, BODY) == code
    assert not world.ledger


@pytest.mark.parametrize("raw", [b"not json", b"[]", b'{"type":1}'])
def test_a_body_that_is_no_object_of_texts(world, raw):
    assert code_of(ask(world, VENDOR.build_send(REQUEST), body=raw)) == 1


@pytest.mark.parametrize("path", ["/info/sms/report", "/info/sms/reply/query"])
def test_polls_take_no_parameters(world, path):
    assert [signed(world, {"a": "1"}, path), signed(world, {}, path)] == [1, 38]


def test_polls_may_come_without_a_body(world):
    wire = VENDOR.build_poll("receipt", 1)
    assert code_of(ask(world, wire, body=b"")) == 38


@pytest.mark.parametrize(("body", "code"), [({}, 505), ({"maxId": "x"}, 1), ({"maxId": "1", "b": "2"}, 1)])
def test_a_confirm_needs_its_id_alone(world, body, code):
    assert signed(world, body, "/info/sms/reply/confirm") == code


def test_other_methods_and_addresses(world):
    wire = VENDOR.build_send(REQUEST)
    assert ask(world, wire, method="GET").status == 405
    assert ask(world, wire, path="/api/sms/other").status == 404


def test_the_request_id_counts_milliseconds():
    made = int(envelope.new_request_id()[:13]) / 1000
    assert abs(made - datetime.now(UTC).timestamp()) < 5
