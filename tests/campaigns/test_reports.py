"""Rounds counted in the background, and the reports made of them: every sum closes."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from campaigns import charts, roles
from campaigns.models import AuditEvent, BalanceReading, RoundFigures
from campaigns.services import figures, reporting
from messaging.models import Batch, Delivery, Reply
from tests.builders import phones
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def sent(house: Any) -> Any:
    """Twelve people in three batches: one delivered as 5G, two by SMS, one read, one failed, one silent, one skipped, one
    refused; the last batch refused as a whole but for nobody."""
    numbers = phones(12, start=13800000000)
    dispatch = house.make_dispatch(numbers, per_batch=4)
    batches = list(Batch.objects.filter(dispatch=dispatch).order_by("number"))
    Batch.objects.filter(pk__in=[one.pk for one in batches[:2]]).update(state="submitted", submitted_at=timezone.now())
    Batch.objects.filter(pk=batches[2].pk).update(state="refused", reason="signature")
    own = [
        {"own": 60, "channel": "rcs", "units": 1, "reason": "delivered"},
        {"own": 60, "channel": "sms", "units": 2},
        {"own": 60, "channel": "sms", "units": 1},
        {"own": 70, "channel": "rcs", "units": 1},
        {"own": 50, "reason": "bad_number"},
        {"own": 40, "reason": "no_receipt"},
        {"own": 20, "reason": "over_cap"},
    ]
    for phone, values in zip(numbers, own, strict=False):
        Delivery.objects.filter(dispatch=dispatch, phone=phone).update(**values)
    delivery = Delivery.objects.get(dispatch=dispatch, phone=numbers[0])
    Reply.objects.create(
        account=house.account, key="r", phone=numbers[0], content="R", is_opt_out=True, delivery=delivery,
        replied_at=timezone.now(),
    )  # fmt: skip
    return dispatch


def test_a_round_is_counted_and_the_sums_close(sent: Any) -> None:
    assert figures.refresh() == 1
    whole = reporting.report("campaign", TODAY(), TODAY()).whole
    assert whole.total == 12
    assert (whole.delivered, whole.failed, whole.no_receipt, whole.open) == (4, 1, 1, 1)
    assert (whole.refused, whole.not_sent) == (4, 1)
    assert (whole.settled, whole.handed_over) == (6, 7)
    assert whole.handed_over + whole.refused + whole.not_sent == whole.total
    assert (whole.fell_back, whole.units, whole.opt_outs) == (2, 5, 1)


@pytest.mark.parametrize("by", reporting.BY)
def test_every_grouping_adds_up_to_the_whole(sent: Any, by: str) -> None:
    figures.refresh()
    found = reporting.report(by, TODAY(), TODAY())
    assert sum(line.total for line in found.lines) == found.whole.total == 12
    assert sum(line.units for line in found.lines) == found.whole.units == 5


def test_reasons_are_ranked_with_what_to_do(sent: Any) -> None:
    figures.refresh()
    found = reporting.report("campaign", TODAY(), TODAY()).reasons
    assert [people for _, _, people in found] == [4, 1, 1]
    assert found[0][1] != ""


def test_operators_come_from_the_prefix(sent: Any) -> None:
    figures.refresh()
    assert [line.total for line in reporting.report("operator", TODAY(), TODAY()).lines] == [12]
    assert {group[4] for group in RoundFigures.objects.get().groups} == {"cmcc"}


def test_other_days_tests_and_rounds_that_have_not_begun_are_left_out(sent: Any, house: Any) -> None:
    house.make_dispatch(phones(3, start=13900000000), kind="test")
    house.make_dispatch(phones(3, start=13900000100), state="ready")
    figures.refresh()
    figures.refresh()
    assert RoundFigures.objects.count() == 2
    assert reporting.report("day", TODAY(), TODAY()).whole.total == 12
    yesterday = TODAY() - timedelta(days=1)
    assert reporting.report("day", yesterday, yesterday).lines == []


def test_a_round_is_counted_again_only_when_it_is_due_and_for_the_last_time_after_three_days(sent: Any) -> None:
    assert (figures.refresh(), figures.refresh()) == (1, 0)
    long_ago = timezone.now() - timedelta(days=4)
    RoundFigures.objects.update(counted_at=long_ago)
    type(sent).objects.update(state="done", finished_at=long_ago)
    assert figures.refresh() == 1
    assert RoundFigures.objects.get().final
    RoundFigures.objects.update(counted_at=long_ago)
    assert figures.refresh() == 0


def test_the_page_counts_no_people(sent: Any) -> None:
    figures.refresh()
    client = signed_in(roles.MARKETING)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("admin:reports"))
    assert page.status_code == 200
    assert not [query["sql"] for query in queries if "messaging_delivery" in query["sql"]]
    rows = read(page).text
    assert "66.6%" in rows  # 4 of 6
    assert "50.0%" in rows  # 2 of 4 fell back


def test_the_workbook_has_the_lines_the_total_and_the_reasons(sent: Any) -> None:
    figures.refresh()
    answer = signed_in(roles.CAMPAIGNS).get(reverse("admin:reports_download") + "?by=account")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert [str(cell) for cell in rows[1][1:9]] == ["12", "1", "4", "7", "4", "1", "1", "1"]
    assert rows[2][1:9] == rows[1][1:9]
    assert "report-account-" in answer.headers["Content-Disposition"]
    assert AuditEvent.objects.get(action="Downloaded a report").detail["by"] == "account"


def test_wrong_dates_are_worded(sent: Any) -> None:
    client = signed_in(roles.CAMPAIGNS)
    url = reverse("admin:reports")
    assert "时间最长 1 年" in read(client.get(url + "?since=2020-01-01&until=2026-01-01")).text
    assert client.get(url + "?by=nonsense").status_code == 200
    assert client.get(reverse("admin:reports_download") + "?since=2026-02-01&until=2026-01-01").status_code == 200


def test_expected_cost_stands_beside_what_the_balance_lost(sent: Any, house: Any) -> None:
    account = house.account
    account.prices, account.balance_unit = {"rcs": "0.1", "sms": "0.05"}, "yuan"
    for n, balance in enumerate(("100", "99.5")):
        account.balance, account.balance_at = Decimal(balance), timezone.now() + timedelta(seconds=n)
        account.save()
        figures.read_balances()
        figures.read_balances()
    assert BalanceReading.objects.count() == 2
    figures.refresh()
    (one,) = reporting.spending(TODAY(), TODAY())
    assert (one.units, one.expected, one.lost) == (5, Decimal("0.35"), Decimal("0.5"))


def test_the_home_page_draws_the_days_and_tells_the_same_numbers(sent: Any) -> None:
    figures.refresh()
    found = charts._figures(TODAY())
    assert len(found["days"]) == 30
    assert {kind: sum(found["whole"][kind]) for kind in reporting.DRAWN} == {
        "delivered": 4,
        "failed": 5,
        "no_receipt": 1,
        "open": 1,
    }
    assert found["whole"]["delivered"][-1] == 4
    html = signed_in(roles.CAMPAIGNS).get(reverse("admin:index")).content.decode()
    assert "vendor/chart.umd.js" in html
    assert 'id="daily-figures"' in html
