"""What the vendor's answers and polled bodies come to."""

import json

import pytest

from messaging.gateway.contract_suite import account, response, send_request
from messaging.gateway.outcomes import Outcome, UnreadableBody
from messaging.gateway.types import Inbound, MalformedEvent, ReceiptStatus
from messaging.vendors.yixintong import codes
from messaging.vendors.yixintong.adapter import Yixintong
from messaging.vendors.yixintong.tests.test_payloads import CREDENTIALS, DOCUMENT

VENDOR = Yixintong(account("http://127.0.0.1:1", CREDENTIALS))


def raw(name):
    return json.dumps(DOCUMENT[name]).encode()


def parse(kind, data):
    return VENDOR.parse(Inbound(kind, {}, json.dumps(data).encode()))


def test_every_code_of_the_document_is_mapped_and_no_other():
    assert set(DOCUMENT["codes"]) == set(codes.VERDICTS)


def test_the_documents_answer_to_a_send():
    result = VENDOR.read_send(response(raw("send_reply")), send_request())
    assert (result.verdict.outcome, result.task_id, result.verdict.message) == (Outcome.ACCEPTED, "10000300500", "OK")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"msg":"OK"}', b"\xff\xfe"])
def test_an_answer_that_cannot_be_read_is_said_to_be_so(body):
    with pytest.raises(UnreadableBody):
        VENDOR.read_send(response(body), send_request())


def test_numbers_left_out_of_an_accepted_request_are_refused_one_by_one():
    body = b'{"code":0,"data":{"failList":"13900139000, 13700137000","taskId":"77"},"msg":"ok","succ":true}'
    result = VENDOR.read_send(response(body), send_request("13800138000", "13900139000", "13700137000"))
    assert result.task_id == "77"
    assert {phone: verdict.outcome for phone, verdict in result.rejected.items()} == {
        "13900139000": Outcome.REJECTED,
        "13700137000": Outcome.REJECTED,
    }


def test_the_documents_report_is_two_words_about_one_number():
    events = VENDOR.parse(Inbound("receipt", {}, raw("report_reply")))
    assert [(event.phone, event.status, event.reference) for event in events] == [
        ("15988888888", ReceiptStatus.DELIVERED, "1029394945885855")
    ] * 2
    assert events[0].key == events[1].key


def test_a_serial_number_given_as_a_number_keeps_its_digits():
    body = b'{"code":0,"data":[{"serialNumber":90000000000000070001,"userNumber":13800138000,"result":"0"}]}'
    (event,) = VENDOR.parse(Inbound("receipt", {}, body))
    assert (event.reference, event.phone) == ("90000000000000070001", "13800138000")


def test_the_documents_reply_and_what_confirms_it():
    (event,) = VENDOR.parse(Inbound("reply", {}, raw("reply_reply")))
    assert (event.phone, event.content, event.message_id) == ("130000000000", "xxx", "12345677")
    assert event.at.isoformat() == "2021-08-04T14:55:01+08:00"


def test_a_country_code_and_half_an_emoji_do_no_harm():
    body = b'{"code":0,"data":{"apiSmsReplyBoList":[{"userNumber":"8613800138000","content":"TD\\ud83d"}],"maxId":"1"}}'
    (event,) = VENDOR.parse(Inbound("reply", {}, body))
    assert (event.phone, event.content) == ("13800138000", "TD?")


def test_a_reply_keeps_its_key_when_it_is_queried_again_with_newer_ones():
    row = DOCUMENT["reply_reply"]["data"]["apiSmsReplyBoList"][0]
    first = parse("reply", {"code": 0, "data": {"apiSmsReplyBoList": [row], "maxId": "5"}})
    again = parse("reply", {"code": 0, "data": {"apiSmsReplyBoList": [row, {**row, "content": "y"}], "maxId": "9"}})
    assert first[0].key == again[0].key != again[1].key


def test_an_odd_reply_alone_can_be_confirmed_too():
    """Else the vendor would repeat it for ever."""
    events = parse("reply", {"code": 0, "data": {"apiSmsReplyBoList": [None], "maxId": 31}})
    assert isinstance(events[0], MalformedEvent)
    assert json.loads(VENDOR.build_confirm("reply", events).body) == {"maxId": "31"}


def test_the_largest_id_is_confirmed():
    rows = [DOCUMENT["reply_reply"]["data"]["apiSmsReplyBoList"][0]]
    events = [
        event
        for number in ("9", "10")
        for event in parse("reply", {"code": 0, "data": {"apiSmsReplyBoList": rows, "maxId": number}})
    ]
    assert json.loads(VENDOR.build_confirm("reply", events).body) == {"maxId": "10"}


@pytest.mark.parametrize("row", [{}, {"userNumber": "13800138000"}, {"result": 0}, [], 5, None])
def test_a_row_without_number_or_result_is_odd(row):
    (event,) = parse("receipt", {"code": 0, "data": [row]})
    assert isinstance(event, MalformedEvent)


def test_a_body_of_another_shape_is_kept_by_the_poll_and_refused_by_the_parser():
    body = b'{"code":0,"data":"later"}'
    polled = VENDOR.read_poll("receipt", response(body))
    assert (polled.body, polled.empty, polled.more) == (body, False, False)
    with pytest.raises(UnreadableBody):
        VENDOR.parse(Inbound("receipt", {}, body))
