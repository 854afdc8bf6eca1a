"""What is kept only for a while, and how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging import tasks
from messaging.models import CallbackEvent, Receipt
from messaging.services import sweeping
from tests.builders import House

State = CallbackEvent.State


def event(house: House, state: str, days: float) -> int:
    """A push that arrived so many days ago."""
    made = CallbackEvent.objects.create(account=house.account, kind="receipt", body=b"?", state=state)
    CallbackEvent.objects.filter(pk=made.pk).update(arrived_at=timezone.now() - timedelta(days=days))
    return made.pk


def kept() -> set[int]:
    return set(CallbackEvent.objects.values_list("pk", flat=True))


def test_unreadable_pushes_go_after_six_months_and_no_sooner(house: House) -> None:
    young, old = event(house, State.UNREADABLE, 183.9), event(house, State.UNREADABLE, 184.1)
    sweeping.clean()
    assert kept() == {young}
    assert old not in kept()


def test_applied_ones_go_after_a_month_and_waiting_ones_never(house: House) -> None:
    waiting, fresh = event(house, State.NEW, 4000), event(house, State.APPLIED, 29)
    event(house, State.APPLIED, 31)
    sweeping.clean()
    assert kept() == {waiting, fresh}


@pytest.mark.parametrize(
    ("days", "age", "gone"), [(365, 300, False), (365, 366, True), (30, 100, False), (30, 185, True)]
)
def test_the_setting_makes_it_longer_and_never_shorter_than_the_law(
    house: House, settings: Any, days: int, age: int, gone: bool
) -> None:
    settings.SONGDA = {**settings.SONGDA, "UNREADABLE_KEEP_DAYS": days}
    event(house, State.UNREADABLE, age)
    sweeping.clean()
    assert bool(kept()) is not gone


def test_what_was_made_of_a_push_stays_without_it(house: House) -> None:
    old = event(house, State.UNREADABLE, 200)
    Receipt.objects.create(account=house.account, event_id=old, key="k", state="odd", status="")
    sweeping.clean()
    assert Receipt.objects.get().event is None


def test_the_slow_round_does_it(house: House) -> None:
    event(house, State.UNREADABLE, 200)
    tasks.housekeeping()
    assert kept() == set()
