"""The queries that support's pages ask stand on an index of their own, on both databases."""

from typing import Any

import pytest
from django.db import connection

from messaging.inbox import threads
from messaging.models import Reply, Suppression

pytestmark = pytest.mark.django_db


def plan(queryset: Any) -> str:
    """As the database would do it; PostgreSQL is kept from reading small tables whole."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    return str(queryset.explain())


def test_lifted_entries_of_a_number_are_found_by_an_index(db: None) -> None:
    assert "suppression_phone" in plan(Suppression.objects.filter(phone="13800000000"))


@pytest.mark.parametrize(
    ("box", "index"), [("new", "reply_new"), ("mine", "reply_taken"), ("opt_out", "reply_opt_out")]
)
def test_each_box_walks_an_index(admin_user: Any, box: str, index: str) -> None:
    rows = threads.in_box(box, admin_user)
    if box == "opt_out":  # today's are counted by it
        rows = rows.filter(replied_at__gte="2026-11-21T00:00:00+08:00")
        assert index in plan(rows)
    else:
        assert index in plan(rows.order_by("-pk")[:10])


def test_tags_and_the_newest_of_a_number_walk_an_index(db: None) -> None:
    assert "reply_tagged" in plan(threads.in_box("all", None, "发票").exclude(tag="").order_by("-pk")[:10])
    assert "reply_phone_newest" in plan(Reply.objects.filter(phone="13800000000").order_by("-pk")[:1])
