"""A database that was put back behind what was sent sends nothing until somebody has decided, and then nobody twice. Fifty seeds of
each table run by `make drills`; here one put back on PostgreSQL, one on SQLite, and one that must not be held."""

import os
from typing import Any

import pytest

from tests import postgres
from tests.faults import restores

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]
# A replica that lagged, an older SQLite file.
SEEDS = (2, 5)
HEALTHY_SEEDS = (3,)


@pytest.fixture(autouse=True)
def own_databases() -> None:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)


@pytest.mark.parametrize("seed", SEEDS)
def test_put_back(seed: int, django_db_blocker: Any) -> None:
    result = restores.restored(restores.restored_case(seed), django_db_blocker)
    assert (result.faults, result.doubled, result.lost) == ([], 0, 0), result.line()
    assert result.held


@pytest.mark.parametrize("seed", HEALTHY_SEEDS)
def test_nobody_is_asked_while_all_is_well(seed: int, django_db_blocker: Any) -> None:
    result = restores.healthy(restores.healthy_case(seed), django_db_blocker)
    assert (result.faults, result.lost, result.unknown) == ([], 0, 0), result.line()
