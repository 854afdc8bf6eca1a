"""Pushes: proven, parsed leniently, acknowledged in the vendor's own form."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.gateway import reasons
from messaging.gateway.contract_suite import account
from messaging.gateway.outcomes import CallbackRefused, UnreadableBody, Unsupported
from messaging.gateway.types import (
    Inbound,
    MalformedEvent,
    ReceiptEvent,
    ReceiptStatus,
    ReplyEvent,
    ReviewEvent,
    ReviewState,
)
from messaging.vendors.rcs_gateway.adapter import RcsGateway
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS, SAMPLES, STAMP

NAMES = [
    "taskId",
    "mobile",
    "status",
    "reportTime",
    "message",
    "callData",
    "type",
    "content",
    "deliverTime",
    "templateId",
]
SIGNED_AT = datetime(2024, 8, 1, 7, 22, 12, tzinfo=UTC)
SIX = datetime(2024, 8, 5, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def vendor():
    return RcsGateway(account("http://x", CREDENTIALS))


def example(kind):
    sample = SAMPLES[f"{kind}_push"]
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    return Inbound(kind, headers, sample["request"]["ciphertext"].encode())


def pushed(kind, value, timestamp=STAMP):
    envelope = Envelope(CREDENTIALS)
    body, _headers = envelope.seal(value)
    headers = {"spid": "999992", "timestamp": timestamp, "signature": envelope.sign(body, timestamp)}
    return Inbound(kind, headers, body)


# --- proof -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["review", "receipt", "reply"])
def test_the_examples_verify(vendor, kind):
    assert vendor.verify(example(kind)) == SIGNED_AT


def test_line_breaks_in_the_body_and_case_of_the_signature_do_not_matter(vendor):
    push = example("receipt")
    body = push.body[:98] + b"\r\n" + push.body[98:] + b"\n"
    headers = {**push.headers, "signature": push.headers["signature"].upper()}
    push = replace(push, body=body, headers=headers)
    assert vendor.verify(push) == SIGNED_AT
    assert len(vendor.parse(push)) == 1


@pytest.mark.parametrize("header", ["spid", "timestamp", "signature"])
def test_without_a_header_it_is_refused(vendor, header):
    push = example("receipt")
    headers = {name: value for name, value in push.headers.items() if name != header}
    with pytest.raises(CallbackRefused):
        vendor.verify(replace(push, headers=headers))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("spid", "999993"),
        ("timestamp", "1722496932001"),
        ("signature", "0" * 64),
        ("signature", "é"),
        ("signature", ""),
    ],
)
def test_with_another_header_it_is_refused(vendor, header, value):
    push = example("receipt")
    with pytest.raises(CallbackRefused):
        vendor.verify(replace(push, headers={**push.headers, header: value}))


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_changed_byte_is_refused(vendor, place):
    push = example("receipt")
    body = bytearray(push.body)
    body[place] ^= 1
    with pytest.raises(CallbackRefused):
        vendor.verify(replace(push, body=bytes(body)))


@pytest.mark.parametrize("stamp", ["", "now", "9" * 40])
def test_a_signed_time_that_is_none_is_refused(vendor, stamp):
    with pytest.raises(CallbackRefused):
        vendor.verify(pushed("receipt", [], stamp))


def test_there_is_no_push_of_clicks(vendor):
    for act in (vendor.verify, vendor.events, vendor.acknowledge):
        with pytest.raises(Unsupported):
            act(Inbound("click", {}, b""))


# --- the answer --------------------------------------------------------------------------------------------------------


def test_the_acknowledgement_is_sealed_and_signed(vendor):
    reply = vendor.acknowledge(example("receipt"))
    assert (reply.status, reply.content_type) == (200, "text/plain; charset=utf-8")
    assert Envelope(CREDENTIALS).open(reply.body) == {"result": 0}
    assert set(reply.headers) == {"spId", "timestamp", "signature"}
    signature = Envelope(CREDENTIALS).sign(reply.body, reply.headers["timestamp"])
    assert (reply.headers["spId"], reply.headers["signature"]) == ("999992", signature)


# --- receipts ----------------------------------------------------------------------------------------------------------

DELIVERED = ReceiptEvent(
    key="",
    phone="15100000000",
    status=ReceiptStatus.DELIVERED,
    task_id="1",
    channel="rcs",
    reason=reasons.DELIVERED,
    code="DELIVRD",
    message="5g消息成功",
    at=SIX,
)


def only(vendor, push):
    (event,) = vendor.parse(push)
    return event


def test_the_example_receipt(vendor):
    event = only(vendor, example("receipt"))
    assert event._replace(key="") == DELIVERED
    assert event.key.startswith("receipt-")
    assert "15100000000" not in event.key


BY_THE_TABLE = {
    "taskId": "1",
    "mobile": "15100000000",
    "status": "DELIVRD",
    "reportTime": "2024-08-05 18:00:00",
    "message": "5g消息成功",
    "callData": "s7-1",
    "type": 4,
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": "4"},
        {"taskId": 1},
        {"mobile": 15100000000},
        {"mobile": "+8615100000000"},
        {"mobile": "8615100000000"},
        {"extra": {"a": 1}},
        {"status": " DELIVRD "},
    ],
)
def test_a_receipt_is_read_in_every_form(vendor, changes):
    event = only(vendor, pushed("receipt", [{**BY_THE_TABLE, **changes}]))
    assert event._replace(key="") == DELIVERED._replace(reference="s7-1")


def test_equal_receipts_have_one_key_whatever_their_form(vendor):
    table = only(vendor, pushed("receipt", [BY_THE_TABLE]))
    loose = only(vendor, pushed("receipt", {**BY_THE_TABLE, "taskId": 1, "type": "4"}))
    assert table == loose


@pytest.mark.parametrize(
    "changes",
    [
        {"taskId": "2"},
        {"mobile": "15100000001"},
        {"type": 5},
        {"status": "UNDELIV"},
        {"reportTime": "2024-08-05 18:00:01"},
        {"callData": "s8-1"},
    ],
)
def test_different_receipts_have_different_keys(vendor, changes):
    first, second = vendor.parse(pushed("receipt", [BY_THE_TABLE, {**BY_THE_TABLE, **changes}]))
    assert first.key != second.key


@pytest.mark.parametrize("time", ["", "soon", None])
def test_a_receipt_counts_without_a_time(vendor, time):
    event = only(vendor, pushed("receipt", [{**BY_THE_TABLE, "reportTime": time}]))
    assert (event.status, event.at) == (ReceiptStatus.DELIVERED, None)


def test_an_odd_element_spares_its_neighbours(vendor):
    odd = [
        None,
        "x",
        7,
        [],
        {},
        {**BY_THE_TABLE, "mobile": None},
        {**BY_THE_TABLE, "mobile": "12"},
        {**BY_THE_TABLE, "status": ""},
        {**BY_THE_TABLE, "status": True},
    ]
    events = vendor.parse(pushed("receipt", [BY_THE_TABLE, *odd, {**BY_THE_TABLE, "mobile": "15100000001"}]))
    assert [type(event) for event in events] == [ReceiptEvent, *[MalformedEvent] * 9, ReceiptEvent]
    assert len({event.key for event in events}) == 11
    assert [events[n].why for n in (1, 6, 7)] == ["not an object", "no mobile", "mobile is not a mobile number"]


@pytest.mark.parametrize("value", [{"a": 1}, [], True, None])
def test_what_is_needed_for_nothing_costs_no_receipt(vendor, value):
    event = only(vendor, pushed("receipt", [{**BY_THE_TABLE, "taskId": value}]))
    assert (event.task_id, event.reference, event.status) == ("", "s7-1", ReceiptStatus.DELIVERED)


def test_an_unknown_word_is_kept(vendor):
    event = only(vendor, pushed("receipt", [{**BY_THE_TABLE, "status": "XA:9999", "message": "?"}]))
    assert (event.status, event.code, event.message) == (ReceiptStatus.FAILED, "XA:9999", "?")


def test_a_body_that_does_not_open_is_unreadable(vendor):
    with pytest.raises(UnreadableBody):
        vendor.parse(Inbound("receipt", {}, b"QUJD"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=9),
    max_leaves=20,
)


@given(value=JSON, kind=st.sampled_from(["review", "receipt", "reply"]))
@settings(max_examples=150, deadline=None)
def test_whatever_a_push_holds_each_element_becomes_one_event(value, kind):
    vendor = RcsGateway(account("http://x", CREDENTIALS))
    envelope = Envelope(CREDENTIALS)
    body, _headers = envelope.seal_bytes(json.dumps(value).encode(), STAMP)
    events = vendor.parse(Inbound(kind, {"timestamp": STAMP}, body))
    assert len(events) == (len(value) if isinstance(value, list) else 1)
    assert all(event.key for event in events)


# --- replies -----------------------------------------------------------------------------------------------------------


def test_the_example_reply(vendor):
    event = only(vendor, example("reply"))
    expected = ReplyEvent(key="", phone="15100000000", content="上行回复文本消息", task_id="1", at=SIX)
    assert replace(event, key="") == expected


def test_a_reply_carries_our_reference_and_keeps_its_blanks(vendor):
    reply = {"mobile": "15100000000", "content": " R ", "deliverTime": "2024-08-05 18:00:00", "callData": "s7-1"}
    event = only(vendor, pushed("reply", [reply]))
    assert (event.content, event.reference, event.task_id) == (" R ", "s7-1", "")


def test_an_empty_reply_is_a_reply_and_a_missing_one_is_odd(vendor):
    empty, missing = vendor.parse(
        pushed("reply", [{"mobile": "15100000000", "content": ""}, {"mobile": "15100000000"}])
    )
    assert isinstance(empty, ReplyEvent)
    assert isinstance(missing, MalformedEvent)


# --- audits ------------------------------------------------------------------------------------------------------------


def test_the_example_audit(vendor):
    event = only(vendor, example("review"))
    assert replace(event, key="") == ReviewEvent(
        key="", template_id="1", state=ReviewState.APPROVED, message="审核成功", code="1", at=SIGNED_AT
    )


@pytest.mark.parametrize(
    ("status", "state"), [(1, ReviewState.APPROVED), ("2", ReviewState.REJECTED), (3, None), ("?", None)]
)
def test_audit_words(vendor, status, state):
    event = only(vendor, pushed("review", {"templateId": "12", "status": status, "message": "m"}))
    assert (event.template_id, event.state, event.code) == ("12", state, str(status))


def test_an_audit_said_again_later_is_no_repeat(vendor):
    said = {"templateId": 1, "status": 1, "message": ""}
    first, repeat, later = (only(vendor, pushed("review", said, stamp)) for stamp in (STAMP, STAMP, "1722496999000"))
    assert first == repeat
    assert later.key != first.key
    assert later.at > first.at


def test_several_audits_in_one_push_are_read(vendor):
    events = vendor.parse(pushed("review", [{"templateId": 1, "status": 1}, {"templateId": 2, "status": 2}, {}]))
    assert [type(event) for event in events] == [ReviewEvent, ReviewEvent, MalformedEvent]
