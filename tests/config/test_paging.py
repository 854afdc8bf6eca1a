"""Big lists are read on by key: nothing is counted, nothing skipped over, and every row is seen once."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import roles
from campaigns.models import AuditEvent
from campaigns.reports.admin.trail import AuditEventAdmin
from kit import pagination
from messaging.eligibility.admin import SuppressionAdmin
from messaging.models import Suppression
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db
URL = "admin:messaging_suppression_changelist"
NUMBER = re.compile(r"138\*\*\*\*(\d{4})")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Twelve entries, five on a page."""
    monkeypatch.setattr(SuppressionAdmin, "list_per_page", 5)
    Suppression.objects.bulk_create(
        Suppression(phone=f"1380013{n:04d}", source="hand" if n % 2 else "api") for n in range(12)
    )
    return signed_in(roles.SUPPORT)


def numbers(page: Any) -> list[int]:
    table = page.content.decode().partition('<table id="result_list">')[2].partition("</table>")[0]
    return [int(digits) for digits in NUMBER.findall(table)]


def link(page: Any, rel: str) -> str:
    found = re.search(rf'href="(\?[^"]*)" rel="{rel}"', page.content.decode())
    return unescape(found[1]) if found else ""


def test_reading_on_sees_every_row_once_and_back_again(pages: Client) -> None:
    url = reverse(URL)
    seen, page = [], pages.get(url)
    assert link(page, "prev") == ""
    while True:
        seen.append(numbers(page))
        if not link(page, "next"):
            break
        page = pages.get(url + link(page, "next"))
    assert seen == [[11, 10, 9, 8, 7], [6, 5, 4, 3, 2], [1, 0]]
    page = pages.get(url + link(page, "prev"))
    assert numbers(page) == [6, 5, 4, 3, 2]
    assert numbers(pages.get(url + link(page, "prev"))) == [11, 10, 9, 8, 7]


def test_going_back_to_the_newest_gives_a_whole_page(pages: Client) -> None:
    newest = Suppression.objects.order_by("-pk")[2]
    page = pages.get(f"{reverse(URL)}?after={newest.pk}")
    assert numbers(page) == [11, 10, 9, 8, 7]


def test_a_filter_stays_while_reading_on_and_begins_anew_when_changed(pages: Client) -> None:
    url = reverse(URL)
    page = pages.get(url + "?source__exact=hand")
    assert numbers(page) == [11, 9, 7, 5, 3]
    page = pages.get(url + link(page, "next"))
    assert numbers(page) == [1]
    filters = page.content.decode().partition('id="changelist-filter"')[2].partition("</nav>")[0]
    assert "source__exact=api" in filters
    assert "before=" not in filters


def test_neither_count_nor_offset_nor_another_order(pages: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = pages.get(reverse(URL) + "?o=1&p=3")
    lists = [one["sql"] for one in queries if 'FROM "messaging_suppression"' in one["sql"]]
    assert len(lists) == 1
    assert 'ORDER BY "messaging_suppression"."id" DESC LIMIT 6' in lists[0]
    assert numbers(page) == [11, 10, 9, 8, 7]


@pytest.mark.parametrize("edge", ["x", "-1", "", "9" * 30, "١٢"])
def test_an_edge_that_is_no_key_is_the_beginning(pages: Client, edge: str) -> None:
    assert numbers(pages.get(reverse(URL), {"before": edge})) == [11, 10, 9, 8, 7]


def test_as_many_queries_for_many_rows_as_for_few(pages: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            pages.get(reverse(URL))
        return len(queries)

    pages.get(reverse(URL))
    few = count()
    Suppression.objects.bulk_create(Suppression(phone=f"1390013{n:04d}", source="hand") for n in range(200))
    assert count() == few


def test_leaping_finds_each_value_once(db: None) -> None:
    AuditEvent.objects.bulk_create(AuditEvent(action=action) for action in ["b", "a", "b", "", "c", "a"])
    assert pagination.leap(AuditEvent, "action") == ["", "a", "b", "c"]
    assert pagination.leap(AuditEvent, "action", most=2) == ["", "a"]
    assert pagination.leap(AuditEvent, "action", filled=True) == ["a", "b", "c"]
    assert pagination.leap(AuditEvent, "target_type", filled=True) == []
    assert pagination.leap(AuditEvent, "target_type") == [""]


def test_an_empty_column_has_no_values(db: None) -> None:
    assert pagination.leap(AuditEvent, "action") == []


def test_the_trail_is_searched_by_person_or_by_the_whole_name(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = person(roles.SUPPORT)
    AuditEvent.objects.create(action="campaign.changed", actor=actor, target_name="双十一")
    AuditEvent.objects.create(action="audience.changed", target_name="客服名单")
    client, url = signed_in(superuser=True), reverse("admin:campaigns_auditevent_changelist")
    admin_page = AuditEventAdmin(AuditEvent, None)  # type: ignore[arg-type]
    found = {
        words: [row.target_name for row in admin_page.get_search_results(None, AuditEvent.objects.all(), words)[0]]  # type: ignore[arg-type]
        for words in (roles.SUPPORT, " 双十一 ", "双十")
    }
    assert found == {roles.SUPPORT: ["双十一"], " 双十一 ": ["双十一"], "双十": []}
    assert client.get(url, {"q": "双十"}).status_code == 200
