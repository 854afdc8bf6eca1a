"""Numbers and texts from outside."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from messaging.gateway import lenient, times
from messaging.gateway.normal_form import number, plausible, storable
from messaging.gateway.types import Inbound
from messaging.vendors.rcs_gateway import callbacks as rcs_gateway
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.veesing import callbacks as veesing
from messaging.vendors.yixintong import callbacks as yixintong


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("\u202d13800138000\u202c", "13800138000"),
        ("+86 138\u200b0013 8000\ufeff", "13800138000"),
        ("86138001380", "86138001380"),
        ("10690549248469", "10690549248469"),
        ("8610690549248", "8610690549248"),
        ("", ""),
    ],
)
def test_the_country_code_is_taken_off_mainland_numbers(text, bare):
    assert number(text) == bare


@pytest.mark.parametrize(
    ("text", "clean"),
    [("退订", "退订"), ("好😀", "好😀"), ("a\x00b", "ab"), ("好\ud83d", "好?"), ("\ude00好", "?好"), ("", "")],
)
def test_texts_can_be_stored(text, clean):
    assert storable(text) == clean


NO_TIMES = ["0001-01-01 00:00:00", "1970-01-01 00:00:00", "9999-12-31 23:59:59"]
SAMPLE = {"sp_id": "999992", "password": "72Afp4FrA", "aes_key": "fCvSYdaNVIts5Tu2MzNaHEwlJTMAwxHX"}
FORM = "taskid=1&mobile=13800138000&status=1&receivetime="


def polled(kind, data):
    return Inbound(kind, {}, json.dumps({"code": "0", "data": data}).encode())


def test_a_time_that_can_be_nobodys_is_none():
    assert plausible(datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12)))) is None
    assert plausible(datetime(2026, 11, 21, tzinfo=UTC)) == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("text", NO_TIMES)
def test_no_vendor_s_clock_gives_a_time_that_no_database_can_give_back(text):
    sealed = Envelope(SAMPLE)
    gateway_body, _headers = sealed.seal({"mobile": "13800138000", "status": "DELIVRD", "reportTime": text})
    row = {"userNumber": "13800138000", "content": "好", "replyTime": text}
    found = [
        *rcs_gateway.parse(Inbound("receipt", {}, gateway_body), sealed),
        *yixintong.parse(polled("reply", {"apiSmsReplyBoList": [row]})),
        *veesing.parse(Inbound("receipt", {}, (FORM + text).encode())),
    ]
    assert [(event.phone, event.at) for event in found] == [("13800138000", None)] * 3
    assert times.read(text) is None


@pytest.mark.parametrize("value", [True, None, 1.5, "", "1.0", "-1", "x", "９", "1" * 30, [], {}])
def test_what_is_no_whole_number(value):
    assert lenient.whole(value) is None


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("7", 7), (" 07 ", 7), (0, 0)])
def test_a_whole_number_may_come_as_text(value, number):
    assert lenient.whole(value) == number


@pytest.mark.parametrize(
    ("result", "status"),
    [("0", "delivered"), ("00", "delivered"), ("-1", "failed"), ("9" * 5000, "failed"), ("٠", "unknown_word")],
)
def test_a_number_of_any_length_is_a_result(result, status):
    row = {"serialNumber": "1", "userNumber": "13800138000", "result": result}
    (event,) = yixintong.parse(polled("receipt", [row]))
    assert event.status.value == status
