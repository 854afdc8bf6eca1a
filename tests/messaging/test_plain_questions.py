"""Questions written by hand: what they answer, and that a plan made for small tables does not outlive them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kit import sql
from messaging.deliveries import recipients
from messaging.gateway.types import Recipient
from messaging.models import Delivery
from messaging.sending import hand_over
from messaging.states import OwnStatus
from tests.builders import phones

pytestmark = pytest.mark.django_db


def test_a_requests_people_come_by_number_with_whatever_their_values_hold(house):
    batch = house.make_dispatch(phones(4)).batches.get()
    values = [{"姓名": '逗,号 "引" \\n'}, {"姓名": "]},[{"}, {}, {"a": "😀", "b": "%s"}]
    for phone, given in zip(phones(4), values, strict=True):
        Delivery.objects.filter(batch=batch, phone=phone).update(variables=given)
    wanted = [Recipient(phone, given) for phone, given in zip(phones(4), values, strict=True)]
    assert recipients.recipients(batch) == wanted
    Delivery.objects.filter(batch=batch, phone=phones(4)[1]).update(own_status=OwnStatus.SKIPPED)
    assert recipients.recipients(batch) == [wanted[0], *wanted[2:]]
    Delivery.objects.filter(batch=batch).update(own_status=OwnStatus.SKIPPED)
    assert recipients.recipients(batch) == []


ASKED = "-- name: asked prepared\nSELECT COUNT(*) FROM asked WHERE batch = :batch\n"


def _asked_plan():
    """How PostgreSQL answers the question above now, as it has prepared it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT COUNT(*) FROM asked %'")
        (name,) = cursor.fetchone()
        cursor.execute(f'EXPLAIN EXECUTE "{name}"(7)')
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_forgotten_plan_is_made_for_the_tables_as_they_are(tmp_path):
    if connection.vendor != "postgresql":
        with CaptureQueriesContext(connection) as asked:
            sql.forget_plans()
        assert not asked.captured_queries
        return
    (tmp_path / "plans.sql").write_text(ASKED, encoding="utf-8")
    asked = sql.beside(str(tmp_path / "plans.py"))["asked"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE asked (batch integer) ON COMMIT DROP")
        cursor.execute("CREATE INDEX ON asked (batch)")
        cursor.execute("INSERT INTO asked VALUES (1), (2)")
        cursor.execute("ANALYZE asked")
        cursor.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
        for _ in range(7):
            asked.value(batch=7)
        assert "Seq Scan" in _asked_plan()
        cursor.execute("INSERT INTO asked SELECT n / 5 FROM generate_series(1, 20000) AS n")
        assert "Seq Scan" in _asked_plan()
        sql.forget_plans()
        assert "Index" in _asked_plan()


def test_each_turn_of_a_sender_forgets_its_plans(house):
    dispatch = house.make_dispatch(phones(2))
    with CaptureQueriesContext(connection) as asked:
        assert hand_over.send_some(dispatch.pk, seconds=0) == "time"
    wanted = ["DISCARD PLANS"] if connection.vendor == "postgresql" else []
    assert [query["sql"] for query in asked.captured_queries] == wanted
