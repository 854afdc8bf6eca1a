"""Answers, pushes and polled bodies, in all the forms in which they come."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from messaging.gateway.contract_suite import FakeHttp, account, content, response, send_request
from messaging.gateway.crypto import aes_ecb_encrypt
from messaging.gateway.outcomes import CallbackRefused, Outcome, UnreadableBody
from messaging.gateway.types import Inbound, MalformedEvent, Recipient
from messaging.vendors.emay import codes, envelope
from messaging.vendors.emay.adapter import Emay
from messaging.vendors.emay.envelope import seal
from messaging.vendors.emay.tests.contract import APP_ID, DOCUMENT, HEADERS, KEY, MOS, REPORTS, ROWS, form
from templates_5g.blocks import Fallback


def vendor(http=None, **settings):
    return Emay(account("http://127.0.0.1:1", {"app_id": APP_ID, "secret_key": KEY}, settings), http)


def parse(kind, body, headers=HEADERS, query=""):
    return vendor().parse(Inbound(kind, headers, body, query))


def test_both_tables_of_the_document_are_mapped_and_nothing_else():
    assert set(DOCUMENT["table3"]) == set(codes.VERDICTS)
    assert set(DOCUMENT["table4"]) == set(codes.RECEIPTS)


@pytest.mark.parametrize("body", [
    seal(KEY, ROWS["receipt"], True),
    seal(KEY, ROWS["receipt"], False),
    json.dumps(ROWS["receipt"]).encode(),
    json.dumps(DOCUMENT["answers"]["2.2.3"]).encode(),
    form("reports", ROWS["receipt"]),
    b"appId=x&" + form("reports", ROWS["receipt"]),
])  # fmt: skip
def test_one_report_has_one_key_in_every_form(body):
    events = parse("receipt", body)
    assert [event.key for event in events] == [event.key for event in parse("receipt", SEALED.body)]
    assert [(event.phone, event.at, event.message_id) for event in events] == [
        (event.phone, event.at, event.message_id) for event in REPORTS
    ]


def test_a_form_may_stand_in_the_address():
    (event, _other) = parse("reply", b"", query=urlencode({"mos": json.dumps(MOS)}))
    assert (event.phone, event.content) == ("15538850000", "TD")


def test_a_form_with_raw_chinese_is_read():
    body = ('reports=[{"mobile":"13800138000","state":"DELIVRD","desc":"成功"}]').encode()
    assert parse("receipt", body)[0].message == "成功"
    assert parse("receipt", quote(body.decode(), safe="=").encode())[0].message == "成功"


def test_receipts_and_replies_at_one_address_are_told_apart():
    events = parse("receipt", seal(KEY, [ROWS["receipt"][0], ROWS["reply"][0]], True))
    assert [type(event).__name__ for event in events] == ["ReceiptEvent", "ReplyEvent"]


def test_a_report_without_ids_still_has_a_key_of_its_own():
    row = {"mobile": "13800138000", "state": "DELIVRD", "smsId": None, "submitTime": "2017-03-15 12:00:00"}
    first, other = parse("receipt", seal(KEY, [row, {**row, "submitTime": "2017-03-15 12:00:01"}], True))
    assert first.key != other.key


def test_a_country_code_and_half_an_emoji_do_no_harm():
    body = b'[{"mobile":"8613800138000","content":"TD\\ud83d\\u0000","moTime":"2017-03-15 12:00:00"}]'
    (event,) = parse("reply", body)
    assert (event.phone, event.content) == ("13800138000", "TD?")


def test_an_id_given_as_a_number_keeps_its_digits():
    body = b'[{"mobile":13800138000,"smsId":20170392833833891100,"state":"DELIVRD"}]'
    (event,) = parse("receipt", body)
    assert (event.message_id, event.phone) == ("20170392833833891100", "13800138000")


@pytest.mark.parametrize(
    "row", [None, 5, [], {}, {"mobile": ""}, {"mobile": "13800138000"}, {"mobile": None, "state": "X"}]
)
def test_an_odd_element_spoils_no_neighbour(row):
    events = parse("receipt", seal(KEY, [row, ROWS["receipt"][0]], True))
    assert isinstance(events[0], MalformedEvent)
    assert events[1].phone == "15538850000"


@pytest.mark.parametrize(
    "body", [seal("A" * 16, [], True), b"?" * 16, b"?" * 15, b"<html>", b"reports=%5B", b'{"code":"SUCCESS","data":5}']
)
def test_a_body_that_is_none_of_the_forms_is_unreadable(body):
    with pytest.raises(UnreadableBody):
        parse("receipt", body)


@pytest.mark.parametrize("body", [b"", b"[]", seal(KEY, [], True), b'{"code":"SUCCESS","data":null}'])
def test_nothing_is_no_events(body):
    assert parse("receipt", body) == []


# --- wrapping -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [
    b'{"a":1}' + b"\x09" * 9,
    b'{"a":1}' + b" " * 9,
    b'{"a":1}' + b"\x00" * 9,
    gzip.compress(b'{"a":1}', mtime=0) + b"\x00" * 16,
    gzip.compress(b'{"a":1}', mtime=0) + b"\x05\x05\x05\x05\x05",
])  # fmt: skip
def test_whatever_pads_the_end_is_ignored(plain):
    raw = aes_ecb_encrypt(KEY.encode(), plain)
    assert envelope.unseal(KEY, raw) == {"a": 1}


def test_text_behind_the_value_is_not_padding():
    with pytest.raises(UnreadableBody):
        envelope.unseal(KEY, aes_ecb_encrypt(KEY.encode(), b'{"a":1}{"b":2}'))


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(envelope, "LARGEST", 1000)
    with pytest.raises(UnreadableBody):
        envelope.unseal(KEY, aes_ecb_encrypt(KEY.encode(), gzip.compress(b'"' + b"a" * 5000 + b'"', mtime=0)))


def test_half_a_packed_body_is_unreadable():
    packed = gzip.compress(json.dumps(ROWS["receipt"]).encode())
    with pytest.raises(UnreadableBody):
        envelope.unseal(KEY, aes_ecb_encrypt(KEY.encode(), packed[: len(packed) // 2]))


# --- who pushes ---------------------------------------------------------------------------------------------------------

SEALED = Inbound("receipt", HEADERS, seal(KEY, ROWS["receipt"], True))
OPEN = Inbound("receipt", HEADERS, form("reports", ROWS["receipt"]))


@pytest.mark.parametrize(("pushes", "allowed"), [
    ("either", (True, True)), ("sealed", (True, False)), ("plain", (False, True)), (None, (True, False)),
])  # fmt: skip
def test_the_account_says_which_pushes_it_takes(pushes, allowed):
    for inbound, fine in zip((SEALED, OPEN), allowed, strict=True):
        if fine:
            assert vendor(pushes=pushes).verify(inbound) is None
        else:
            with pytest.raises(CallbackRefused):
                vendor(pushes=pushes).verify(inbound)


@pytest.mark.parametrize("headers", [{}, {"appid": ""}, {"appid": "EUCP-EMY-SMS1-OTHER"}])
@pytest.mark.parametrize("inbound", [SEALED, OPEN])
def test_a_push_for_somebody_else_is_refused(inbound, headers):
    with pytest.raises(CallbackRefused):
        vendor().verify(Inbound("receipt", headers, inbound.body))


def taken(inbound):
    vendor().verify(inbound)
    vendor().parse(inbound)


@pytest.mark.parametrize("place", range(0, 160, 13))
def test_a_sealed_push_says_nothing_if_one_byte_differs(place):
    body = bytearray(SEALED.body)
    body[place] ^= 1
    inbound = Inbound("receipt", HEADERS, bytes(body))
    with pytest.raises((CallbackRefused, UnreadableBody)):
        taken(inbound)


@pytest.mark.parametrize("plain", [
    gzip.compress(b"[" + b"1" * 4000, mtime=0)[:-20], gzip.compress(b"[]", mtime=0)[:-1], b'[{"mobile": "138\xff"}]',
    b'{"mobile":', b"[{" + b"x" * 40,
])  # fmt: skip
def test_what_our_key_sealed_is_taken_whatever_it_holds(plain):
    assert vendor().verify(Inbound("receipt", HEADERS, aes_ecb_encrypt(KEY.encode(), plain))) is None


@pytest.mark.parametrize("body", [
    b"", b"x" * 160, aes_ecb_encrypt(b"another key 1234", b"[]"), aes_ecb_encrypt(KEY.encode(), b"<html></html>"),
    aes_ecb_encrypt(KEY.encode(), b"[\x00\x01\x02]"), SEALED.body[:-16], SEALED.body[:-1],
])  # fmt: skip
def test_what_our_key_did_not_seal_whole_is_refused(body):
    with pytest.raises(CallbackRefused):
        vendor().verify(Inbound("receipt", HEADERS, body))


def test_the_acknowledgement_is_the_word_alone():
    assert vendor().acknowledge(SEALED).body == b"success"


# --- verbs --------------------------------------------------------------------------------------------------------------


def test_a_poll_says_when_there_is_more():
    rows = [dict(ROWS["receipt"][0], smsId=str(number)) for number in range(500)]
    polled = vendor().read_poll("receipt", response(seal(KEY, rows, True), {"result": "SUCCESS"}))
    assert (polled.more, polled.empty) == (True, False)


def test_a_long_retrieval_stops_at_the_first_refusal():
    start = datetime(2026, 5, 20, tzinfo=UTC)
    http = FakeHttp(b"SUCCESS", b"ERROR_OVER_SPEED", b"SUCCESS")
    verdict = vendor(http).retrieve(start, start + timedelta(minutes=30))
    assert (verdict.outcome, verdict.code, len(http.requests)) == (Outcome.NOT_TAKEN, "ERROR_OVER_SPEED", 2)
    http = FakeHttp(b"SUCCESS", b"SUCCESS", b"SUCCESS")
    assert vendor(http).retrieve(start, start + timedelta(minutes=30)).outcome is Outcome.ACCEPTED
    assert len(http.requests) == 3


@pytest.mark.parametrize(("text", "rules"), [("您好", []), ("看{#短网址#}", ["vendor.short_link"])])
def test_a_text_with_a_short_link_asks_for_its_address(text, rules):
    problems = vendor().check(content(kind="sms", text=text), Fallback())
    assert [problem.rule for problem in problems] == rules


def test_a_card_is_not_carried():
    problems = vendor().check(content(kind="text", text="您好"), Fallback())
    assert [(problem.path, problem.rule, problem.severity) for problem in problems] == [
        ("kind", "vendor.kind", "error")
    ]


def test_a_text_too_long_is_halved_only_where_each_has_its_own():
    answer = response(b"", {"result": "ERROR_LONG_CONTENT"})
    people = (Recipient("13800138000", {"a": "x"}), Recipient("13900139000", {"a": "y"}))
    own = send_request(recipients=people, text="${a}")
    assert vendor().read_send(answer, own).verdict.split is True
    assert vendor().read_send(answer, send_request("13800138000", "13900139000")).verdict.split is False
    assert vendor().read_send(answer, send_request("13800138000")).verdict.split is False
