"""What is kept only for a while, and how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.events import purge
from messaging.models import Batch, CallbackEvent, Receipt, VendorCall
from messaging.worker import sweep, tasks
from tests.builders import House
from tests.database import before, failing

State = CallbackEvent.State


def event(house: House, state: str, days: float) -> int:
    """A push that arrived so many days ago."""
    made = CallbackEvent.objects.create(account=house.account, kind="receipt", body=b"?", state=state)
    CallbackEvent.objects.filter(pk=made.pk).update(arrived_at=timezone.now() - timedelta(days=days))
    return made.pk


def old_calls(house: House, count: int, days: float = 31) -> None:
    at = timezone.now() - timedelta(days=days)
    VendorCall.objects.bulk_create(
        VendorCall(account=house.account, operation="old", answer="A" * 100, started_at=at, milliseconds=1)
        for _ in range(count)
    )


def old_events(house: House, count: int) -> list[int]:
    """Applied pushes of a month ago, each with a receipt that was kept."""
    made = CallbackEvent.objects.bulk_create(
        CallbackEvent(account=house.account, kind="receipt", body=b"B" * 100, state=State.APPLIED) for _ in range(count)
    )
    keys = [row.pk for row in made]
    CallbackEvent.objects.filter(pk__in=keys).update(arrived_at=timezone.now() - timedelta(days=31))
    Receipt.objects.bulk_create(
        Receipt(account=house.account, event_id=key, key=f"old-{key}", state="odd", status="") for key in keys
    )
    return keys


def calls_kept() -> int:
    return VendorCall.objects.filter(operation="old").count()


def cleaned() -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        sweep.clean()
    return [query["sql"] for query in queries]


def kept() -> set[int]:
    return set(CallbackEvent.objects.values_list("pk", flat=True))


def test_unreadable_pushes_go_after_six_months_and_no_sooner(house: House) -> None:
    young, old = event(house, State.UNREADABLE, 183.9), event(house, State.UNREADABLE, 184.1)
    sweep.clean()
    assert kept() == {young}
    assert old not in kept()


def test_applied_ones_go_after_a_month_and_waiting_ones_never(house: House) -> None:
    waiting, fresh = event(house, State.NEW, 4000), event(house, State.APPLIED, 29)
    event(house, State.APPLIED, 31)
    sweep.clean()
    assert kept() == {waiting, fresh}


@pytest.mark.parametrize(
    ("days", "age", "gone"), [(365, 300, False), (365, 366, True), (30, 100, False), (30, 185, True)]
)
def test_the_setting_makes_it_longer_and_never_shorter_than_the_law(
    house: House, settings: Any, days: int, age: int, gone: bool
) -> None:
    settings.SONGDA = {**settings.SONGDA, "UNREADABLE_KEEP_DAYS": days}
    event(house, State.UNREADABLE, age)
    sweep.clean()
    assert bool(kept()) is not gone


def test_what_was_made_of_a_push_stays_without_it(house: House) -> None:
    old = event(house, State.UNREADABLE, 200)
    Receipt.objects.create(account=house.account, event_id=old, key="k", state="odd", status="")
    sweep.clean()
    assert Receipt.objects.get().event is None


def test_the_slow_round_does_it(house: House) -> None:
    event(house, State.UNREADABLE, 200)
    tasks.housekeeping()
    assert kept() == set()


def test_the_number_of_queries_does_not_follow_the_rows_and_no_body_is_read(house: House) -> None:
    counts = []
    for size in (20, 40):
        old_calls(house, size)
        old_events(house, size)
        done = cleaned()
        counts.append(len(done))
        assert (calls_kept(), kept()) == (0, set())
        assert not any('"body"' in sql or '"answer"' in sql for sql in done)
    assert counts[0] == counts[1]


def test_pieces_are_small_and_leave_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "PIECE", 5)
    old_calls(house, 11)
    old_calls(house, 2, days=29)
    old_events(house, 10)
    done = [sql for sql in cleaned() if sql.startswith("DELETE")]
    assert [sql.split('"')[1] for sql in done] == [
        *["messaging_vendorcall"] * 3,
        *["messaging_callbackevent"] * 2,
        "messaging_lookupcount",
    ]
    assert (calls_kept(), kept()) == (2, set())


def test_a_whole_piece_fits_into_one_statement(house: House) -> None:
    old_calls(house, purge.PIECE + 1)
    assert len([sql for sql in cleaned() if "DELETE" in sql and "vendorcall" in sql]) == 2
    assert calls_kept() == 0


@pytest.mark.django_db(transaction=True)
def test_each_piece_is_a_transaction_of_its_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who dies, or meets trouble, on the way has done what was done."""
    monkeypatch.setattr(purge, "PIECE", 5)
    old_events(house, 12)
    with failing("DELETE .*messaging_callbackevent", InterruptedError(), skip=2), pytest.raises(InterruptedError):
        sweep.clean()
    connection.close()  # what was not committed is lost with it
    assert len(kept()) == 2
    assert Receipt.objects.filter(event__isnull=True).count() == 10


def test_receipts_forget_the_pushes_that_go_and_no_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "PIECE", 3)
    gone, stays = old_events(house, 7), event(house, State.APPLIED, 29)
    Receipt.objects.create(account=house.account, event_id=stays, key="k", state="odd", status="")
    sweep.clean()
    assert kept() == {stays}
    assert Receipt.objects.filter(event__isnull=True).count() == len(gone)
    assert Receipt.objects.get(key="k").event_id == stays


def test_what_changed_since_the_look_is_left_alone(house: House) -> None:
    keys = old_events(house, 2)
    first, rows = CallbackEvent.objects.filter(pk=keys[0]), CallbackEvent.objects.filter(state=State.APPLIED)
    with before("UPDATE .*messaging_receipt", lambda: first.update(state=State.NEW)):
        assert purge.clear(rows) == 1
    assert kept() == {keys[0]}


def test_everybody_who_refers_to_what_goes_is_known() -> None:
    """The database deletes without asking Django: whoever refers in another way than to be set to nothing is refused."""
    assert purge.referring(CallbackEvent) == [(Receipt, "event")]
    assert purge.referring(VendorCall) == []
    with pytest.raises(NotImplementedError):
        purge.referring(Batch)
