"""No delivery without its dispatch and batch, and neither deleted from under one: by foreign keys on SQLite, by triggers for whole
statements on PostgreSQL (docs/adr/0012)."""

import threading
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from messaging.models import Batch, Delivery, Dispatch
from tests.builders import phones

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = 987_654_321


def store(dispatch_id, batch_id, phone="13800138000"):
    """One row by a statement of its own, committed; what is wrong is said at the commit at the latest."""
    run = uuid4() if connection.vendor == "postgresql" else uuid4().hex
    row = {
        "dispatch_id": dispatch_id,
        "batch_id": batch_id,
        "run_id": run,
        "leg": "main",
        "phone": phone,
        "variables": "{}",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # The tables of an earlier migration have other columns of text.
        for column in connection.introspection.get_table_description(cursor, "messaging_delivery"):
            if column.name not in row and not column.null_ok and column.name != "id":
                row[column.name] = 0 if column.name in ("units", "legs_delivered") else ""
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO messaging_delivery ({names}) VALUES ({marks})", list(row.values()))


def delete(table, pk):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])


@pytest.fixture
def dispatch(house):
    return house.make_dispatch(phones(3))


def test_a_delivery_names_a_dispatch_and_a_batch_that_are_there(dispatch):
    batch = dispatch.batches.get()
    for wrong in ((NOBODY, None), (NOBODY, batch.pk), (dispatch.pk, NOBODY)):
        with pytest.raises(IntegrityError):
            store(*wrong)
    store(dispatch.pk, batch.pk, "13800139001")
    store(dispatch.pk, None, "13800139002")
    assert dispatch.deliveries.count() == 5


def test_postgresql_knows_whose_batch_it_is(house, dispatch):
    """Which is why a dispatch needs no look at its deliveries with a batch when it is deleted."""
    other = house.make_dispatch(phones(1))
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="not its dispatch's"):
            store(other.pk, dispatch.batches.get().pk)
        with pytest.raises(IntegrityError, match="not its dispatch's"), transaction.atomic():
            dispatch.deliveries.update(dispatch=other)
    with pytest.raises(IntegrityError):
        delete("messaging_dispatch", dispatch.pk)


def test_one_wrong_row_spoils_the_whole_statement(dispatch):
    batch = dispatch.batches.get()
    rows = [
        Delivery(dispatch=dispatch, batch_id=pk, run_id=uuid4(), leg="main", phone="13800139001")
        for pk in (batch.pk, NOBODY, None)
    ]
    with pytest.raises(IntegrityError):
        Delivery.objects.bulk_create(rows)
    assert dispatch.deliveries.count() == 3


def test_a_delivery_does_not_move_to_a_batch_that_is_not_there(dispatch):
    with pytest.raises(IntegrityError), transaction.atomic():
        dispatch.deliveries.update(batch=NOBODY)
    with pytest.raises(IntegrityError), transaction.atomic():
        dispatch.deliveries.update(dispatch=NOBODY)
    other = Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=2, size=0)
    dispatch.deliveries.update(batch=other)
    assert other.deliveries.count() == 3


def test_nothing_is_deleted_from_under_a_delivery(dispatch):
    with pytest.raises(IntegrityError):
        delete("messaging_batch", dispatch.batches.get().pk)
    bare = Dispatch.objects.create(title="nobody sent to", version=dispatch.version, account=dispatch.account)
    store(bare.pk, None, "13800139001")
    for pk in (dispatch.pk, bare.pk):
        with pytest.raises(IntegrityError):
            delete("messaging_dispatch", pk)
    bare.deliveries.all().delete()
    delete("messaging_dispatch", bare.pk)
    dispatch.delete()  # the ORM takes the deliveries first
    assert not Delivery.objects.exists()


def test_a_batch_that_is_being_filled_is_not_deleted_meanwhile(dispatch):
    """The one who deletes waits for the one who inserts, and then finds his row."""
    batch = Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=2, size=1)
    inserted, seen = threading.Event(), []

    def take_away():
        inserted.wait(5)
        try:
            delete("messaging_batch", batch.pk)
            seen.append("deleted")
        except IntegrityError:
            seen.append("refused")
        finally:
            connection.close()

    other = threading.Thread(target=take_away)
    other.start()
    with transaction.atomic():
        Delivery.objects.create(dispatch=dispatch, batch=batch, run_id=uuid4(), leg="main", phone="13800139001")
        inserted.set()
        other.join(0.3)  # it waits
        assert seen == []
    other.join(10)
    assert seen == ["refused"]
    assert batch.deliveries.count() == 1


def test_the_way_back_brings_the_foreign_keys(dispatch):
    try:
        call_command("migrate", "messaging", "0001", verbosity=0)
        with pytest.raises(IntegrityError):
            store(dispatch.pk, NOBODY)
    finally:
        call_command("migrate", "messaging", verbosity=0)
    with pytest.raises(IntegrityError):
        store(dispatch.pk, NOBODY)
