"""Big lists are paged without counting them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.kit import paging
from config.kit.paging import CheapPaginator
from messaging.models import Suppression


@pytest.fixture
def rows(db, monkeypatch):
    """Thirty rows, and a paginator that takes more than ten for many."""
    monkeypatch.setattr(paging, "EXACT_BELOW", 10)
    Suppression.objects.bulk_create(Suppression(phone=f"1380013{number:04d}", source="manual") for number in range(30))
    return Suppression.objects.order_by("pk")


def test_few_rows_are_counted_exactly(rows):
    assert CheapPaginator(rows.none(), 5).count == 0
    assert CheapPaginator(rows.filter(phone__lte="13800130006"), 5).count == 7


def test_many_filtered_rows_are_more_than_the_bound(rows):
    paginator = CheapPaginator(rows.filter(phone__lte="13800130025"), 5)
    assert paginator.count == 11
    assert paginator.num_pages == 3


def test_a_whole_table_is_estimated_from_below_by_the_bound(rows):
    assert CheapPaginator(rows, 5).count >= 11


def test_counting_reads_no_more_than_the_bound(rows):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        _ = CheapPaginator(rows.filter(phone__gt="1"), 5).count
    (query,) = queries.captured_queries
    assert "LIMIT 11" in query["sql"]
    assert "ORDER BY" not in query["sql"]


def test_a_plain_list_is_counted():
    assert CheapPaginator([1, 2, 3], 2).count == 3
