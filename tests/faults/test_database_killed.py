"""PostgreSQL is killed and comes back in the middle of a campaign."""

import random
import time
from collections.abc import Iterator

import pytest
from django.db import Error, connection

from messaging.models import Attempt
from tests import postgres
from tests.faults.rounds import Ground
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

    def settled() -> bool:
        try:
            ground.mend_account()
            return ground.settled(campaign)
        except Error:
            connection.close()
            return False

    ground.place.wait("it is settled", settled, 90, lambda: ground.explain(campaign))
    counted = ground.prove(campaign, f"seed {seed}, killed after {moment} requests")
    assert counted["unknown"] <= 40
