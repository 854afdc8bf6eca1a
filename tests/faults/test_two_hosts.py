"""Two worker hosts with production's time-outs: one stands still inside a claim, and everything is stopped while both send."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
from django.db import close_old_connections

from messaging.models import Attempt, Heartbeat, SendingStop
from messaging.sending import stop_switch
from tests import postgres
from tests.faults.dispatches import Ground
from tests.faults.story import person_of
from tests.faults.two_hosts import PRODUCTION, PROMISE, Host, second_host, seconds_until, sent, stop_inside
from tests.installation import VENDOR, installation, looking_into

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("two-hosts")]

_block = iter(range(10, 99))


@pytest.fixture(scope="module")
def ground(django_db_blocker) -> Iterator[Ground]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with (
        postgres.server() as server,
        installation(server.url, PRODUCTION) as place,
        looking_into(server.url, django_db_blocker),
    ):
        made = Ground(place, in_flight=4)
        place.revive()
        yield made


@pytest.fixture
def second(ground: Ground) -> Iterator[Host]:
    with second_host(ground) as host:
        mine = Heartbeat.objects.filter(name__startswith="queue:", name__endswith=f"-{host.child.pid}:bulk")
        ground.place.wait("the second host's senders run", mine.exists, 90)
        yield host


def under_way(ground: Ground, people: int):
    block = next(_block)
    ground.place.sandbox.ask(
        "faults", {"vendor": VENDOR, "rules": [{"kind": "latency", "milliseconds": 150}], "seed": 1}
    )
    before = sent(ground.place)
    campaign = ground.campaign([f"137{block}{n:06d}" for n in range(people)], f"两台 {block}")
    ground.start(campaign)
    ground.place.wait(
        "it is under way", lambda: sent(ground.place) > before + 100, 60, lambda: ground.explain(campaign)
    )
    return campaign


def ends_well(ground: Ground, campaign) -> None:
    ground.place.latency()
    ground.place.wait("it is settled", lambda: ground.settled(campaign), 120, lambda: ground.explain(campaign))
    ground.prove(campaign, "two hosts")


def test_a_host_that_stands_still_inside_a_claim_keeps_nobody_for_long(ground: Ground, second: Host) -> None:
    person = person_of(ground)
    campaign = under_way(ground, 4000)
    stop_inside(second, "claim")
    stood = time.monotonic()
    try:
        answer = person.session.post(
            f"{person.base}/campaigns/campaign/{campaign.pk}/pause/",
            data={"csrfmiddlewaretoken": person.session.cookies["csrftoken"]},
            timeout=60,
        )
        assert answer.status_code in (200, 503), answer.status_code
        answered = time.monotonic() - stood
        assert answered < 10, "5 s for the lock, and the page itself"
        if answer.status_code == 200:
            person.post(f"/campaigns/campaign/{campaign.pk}/resume/")
        before = sent(ground.place)
        went_on = time.monotonic() - stood + seconds_until(lambda: sent(ground.place) > before, PROMISE)
        assert went_on < PROMISE
        close_old_connections()
    finally:
        second.signal(signal.SIGCONT)
    ends_well(ground, campaign)


def test_the_switch_stops_both_within_five_seconds(ground: Ground, second: Host) -> None:
    campaign = under_way(ground, 3000)
    stop = stop_switch.stop("演练：两台机器")
    time.sleep(5)
    after_five = sent(ground.place)
    time.sleep(6)
    assert sent(ground.place) == after_five
    assert not Attempt.objects.filter(started_at__gt=stop.stopped_at + stop_grace()).exists()
    assert ground.open_batches(campaign) > 0, "there was something to stop"
    assert stop_switch.resume("演练结束")
    ends_well(ground, campaign)
    assert SendingStop.objects.get().holds is None


def stop_grace():
    from datetime import timedelta

    return timedelta(seconds=1)  # the times of attempts are their host's, written just before the statement
