"""By when to submit, counted back in working days."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from messaging.models import SendingPolicy, TemplateReview
from messaging.reviews import Calendar, must_be_reviewed, pauses, status, usual_days


def account(days: int | None = None, text: str = "", vendor: str = "rcs_gateway") -> Any:
    return SimpleNamespace(vendor=vendor, review_days=days, review_pauses=text)


THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("days", "text", "holidays", "expected"),
    [
        (None, "", (), date(2026, 11, 20)),  # three working days: 23, 24, 25; the weekend is none
        (0, "", (), date(2026, 11, 25)),
        (1, "", (), date(2026, 11, 24)),
        (5, "", (), date(2026, 11, 18)),
        (3, "", (date(2026, 11, 24),), date(2026, 11, 19)),
        (3, "2026-11-20", (), date(2026, 11, 19)),
        (3, "2026-11-16 – 2026-11-24\n", (date(2026, 11, 25),), date(2026, 11, 10)),
        (1, "2020-01-01 至 2030-01-01", (), None),
        (1, "next week", (), None),
    ],
)
def test_the_last_day_leaves_the_working_days_before_the_send(days, text, holidays, expected):
    assert Calendar(frozenset(holidays)).submit_by(account(days, text), THURSDAY) == expected


@pytest.mark.parametrize(
    "text", ["soon", "2026-13-01", "2026-11-20 2026-11-21", "2026-11-21 - 2026-11-20", "2026-11-2"]
)
def test_a_line_that_is_no_span_is_named(text):
    with pytest.raises(ValueError, match=text):
        list(pauses(f"2026-11-01\n{text}"))


def test_spans_are_read_in_the_ways_people_write_them():
    text = "2027-02-05\n\n 2027-02-05 – 2027-02-18 \n2027-02-05~2027-02-18\n2027-02-05至2027-02-18"
    first, last = date(2027, 2, 5), date(2027, 2, 18)
    assert list(pauses(text)) == [(first, first), *[(first, last)] * 3]


def test_only_vendors_that_audit_have_a_last_day():
    assert [name for name in ("rcs_gateway", "hanwg", "veesing", "yixintong", "emay")
            if must_be_reviewed(account(vendor=name))] == ["rcs_gateway", "hanwg", "veesing", "yixintong"]  # fmt: skip
    assert (usual_days(account()), usual_days(account(7))) == (3, 7)


@pytest.mark.django_db
def test_the_holidays_are_those_of_the_sending_policy():
    SendingPolicy(holidays=["2026-11-24"]).save()
    assert Calendar.here_and_now().submit_by(account(), THURSDAY) == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=30), "approved"),
        (timedelta(days=2, minutes=1), "approved"),
        (timedelta(days=2), "expiring"),
        (timedelta(minutes=1), "expiring"),
        (timedelta(0), "expired"),
        (timedelta(days=-3), "expired"),
    ],
)
def test_an_approval_near_its_end_is_a_warning(left, expected, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert status.status_of(TemplateReview(status="approved", approved_until=now + left)) == expected
    assert status.status_of(TemplateReview(status="rejected", approved_until=now + left)) == "rejected"
    assert status.status_of(TemplateReview(status="approved")) == "approved"
