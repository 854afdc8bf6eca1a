"""A process that stood still between the permission to send and the first byte sends nothing, and nobody is lost by it."""

import itertools
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from messaging.gateway.contract_suite import account as account_at
from messaging.gateway.departure import Departure
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome, TransportError
from messaging.gateway.types import WireRequest
from messaging.models import Attempt, Batch
from messaging.sending import dispatches, hand_over, outcomes, unknown
from messaging.states import DispatchState
from messaging.worker import sweep
from tests.builders import phones
from tests.database import after, before, on_the_hosts_clock
from tests.messaging.gateway import wires

pytestmark = pytest.mark.django_db


_number = itertools.count(1)


@pytest.fixture(autouse=True)
def clocks(settings):
    """All clocks are moved together, and stay where they were moved to until the test is over. The kept adapter is its own: it
    remembers the last moment for which it has signed."""
    settings.SONGDA = {**settings.SONGDA, "HTTP_DEADLINE_SECONDS": 29 + next(_number) / 1000}
    with time_machine.travel(timezone.now()) as traveller, on_the_hosts_clock():
        yield traveller


# It is written down that this attempt may be on the wire; and, before that, who it goes to is read.
PERMITTED = r"INSERT INTO \W?messaging_attempt"
PEOPLE = "SELECT phone, variables FROM messaging_delivery"


def batch_of(dispatch):
    return Batch.objects.get(dispatch=dispatch)


@pytest.fixture
def standstill(clocks):
    """(seconds, act): the process stands still for so long once it has heard that it may send; `act` happens meanwhile."""

    @contextmanager
    def stand_still(seconds, act=lambda: None):
        def stop():
            act()
            clocks.shift(seconds)

        with after(PERMITTED, stop) as met:
            yield
        assert len(met) == 1

    return stand_still


@pytest.fixture
def alarm():
    """What the queue does to a process that takes too long: a signal ends what its main thread is doing."""

    def end(_number, _frame):
        raise SystemExit

    before = signal.signal(signal.SIGUSR1, end)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def test_what_stood_still_for_long_is_not_sent_and_queued_again(house, standstill):
    dispatch = house.make_dispatch(phones(3))
    with standstill(25):
        hand_over.send_some(dispatch.pk)
    batch = batch_of(dispatch)
    assert (batch.state, batch.reason, house.accepted()) == ("queued", "stood_still", {})
    assert list(Attempt.objects.values_list("outcome", "reason")) == [("not_taken", "stood_still")]
    call = Attempt.objects.get().calls.get()
    assert call.answer == "25 s went by before the request could leave; nothing was sent"
    Batch.objects.update(not_before=None)
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_a_moment_is_no_standstill(house, standstill):
    dispatch = house.make_dispatch(phones(3))
    with standstill(2):
        hand_over.send_some(dispatch.pk)
    assert house.accepted() == dict.fromkeys(phones(3), 1)


@pytest.mark.parametrize(
    ("act", "state"), [(dispatches.cancel, "cancelled"), (dispatches.pause, "queued")], ids=["cancelled", "paused"]
)
def test_a_decision_made_meanwhile_holds(house, standstill, act, state):
    dispatch = house.make_dispatch(phones(3))
    with standstill(25, lambda: act(dispatch)):
        hand_over.send_some(dispatch.pk)
    Batch.objects.update(not_before=None)
    sweep.close_and_finish()
    hand_over.send_some(dispatch.pk)
    assert (batch_of(dispatch).state, house.accepted()) == (state, {})


def test_what_is_past_its_time_meanwhile_is_too_late(house, standstill):
    dispatch = house.make_dispatch(phones(3), send_until=timezone.now() + timedelta(seconds=60))
    with standstill(90):
        hand_over.send_some(dispatch.pk)
    type(dispatch).objects.filter(pk=dispatch.pk).update(send_until=timezone.now() - timedelta(seconds=1))
    sweep.close_and_finish()
    assert (batch_of(dispatch).state, house.accepted()) == ("too_late", {})


def swept(dispatch):
    """It stood still for so long that its batch was given up, and the dispatch ended without it."""
    Batch.objects.update(claimed_at=timezone.now() - timedelta(minutes=10))
    assert sweep.sweep_claims() == (0, 1)
    sweep.close_and_finish()
    dispatch.refresh_from_db()
    assert (batch_of(dispatch).state, dispatch.state) == ("unknown", "done")


def test_who_was_given_up_as_unknown_and_certainly_not_sent_to_is_sent_to_after_all(house, standstill):
    dispatch = house.make_dispatch(phones(3))
    with standstill(600, lambda: swept(dispatch)):
        hand_over.send_some(dispatch.pk)
    assert (batch_of(dispatch).state, house.accepted()) == ("queued", {})
    Batch.objects.update(not_before=None)
    sweep.close_and_finish()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.RUNNING
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_what_the_vendor_was_asked_about_meanwhile_stays_unknown(house, standstill):
    """Asking is sending where nothing had arrived."""
    dispatch = house.make_dispatch(phones(3))

    def asked():
        swept(dispatch)
        batch = batch_of(dispatch)
        Batch.objects.update(attempts_made=2)
        first = Attempt.objects.get()
        Attempt.objects.create(
            batch=batch,
            account=first.account,
            number=2,
            reference=first.reference,
            is_vendor_check=True,
            started_at=timezone.now(),
        )

    with standstill(600, asked):
        hand_over.send_some(dispatch.pk)
    assert (batch_of(dispatch).state, house.accepted()) == ("unknown", {})


