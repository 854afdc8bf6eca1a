"""PostgreSQL is killed in the middle of a campaign, or takes no writes for a while, and comes back."""

import random
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import Error, connection

from campaigns.models import Campaign
from messaging.models import Attempt, CallbackEvent
from tests import postgres
from tests.faults.dispatches import Ground
from tests.installation import installation, looking_into

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("database-killed")]

SEEDS = range(1, 3)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="module")
def ground(server: postgres.Server, django_db_blocker) -> Iterator[Ground]:
    with installation(server.url) as place, looking_into(place.database_url, django_db_blocker):
        made = Ground(place)
        place.revive()
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_seed_postgresql_is_killed_while_sending(server: postgres.Server, ground: Ground, seed: int) -> None:
    chance = random.Random(seed)
    campaign = ground.campaign([f"134000{seed:02d}{n:03d}" for n in range(400)], f"库 {seed}")
    ground.start(campaign)
    tried = Attempt.objects.filter(batch__dispatch=campaign.dispatch_id)
    moment = chance.randrange(1, 16)
    ground.place.wait(
        "the sending has got so far", lambda: tried.count() >= moment, 40, lambda: ground.explain(campaign)
    )
    server.kill()
    connection.close()
    time.sleep(chance.uniform(0.0, 2.0))
    server.start()
    settle(ground, campaign)
    counted = ground.prove(campaign, f"seed {seed}, killed after {moment} requests")
    assert counted["unknown"] <= 40


def test_a_database_that_takes_no_writes_for_a_while(server: postgres.Server, ground: Ground) -> None:
    """As after a switch to a standby. Answers of the vendor and pushes meet it; what could not be written down is unknown
    until the receipts tell, which the vendor pushes again."""
    campaign = ground.campaign([f"13400099{n:03d}" for n in range(400)], "只读")
    ground.start(campaign)
    tried = Attempt.objects.filter(batch__dispatch=campaign.dispatch_id)
    ground.place.wait("the sending goes on", lambda: tried.count() >= 5, 40, lambda: ground.explain(campaign))
    only_reading(server, "on")
    time.sleep(2)
    only_reading(server, "off")
    assert ground.open_batches(campaign), "it came too late"
    settle(ground, campaign)
    ground.prove(campaign, "only reading for two seconds")
    assert not CallbackEvent.objects.filter(state=CallbackEvent.State.UNREADABLE).exists()


def only_reading(server: postgres.Server, word: str) -> None:
    with psycopg.connect(server.url, autocommit=True, options="-c default_transaction_read_only=off") as control:
        control.execute(f"ALTER SYSTEM SET default_transaction_read_only = {word}")
        control.execute("SELECT pg_reload_conf()")


def settle(ground: Ground, campaign: Campaign) -> None:
    def settled() -> bool:
        try:
            ground.mend_account()
            return ground.settled(campaign)
        except Error:
            connection.close()
            return False

    ground.place.wait("it is settled", settled, 90, lambda: ground.explain(campaign))
