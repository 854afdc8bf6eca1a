"""Dispatches counted in the background, and the reports made of them: every sum closes."""

import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from campaigns import roles
from campaigns.models import AuditEvent, BalanceReading, DailyFigures, DispatchFigures
from campaigns.reports import daily_figures, report
from campaigns.reports.admin import reports
from messaging.models import Batch, Delivery, Dispatch, Reply
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
    Batch.objects.filter(pk=batches[2].pk).update(state="rejected", reason="signature")
    own = [
        {"own_status": 60, "channel": "rcs", "units": 1, "reason": "delivered"},
        {"own_status": 60, "channel": "sms", "units": 2},
        {"own_status": 60, "channel": "sms", "units": 1},
        {"own_status": 70, "channel": "rcs", "units": 1},
        {"own_status": 50, "reason": "bad_number"},
        {"own_status": 40, "reason": "no_receipt"},
        {"own_status": 20, "reason": "over_cap"},
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
    assert daily_figures.refresh() == 1
    whole = report.report("campaign", TODAY(), TODAY()).whole
    assert whole.total == 12
    assert (whole.delivered, whole.failed, whole.no_receipt, whole.open) == (4, 1, 1, 1)
    assert (whole.rejected, whole.not_sent) == (4, 1)
    assert (whole.settled, whole.handed_over) == (6, 7)
    assert whole.handed_over + whole.rejected + whole.not_sent == whole.total
    assert (whole.fell_back, whole.units, whole.opt_outs) == (2, 5, 1)


@pytest.mark.parametrize("by", report.BY)
def test_every_grouping_adds_up_to_the_whole(sent: Any, by: str) -> None:
    daily_figures.refresh()
    found = report.report(by, TODAY(), TODAY())
    assert sum(line.total for line in found.lines) == found.whole.total == 12
    assert sum(line.units for line in found.lines) == found.whole.units == 5


@pytest.mark.parametrize("by", report.BY)
def test_opt_outs_are_of_the_line_that_they_came_from(sent: Any, by: str) -> None:
    daily_figures.refresh()
    found = report.report(by, TODAY(), TODAY())
    assert sum(line.opt_outs for line in found.lines) == found.whole.opt_outs == 1
    if by == "channel":
        assert {line.name: line.opt_outs for line in found.lines} == {"5G 消息": 1, "短信": 0}


def test_who_opts_out_twice_is_one_person(sent: Any, house: Any) -> None:
    reply = Reply.objects.get()
    reply.pk, reply.key = None, "again"
    reply.save()
    daily_figures.refresh()
    assert report.report("day", TODAY(), TODAY()).whole.opt_outs == 1


def test_a_round_made_long_before_its_hand_over_is_not_left_out(sent: Any) -> None:
    Dispatch.objects.filter(pk=sent.pk).update(created_at=timezone.now() - timedelta(days=200))
    daily_figures.refresh()
    assert report.report("campaign", TODAY(), TODAY()).whole.handed_over == 7


def test_a_second_count_adds_only_what_changed(sent: Any) -> None:
    daily_figures.count(sent)
    daily_figures.count(sent)
    assert report.report("day", TODAY(), TODAY()).whole.total == 12
    Delivery.objects.filter(dispatch=sent, own_status=50).update(own_status=60, channel="sms", units=1, reason="")
    Batch.objects.filter(dispatch=sent, number=1).update(submitted_at=timezone.now() - timedelta(days=1))
    daily_figures.count(sent)
    yesterday = TODAY() - timedelta(days=1)
    both = report.report("day", yesterday, TODAY())
    assert (both.whole.total, both.whole.delivered, both.whole.failed, both.whole.units) == (12, 5, 0, 6)
    assert [line.total for line in both.lines] == [4, 8]
    assert DispatchFigures.objects.count() == 1


def test_rounds_of_no_campaign_stand_under_where_they_came_from(sent: Any, house: Any) -> None:
    for n in range(3):
        house.make_dispatch(phones(1, start=13900000000 + n), title=f"验证码 {n}", source="API · 商城")
    daily_figures.refresh()
    lines = report.report("campaign", TODAY(), TODAY()).lines
    assert {line.name: line.total for line in lines}["API · 商城"] == 3


def test_twice_the_rounds_cost_no_more_queries(sent: Any, house: Any) -> None:
    def cost(act: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return len(queries)

    def pages() -> None:
        for by in report.BY:
            report.report(by, TODAY(), TODAY())
        report.spending(TODAY(), TODAY())
        report.daily(TODAY() - timedelta(days=29), TODAY())

    few = cost(daily_figures.refresh), cost(pages)
    for n in range(20):
        house.make_dispatch(phones(2, start=13900000000 + 10 * n))
    many = cost(daily_figures.refresh), cost(pages)
    assert report.report("day", TODAY(), TODAY()).whole.total == 52
    assert many[0] <= few[0]
    assert many[1] == few[1]
    assert DailyFigures.objects.count() < 12


def counted() -> set[int]:
    """The dispatches that one turn counts."""
    begun = timezone.now()
    daily_figures.refresh()
    return set(DispatchFigures.objects.filter(counted_at__gte=begun).values_list("dispatch", flat=True))


def test_only_new_rounds_and_those_that_move_are_looked_at(sent: Any, house: Any) -> None:
    """A finished round is found among the newest; an older one that still sends by its state."""
    daily_figures.refresh()
    DispatchFigures.objects.update(final=True)
    old = house.make_dispatch(phones(1, start=13900000000))
    done = house.make_dispatch(phones(1, start=13900000001), state="done")
    assert counted() == {old.pk, done.pk}
    Dispatch.objects.filter(pk=done.pk).update(finished_at=timezone.now() - timedelta(hours=2))
    Delivery.objects.filter(dispatch=done).update(own_status=60)
    DispatchFigures.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    assert counted() == {old.pk, done.pk}
    DispatchFigures.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    assert counted() == {old.pk}


def test_reasons_are_ranked_with_what_to_do(sent: Any) -> None:
    daily_figures.refresh()
    found = report.report("campaign", TODAY(), TODAY()).reasons
    assert [people for _, _, people in found] == [4, 1, 1]
    assert found[0][1] != ""


def test_operators_come_from_the_prefix(sent: Any) -> None:
    daily_figures.refresh()
    assert [line.total for line in report.report("operator", TODAY(), TODAY()).lines] == [12]
    assert {group[4] for group in DispatchFigures.objects.get().groups} == {"cmcc"}


def test_other_days_tests_and_rounds_that_have_not_begun_are_left_out(sent: Any, house: Any) -> None:
    house.make_dispatch(phones(3, start=13900000000), kind="test")
    house.make_dispatch(phones(3, start=13900000100), state="ready")
    daily_figures.refresh()
    daily_figures.refresh()
    assert DispatchFigures.objects.count() == 2
    assert report.report("day", TODAY(), TODAY()).whole.total == 12
    yesterday = TODAY() - timedelta(days=1)
    assert report.report("day", yesterday, yesterday).lines == []


def test_a_round_is_counted_again_only_when_it_is_due_and_for_the_last_time_after_three_days(sent: Any) -> None:
    assert (daily_figures.refresh(), daily_figures.refresh()) == (1, 0)
    long_ago = timezone.now() - timedelta(days=4)
    DispatchFigures.objects.update(counted_at=long_ago)
    type(sent).objects.update(state="done", finished_at=long_ago)
    assert daily_figures.refresh() == 1
    assert DispatchFigures.objects.get().final
    DispatchFigures.objects.update(counted_at=long_ago)
    assert daily_figures.refresh() == 0


def test_the_page_counts_no_people(sent: Any) -> None:
    daily_figures.refresh()
    client = signed_in(roles.MARKETING)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("admin:reports"))
    assert page.status_code == 200
    assert not [query["sql"] for query in queries if "messaging_delivery" in query["sql"]]
    rows = read(page).text
    assert "66.6%" in rows  # 4 of 6
    assert "50.0%" in rows  # 2 of 4 fell back


def test_the_workbook_has_the_lines_the_total_and_the_reasons(sent: Any) -> None:
    daily_figures.refresh()
    answer = signed_in(roles.CAMPAIGNS).get(reverse("admin:reports_download") + "?by=account")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_index(0).to_python()
    assert [str(cell) for cell in rows[1][1:9]] == ["12", "1", "4", "7", "4", "1", "1", "1"]
    assert rows[2][1:9] == rows[1][1:9]
    assert "report-account-" in answer.headers["Content-Disposition"]
    assert AuditEvent.objects.get(action="report.downloaded").detail["by"] == "account"


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
        daily_figures.read_balances()
        daily_figures.read_balances()
    assert BalanceReading.objects.count() == 2
    daily_figures.refresh()
    (one,) = report.spending(TODAY(), TODAY())
    assert (one.units, one.expected, one.lost, one.topped_up) == (5, Decimal("0.35"), Decimal("0.5"), 0)
    assert (one.cost, one.difference) == (Decimal("0.35"), Decimal("0.15"))


def test_a_balance_in_messages_is_held_against_units_and_the_cost_is_in_yuan(sent: Any, house: Any) -> None:
    type(house.account).objects.update(prices={"rcs": "0.1", "sms": "0.05"}, balance_unit="messages")
    daily_figures.refresh()
    (one,) = report.spending(TODAY(), TODAY())
    assert (one.units, one.cost, one.expected) == (5, Decimal("0.35"), 5)
    text = read(signed_in(roles.CAMPAIGNS).get(reverse("admin:reports"))).text
    assert "¥0.35" in text


def test_a_top_up_hides_no_loss(sent: Any, house: Any) -> None:
    daily_figures.refresh()
    for n, balance in enumerate(("100", "99", "599", "598.5")):
        at = timezone.now() - timedelta(minutes=10 - n)
        BalanceReading.objects.create(account=house.account, at=at, balance=Decimal(balance), unit="yuan")
    (one,) = report.spending(TODAY() - timedelta(days=1), TODAY())
    assert (one.lost, one.topped_up) == (Decimal("1.5"), Decimal(500))


def test_the_page_shows_so_many_lines_and_the_total_of_all(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "SHOWN", 1)
    daily_figures.refresh()
    text = read(
        signed_in(roles.CAMPAIGNS).get(reverse("admin:reports") + "?by=channel", headers={"accept-language": "en"})
    ).text
    assert "12" in text
    answer = signed_in(roles.CAMPAIGNS).get(reverse("admin:reports_download") + "?by=channel")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:4]] == ["5G 消息", "短信", "合计"]


def test_every_figure_of_a_card_has_its_label(sent: Any) -> None:
    """At 390 px the table's head is not seen."""
    daily_figures.refresh()
    html = signed_in(roles.MARKETING).get(reverse("admin:reports")).content.decode()
    table = html.partition('report-table cards-390">')[2].partition("</table>")[0]
    assert table.count('<td class="num" data-label="') == table.count("<td") == 2 * 12


def test_the_home_page_draws_the_days_and_tells_the_same_numbers(sent: Any) -> None:
    daily_figures.refresh()
    html = signed_in(roles.CAMPAIGNS).get(reverse("admin:index")).content.decode()
    found = json.loads(
        html.partition('<script id="daily-figures" type="application/json">')[2].partition("</script>")[0]
    )
    assert len(found["days"]) == 30
    assert {kind: sum(found["whole"][kind]) for kind in report.DRAWN} == {
        "delivered": 4,
        "failed": 5,
        "no_receipt": 1,
        "open": 1,
    }
    assert found["whole"]["delivered"][-1] == 4
    assert "vendor/chart.umd.js" in html
