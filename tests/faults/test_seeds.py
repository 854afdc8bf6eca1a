"""Four kills by seeds on each database: `python -m tests.faults` in small. Any four seeds have every victim and every stage."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.faults import table
from tests.faults.conftest import beside_each_other
from tests.faults.grounds import Field, field
from tests.faults.seeds import STAGES, VICTIMS, case

SEEDS = range(1, 5)


@pytest.fixture(scope="module", params=beside_each_other("seeds"))
def ground(request: pytest.FixtureRequest, django_db_blocker) -> Iterator[Field]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if request.param == "postgres" and postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with field(request.param, django_db_blocker) as made:
        yield made


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.postgres
@pytest.mark.parametrize("seed", SEEDS)
def test_seed_of_a_kill(ground: Field, seed: int) -> None:
    proof = ground.run(case(seed))
    assert not proof.faults, f"{table.head()}\n{table.row(proof)}"
    assert len(proof.story.killer.hits) == proof.story.case.kills
    assert (proof.lost, proof.doubled) == (0, 0)
    assert proof.sent + proof.counts["unknown"] == len(proof.story.numbers)


def test_the_seeds_spread_over_all_victims_and_stages() -> None:
    assert {(case(seed).victim, case(seed).stage) for seed in range(1, 17)} == {(v, s) for v in VICTIMS for s in STAGES}
    few = [case(seed) for seed in SEEDS]
    assert {one.victim for one in few} == set(VICTIMS)
    assert {one.stage for one in few} == set(STAGES)
    assert {one.kills for one in (case(seed) for seed in range(1, 51))} == {1, 2}
