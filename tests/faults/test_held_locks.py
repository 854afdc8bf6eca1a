"""A claim that somebody else keeps from its locks gives up soon, says so, and costs other accounts nothing; a host whose
clock is wrong claims nothing. On PostgreSQL: SQLite has one writer and no clock."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from kit import clock
from kit.lock_errors import waited_in_vain
from messaging.accounts import rate_limit
from messaging.models import AccountRateLimit, Batch, Dispatch, DueWork, PendingJob, VendorAccount
from messaging.sending import claim, hand_over
from messaging.sending.claim import Claimed, Held
from messaging.worker import overdue, tasks
from tests.database import after
from tests.faults.conftest import bare_postgresql
from tests.faults.scenes import Scene

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("rows-postgres")]


@pytest.fixture(scope="module")
def base(django_db_blocker) -> Iterator[str]:
    with bare_postgresql(django_db_blocker):
        yield "postgres"


@contextmanager
def held(lock) -> Iterator[None]:
    """Another connection has locked what `lock` reads and then stands still, as a suspended host's does."""
    has, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(lock())
            has.set()
            done.wait(60)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join(10)


def took(act) -> tuple[object, float]:
    begun = time.monotonic()
    return act(), time.monotonic() - begun


def pace_of(dispatch: Dispatch):
    AccountRateLimit.objects.get_or_create(account=dispatch.account)
    return lambda: AccountRateLimit.objects.select_for_update().filter(account=dispatch.account)


def test_a_claim_waits_two_seconds_for_its_account_and_the_next_one_hardly_at_all(scene: Scene):
    dispatch, other = scene.dispatch(10, 5), scene.dispatch(10, 5)
    with held(pace_of(dispatch)):
        found, seconds = took(lambda: claim.claim_next(dispatch.pk))
        assert found == Held("busy")
        assert rate_limit.PATIENCE <= seconds < rate_limit.PATIENCE + 2
        found, seconds = took(lambda: claim.claim_next(dispatch.pk))
        assert found == Held("busy")
        assert seconds < 1, "it is known now who stands still"
        assert hand_over.send_some(dispatch.pk) == "busy", "the turn ends: others have work for this process"
        assert hand_over.send_some(other.pk) == "nothing"
    assert len(scene.times_sent()) == 10
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert set(scene.times_sent().values()) == {1}
    assert len(scene.times_sent()) == 20


def test_a_claim_whose_round_somebody_holds_gives_the_account_free_again(scene: Scene):
    first = scene.dispatch(10, 5)
    second = scene.dispatch(10, 5, account=first.account)
    with held(lambda: Dispatch.objects.select_for_update().filter(pk=first.pk)):
        assert claim.claim_next(first.pk) == Held("busy")
        assert hand_over.send_some(second.pk) == "nothing"


def test_the_claims_patience_is_its_own(scene: Scene):
    """What it sets ends with its transaction."""
    dispatch = scene.dispatch(10, 5)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
        assert isinstance(claim.claim_next(dispatch.pk), Claimed)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
        cursor.execute("RESET lock_timeout")


def test_a_step_of_the_tick_that_waits_in_vain_keeps_no_other_from_its_turn(scene: Scene, caplog):
    """A dispatch whose batch is held cannot be swept; the others are woken all the same."""
    stuck, other = scene.dispatch(5, 5), scene.dispatch(5, 5)
    long_ago = timezone.now() - timedelta(hours=1)
    Batch.objects.filter(dispatch=stuck).update(state="sending", claim="x", claimed_at=long_ago)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        with held(lambda: Batch.objects.select_for_update().filter(dispatch=stuck)):
            tasks.tick()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert "sweep_claims" in caplog.text
    assert PendingJob.objects.get(name=f"send:{other.pk}:0").since is not None


def test_due_work_is_noted_while_somebody_holds_its_account(scene: Scene):
    dispatch = scene.dispatch(5, 5)
    with held(lambda: VendorAccount.objects.select_for_update().filter(pk=dispatch.account_id)):
        _nothing, seconds = took(overdue.note)
    assert seconds < 1
    assert DueWork.objects.filter(account=dispatch.account_id, queue=dispatch.queue).exists()


def test_an_error_tells_whether_waiting_was_all_that_went_wrong(scene: Scene):
    dispatch = scene.dispatch(5, 5)
    with held(lambda: Dispatch.objects.select_for_update().filter(pk=dispatch.pk)):
        with pytest.raises(OperationalError) as caught, transaction.atomic():
            Dispatch.objects.select_for_update(nowait=True).get(pk=dispatch.pk)
        assert waited_in_vain(caught.value)
    assert not waited_in_vain(OperationalError("the connection is gone"))


# --- the clock ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_host_whose_clock_is_wrong_claims_nothing(scene: Scene, minutes: int):
    dispatch = scene.dispatch(10, 5)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        assert claim.claim_next(dispatch.pk) == Held("clock")
        assert clock.read().is_wrong
    assert isinstance(claim.claim_next(dispatch.pk), Claimed)


@pytest.mark.parametrize("seconds", [3, -3])
def test_a_few_seconds_are_forgiven_and_windows_go_by_the_databases_clock(scene: Scene, seconds: int):
    """The window opens in two seconds by the right clock: a host that is three ahead still waits, one behind is not late."""
    now = timezone.localtime()
    edge = (now + timedelta(seconds=2)).time()
    opens = {"window_from": edge, "window_until": edge.max}
    closes = {"window_from": edge.min, "window_until": edge}
    early, late = scene.dispatch(5, 5, **opens), scene.dispatch(5, 5, **closes)
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        assert claim.claim_next(early.pk) == Held("window")
        assert isinstance(claim.claim_next(late.pk), Claimed)


def test_what_the_question_took_is_not_taken_for_a_wrong_clock(scene: Scene):
    """A process that stood still while it asked."""
    with (
        time_machine.travel(timezone.now()) as traveller,
        after("clock_timestamp", lambda: traveller.shift(60)) as asked,
    ):
        assert not clock.read().is_wrong
    assert len(asked) == 1