def test_what_a_person_decided_meanwhile_holds(house, standstill):
    dispatch = house.make_dispatch(phones(3))

    def decided():
        swept(dispatch)
        assert unknown.mark_sent(batch_of(dispatch), None, "in their console")

    with standstill(600, decided):
        hand_over.send_some(dispatch.pk)
    assert (batch_of(dispatch).state, house.accepted()) == ("submitted", {})


def test_a_process_that_ends_before_the_first_byte_gives_its_batch_back(house, monkeypatch, alarm):
    """The queue's alarm comes as soon as a machine that stood still goes on: here while the address is looked up."""
    dispatch = house.make_dispatch(phones(45), per_batch=15)
    look_up, ended = socket.getaddrinfo, threading.Event()

    def slow(*args, **options):
        alarm()
        ended.wait(10)
        return look_up(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(SystemExit):
            hand_over.send_some(dispatch.pk)
    ended.set()
    assert set(Batch.objects.values_list("state", flat=True)) == {"queued"}
    Batch.objects.update(not_before=None)
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(45), 1)


def test_a_process_that_ends_before_it_hears_that_it_may_send_gives_its_batch_back(house):
    """The permission is committed, its answer never read."""
    dispatch = house.make_dispatch(phones(3))
    with after(PERMITTED, sys.exit), pytest.raises(SystemExit):
        hand_over.send_some(dispatch.pk)
    assert list(Attempt.objects.values_list("outcome", "reason")) == [("not_taken", "stood_still")]
    assert (batch_of(dispatch).state, batch_of(dispatch).reason) == ("queued", "stood_still")
    Batch.objects.update(not_before=None)
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_what_somebody_else_has_on_the_wire_meanwhile_is_not_taken_back(house):
    """The claim was swept while its process stood still, and another one sends the batch."""
    dispatch = house.make_dispatch(phones(3))

    def too_late():
        Batch.objects.update(state="claimed", claim="another")
        assert hand_over.begin(Batch.objects.get(), dispatch)
        raise SystemExit

    with before(PEOPLE, too_late), pytest.raises(SystemExit):
        hand_over.send_some(dispatch.pk)
    assert batch_of(dispatch).state == "sending"
    assert Attempt.objects.get().outcome == "open"


def test_a_process_that_ends_after_the_first_byte_leaves_it_open(house, sandbox, alarm):
    dispatch = house.make_dispatch(phones(3))
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "timeout_after_accept", "seconds": 5}])

    def watch():
        while not house.accepted():
            time.sleep(0.01)
        alarm()

    threading.Thread(target=watch, daemon=True).start()
    with pytest.raises(SystemExit):
        hand_over.send_some(dispatch.pk)
    assert batch_of(dispatch).state == "sending"
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_receipts_that_come_before_the_time_out_close_the_attempt_as_accepted(house):
    from messaging.gateway.types import SendResult, Verdict

    dispatch = house.make_dispatch(phones(3))
    from messaging.sending import claim

    found = claim.claim_next(dispatch.pk)
    attempt, _request = hand_over.begin(found.batch, found.dispatch)
    Batch.objects.update(n_delivered=1)
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.UNKNOWN, "no_answer")))
    assert batch_of(dispatch).state == "submitted"
    assert list(Attempt.objects.values_list("outcome", "reason")) == [("accepted", "receipt")]


REQUEST = WireRequest("send", "POST", "/send", {}, b"{}", {}, people=1)


def test_not_a_byte_leaves_when_it_is_too_late():
    with wires.raw_server(wires.answering(200, b"ok")) as server:
        http = Http(account_at(server.url, {}))
        http.departure = Departure()
        with time_machine.travel(timezone.now() + timedelta(seconds=30)), pytest.raises(TransportError) as caught:
            http.exchange(REQUEST)
        assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_TAKEN, "stood_still")
        http.departure = None
        assert http.exchange(REQUEST).body == b"ok"
        assert len(server.requests) == 1


def test_what_was_called_off_does_not_leave():
    with wires.raw_server(wires.answering(200, b"ok")) as server:
        http = Http(account_at(server.url, {}))
        http.departure = Departure()
        assert http.departure.call_off() is True
        with pytest.raises(TransportError) as caught:
            http.exchange(REQUEST)
        assert caught.value.outcome is Outcome.NOT_TAKEN
        assert server.requests == []


def test_what_has_left_cannot_be_called_off():
    with wires.raw_server(wires.answering(200, b"ok")) as server:
        http = Http(account_at(server.url, {}))
        http.departure = Departure()
        http.exchange(REQUEST)
        assert http.departure.call_off() is False
