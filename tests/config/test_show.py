"""Figures, times and badges look the same everywhere, and claim no more than is known."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.template import Context, Template
from django.utils.translation import override

from kit import display, phone_keys, phones

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)  # 12:00 in Beijing


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0%"),
        (10, 10, "100%"),
        (9997, 10000, "99.9%"),
        (99999, 100000, "99.9%"),
        (1, 100000, "<0.1%"),
        (845, 1000, "84.5%"),
        (5, 0, "—"),
        (None, 10, "—"),
    ],
)
def test_percent_is_never_rounded_up(part: int | None, whole: int, text: str) -> None:
    assert display.percent(part, whole) == text


def test_figures() -> None:
    assert display.count(45200) == "45,200"
    assert display.count(0) == "0"
    assert display.count(None) == "—"
    assert display.money(Decimal("4068")) == "¥4,068.00"
    assert display.unit_price("0.045") == "¥0.0450"
    assert display.money(None) == "—"
    assert display.masked("13812345678") == "138****5678"


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        (NOON - timedelta(hours=1, minutes=36), "今天 10:24", "today 10:24"),
        (NOON - timedelta(hours=15, minutes=55), "昨天 20:05", "yesterday 20:05"),
        (datetime(2026, 11, 18, 1, 30, tzinfo=UTC), "11月18日 09:30", "18 Nov 09:30"),
        (datetime(2025, 11, 18, 1, 30, tzinfo=UTC), "2025年11月18日", "18 Nov 2025"),
        # 16:30 UTC of the 25th is the 26th in Beijing
        (datetime(2026, 11, 25, 16, 30, tzinfo=UTC), "今天 00:30", "today 00:30"),
    ],
)
def test_times_are_beijing_times(at: datetime, chinese: str, english: str) -> None:
    with override("zh-hans"):
        assert display.day_and_time(at) == chinese
    with override("en"):
        assert display.day_and_time(at) == english


def test_a_time_keeps_its_machine_form() -> None:
    assert 'datetime="2026-11-26T12:00:00+08:00"' in display.when(NOON)
    assert display.when(None) == "—"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(minutes=42), "42 分钟"),
        (timedelta(hours=1, minutes=46), "1 小时 46 分"),
        (timedelta(hours=5), "5 小时"),
        (timedelta(days=3, hours=4), "3 天"),
        (timedelta(seconds=-5), "0 分钟"),
    ],
)
def test_durations(span: timedelta, text: str) -> None:
    with override("zh-hans"):
        assert display.duration(span) == text


def test_a_badge_has_an_icon_and_a_word_and_escapes_it() -> None:
    html = display.badge("<b>", "problem")
    assert html.startswith('<span class="badge badge-problem"><svg class="icon"')
    assert "&lt;b&gt;" in html
    with pytest.raises(ValueError, match="green"):
        display.badge("x", "green")


def test_a_stacked_bar_draws_every_part_once_and_names_it() -> None:
    parts = [
        display.BarPart("已送达", 6, "good"),
        display.BarPart("未送达", 0, "problem"),
        display.BarPart("结果未知", 1, "unsure"),
        display.BarPart("排队中", 9993, "idle"),
    ]
    html = display.stacked_bar(parts)
    assert html.count('<rect class="bar-') == 2 * 3
    assert "bar-problem" not in html
    assert 'aria-label="已送达 6，结果未知 1，排队中 9,993"' in html
    assert display.stacked_bar([display.BarPart("x", 0, "idle")]) == ""


def test_widths_of_a_bar_stay_inside_it() -> None:
    parts = [display.BarPart(str(n), count, "idle") for n, count in enumerate([1, 100_000, 1, 1])]
    found = re.findall(r'<rect class="bar-idle" x="(\d+)" y="0" width="(\d+)"', display.stacked_bar(parts))
    rects = [(int(x), int(width)) for x, width in found]
    assert len(rects) == 4
    assert all(width >= 3 for _x, width in rects)
    assert rects[-1][0] + rects[-1][1] == 1000


def test_the_filters_are_the_functions() -> None:
    template = Template("{% load songda %}{{ n|count }} {{ p|masked }} {{ a|percent:b }} {% badge w r %}")
    html = template.render(Context({"n": 1000, "p": "13812345678", "a": 1, "b": 2, "w": "好", "r": "good"}))
    assert html.startswith("1,000 138****5678 50.0% <span")


@pytest.mark.parametrize(
    "typed", ["13812345678", "138 1234 5678", "+86 138-1234-5678", "１３８１２３４５６７８", "008613812345678"]
)
def test_numbers_as_people_type_them(typed: str) -> None:
    assert phones.clean(typed) == "13812345678"


@pytest.mark.parametrize("typed", ["", "1381234567", "138123456789", "12812345678", "abc", "13812345678x"])
def test_what_is_no_mobile_number(typed: str) -> None:
    assert phones.clean(typed) == ""


def test_a_sealed_number_opens_here_and_only_for_a_while() -> None:
    key = phone_keys.seal("13812345678")
    assert "13812345678" not in key
    assert phone_keys.unseal(key) == "13812345678"
    assert phone_keys.unseal(key[:-4] + "AAAA") == ""
    assert phone_keys.unseal("nonsense") == ""
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=13)):
        assert phone_keys.unseal(key) == ""


@pytest.mark.parametrize(("names", "wanted"), [({"first_name": "小王"}, "小王"), ({}, "huodong")])
def test_a_colleague_goes_by_name(names, wanted):
    from django.contrib.auth.models import User

    assert display.person(User(username="huodong", **names)) == wanted
    assert display.person(None) == display.UNKNOWN
