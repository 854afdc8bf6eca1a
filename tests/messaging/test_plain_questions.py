"""Questions written by hand: what they answer, and that a plan made for small tables does not outlive them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.bulk import people, rows
from messaging.gateway.types import Recipient
from messaging.models import Batch, Delivery
from messaging.services import sending
from messaging.states import Own
from tests.builders import phones

pytestmark = pytest.mark.django_db


def test_a_requests_people_come_by_number_with_whatever_their_values_hold(house):
    batch = house.make_dispatch(phones(4)).batches.get()
    values = [{"姓名": '逗,号 "引" \\n'}, {"姓名": "]},[{"}, {}, {"a": "😀", "b": "%s"}]
    for phone, given in zip(phones(4), values, strict=True):
        Delivery.objects.filter(batch=batch, phone=phone).update(variables=given)
    wanted = [Recipient(phone, given) for phone, given in zip(phones(4), values, strict=True)]
    assert people.recipients(batch) == wanted
    Delivery.objects.filter(batch=batch, phone=phones(4)[1]).update(own=Own.SKIPPED)
    assert people.recipients(batch) == [wanted[0], *wanted[2:]]
    Delivery.objects.filter(batch=batch).update(own=Own.SKIPPED)
    assert people.recipients(batch) == []


def _plan(number):
    """How PostgreSQL answers the people of one request now, as it has prepared it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%string_agg(phone%'")
        (name,) = cursor.fetchone()
        cursor.execute(f'EXPLAIN EXECUTE "{name}"({number})')
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_turn_plans_anew_for_the_tables_as_they_are(house):
    if connection.vendor != "postgresql":
        with CaptureQueriesContext(connection) as asked:
            rows.forget_plans()
        assert not asked.captured_queries
        return
    batch = house.make_dispatch(phones(2)).batches.get()
    connection.cursor().execute("ANALYZE messaging_delivery")  # two rows on one page
    connection.cursor().execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
    for _ in range(7):
        people.joined(batch.pk)
    assert "Seq Scan on messaging_delivery" in _plan(batch.pk)
    Delivery.objects.bulk_create(
        Delivery(
            dispatch=batch.dispatch, batch=other, run=batch.dispatch.run, leg="main", phone=str(13_900_000_000 + n)
        )
        for n, other in enumerate(_batches(batch, 20) * 200)
    )
    assert "Seq Scan on messaging_delivery" in _plan(batch.pk)
    assert sending.send_some(batch.dispatch_id, seconds=0) == "time"
    assert "messaging_delivery_batch_id" in _plan(batch.pk)


def _batches(like, count):
    return Batch.objects.bulk_create(
        Batch(dispatch=like.dispatch, account=like.account, number=100 + n, size=200) for n in range(count)
    )
