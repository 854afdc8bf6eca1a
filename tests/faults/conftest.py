"""Where the fault runs happen: an installation on SQLite, and one on a throw-away PostgreSQL."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.faults.rounds import Ground
from tests.installation import installation, looking_into


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def ground(request: pytest.FixtureRequest, django_db_blocker) -> Iterator[Ground]:
    """Sandbox and web run, a text is approved; the worker is not started. One for a module and database."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if request.param == "sqlite":
        with installation() as place, looking_into(place.database_url, django_db_blocker):
            yield Ground(place)
        return
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with (
        postgres.server() as server,
        installation(server.url) as place,
        looking_into(place.database_url, django_db_blocker),
    ):
        yield Ground(place)
