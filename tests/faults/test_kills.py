"""Processes are killed at random moments of a campaign: nobody is sent to twice, nobody is lost.

Every seed is a campaign of its own on one installation for each database. A failing seed again: `pytest -k "seed and 7"`.
"""

import random
import time
from collections.abc import Iterator

import pytest
from django.db import close_old_connections

from campaigns.models import Campaign
from messaging.accounts import health
from messaging.models import Attempt, Batch, CallbackEvent
from tests.faults.dispatches import Ground
from tests.installation import VENDOR, kill

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

SEEDS = range(1, 4)  # on each of the two databases
CUT_SEEDS = range(1, 3)
PEOPLE = 400
BATCHES = 20


def numbers(seed: int, block: int) -> list[str]:
    return [f"138{block:02d}{seed:02d}{n:04d}" for n in range(PEOPLE)]


@pytest.fixture(scope="module")
def running(ground: Ground) -> Ground:
    """The worker runs and has shown that it does."""
    ground.place.revive()
    warm = ground.campaign([f"13700000{n:03d}" for n in range(20)], "热身")
    ground.start(warm)
    settle(ground, warm)
    return ground


@pytest.fixture(autouse=True)
def fair_weather(running: Ground) -> Iterator[None]:
    """Every test begins with an account without a history of trouble and leaves a well-behaved vendor."""
    health.resume(running.account, running.actor)
    yield
    running.place.latency()
    running.place.sandbox.set(VENDOR, delay=0.2, duplicate_pushes=None, push_backoff=None)


def settle(ground: Ground, campaign: Campaign, seconds: float = 60) -> None:
    ground.place.wait("it is settled", lambda: ground.settled(campaign), seconds, lambda: ground.explain(campaign))


def start_and_wait_for_a_moment(ground: Ground, campaign: Campaign, chance: random.Random) -> None:
    """Return at a random point of the sending, always before its end."""
    ground.start(campaign)
    tried = Attempt.objects.filter(batch__dispatch=campaign.dispatch_id)
    moment = chance.randrange(BATCHES - 2)
    ground.place.wait(
        "the sending has got so far", lambda: tried.count() >= moment, 30, lambda: ground.explain(campaign)
    )
    time.sleep(chance.uniform(0, 0.08))


def strike(ground: Ground, chance: random.Random) -> str:
    """Kill one process of the worker, more often one that sends. Returns which."""
    alive = ground.place.worker_processes()
    senders = [pid for pid, name in alive.items() if name == "bulk"]
    victim = chance.choice(sorted(senders if senders and chance.random() < 0.5 else alive))
    kill(victim)
    return f"{alive[victim]} {victim}"


@pytest.mark.parametrize("seed", SEEDS)
def test_seed_a_killed_worker_process(running: Ground, seed: int) -> None:
    chance = random.Random(seed)
    campaign = running.campaign(numbers(seed, 10), f"杀 {seed}")
    start_and_wait_for_a_moment(running, campaign, chance)
    victim = strike(running, chance)
    settle(running, campaign)
    counted = running.prove(campaign, f"seed {seed}, killed {victim}")
    assert counted["unknown"] <= 40, "at most the two requests that were on the wire"


@pytest.mark.parametrize("seed", CUT_SEEDS)
def test_seed_answers_cut_after_acceptance_and_a_kill(running: Ground, seed: int) -> None:
    """The vendor took what was cut, so its receipts settle it; a person puts the account back that stopped itself."""
    chance = random.Random(seed)
    running.place.latency({"kind": "cut", "path": "templateSend", "probability": 0.3}, seed=seed)
    campaign = running.campaign(numbers(seed, 20), f"断 {seed}")
    running.start(campaign)
    time.sleep(chance.uniform(0.3, 1.5))
    victim = strike(running, chance)

    def done() -> bool:
        running.mend_account()
        return running.settled(campaign)

    running.place.wait("it is settled", done, 90, lambda: running.explain(campaign))
    counted = running.prove(campaign, f"seed {seed}, killed {victim}")
    assert counted["unknown"] <= 40, "what was cut was taken and is heard of; only killed requests stay unknown"
    assert Attempt.objects.filter(batch__dispatch=campaign.dispatch_id, reason="receipt").exists()


def test_an_answer_cut_before_acceptance_stays_unknown_and_is_not_sent_again(running: Ground) -> None:
    rule = {"kind": "cut", "path": "templateSend", "when": "before", "count": 2}
    running.place.latency(rule)
    campaign = running.campaign(numbers(1, 30), "未到")
    running.start(campaign)
    settle(running, campaign)
    counted = running.prove(campaign, "cut before acceptance")
    assert counted["unknown"] == 40
    assert Attempt.objects.filter(batch__dispatch=campaign.dispatch_id).count() == BATCHES


def test_the_web_process_is_killed_while_receipts_come(running: Ground) -> None:
    """The vendor pushes what was not acknowledged again; what was stored twice changes nothing."""
    running.place.sandbox.set(VENDOR, delay=0.0, duplicate_pushes=3, push_backoff=0.3)
    campaign = running.campaign(numbers(1, 40), "网")
    heard = CallbackEvent.objects.filter(kind="receipt").count()
    running.start(campaign)
    running.place.wait(
        "some receipts are here", lambda: CallbackEvent.objects.filter(kind="receipt").count() > heard + 3
    )
    running.place.stack.web.signal(9)
    time.sleep(0.5)
    running.place.restart_web()
    settle(running, campaign)
    counted = running.prove(campaign, "web killed")
    assert set(counted) == {"delivered", "failed"}


def test_a_dead_claimer_loses_nobody(running: Ground) -> None:
    """Claimed and never sent: back to the queue when its claim runs out, and sent once."""
    campaign = running.campaign(numbers(1, 50), "认领")
    batches = Batch.objects.filter(dispatch__campaign=campaign)
    running.start(campaign)
    time.sleep(0.3)
    for pid, name in running.place.worker_processes().items():
        if name == "bulk":
            kill(pid)
    close_old_connections()
    settle(running, campaign)
    running.prove(campaign, "the whole cluster killed")
    assert not batches.filter(state__in=("claimed", "sending")).exists()
