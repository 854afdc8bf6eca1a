"""Numbers and texts from outside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from messaging.gateway.cleaning import number, plausible, storable
from messaging.gateway.types import Inbound
from messaging.vendors.emay import times
from messaging.vendors.rcs_gateway import callbacks as gateway
from messaging.vendors.veesing import callbacks as veesing
from messaging.vendors.yixintong import callbacks as yixintong


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
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
FORM = "taskid=1&mobile=13800138000&status=1&receivetime="


def test_a_time_that_can_be_nobodys_is_none():
    assert plausible(datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12)))) is None
    assert plausible(datetime(2026, 11, 21, tzinfo=UTC)) == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("text", NO_TIMES)
def test_no_vendor_s_clock_gives_a_time_that_no_database_can_give_back(text):
    pushed = veesing.receipt(Inbound("receipt", {}, (FORM + text).encode()))
    found = [times.read(text), gateway._china_time(text), yixintong._time(text), pushed.at]
    assert found == [None] * 4


@pytest.mark.parametrize(
    ("result", "status"),
    [("0", "delivered"), ("00", "delivered"), ("-1", "failed"), ("9" * 5000, "failed"), ("٠", "unknown_word")],
)
def test_a_number_of_any_length_is_a_result(result, status):
    row = {"serialNumber": "1", "userNumber": "13800138000", "result": result}
    assert yixintong._receipt(row).status.value == status
