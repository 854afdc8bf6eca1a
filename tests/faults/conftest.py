"""Where the fault runs happen: an installation on SQLite, and one on a throw-away PostgreSQL; or the bare databases."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests import postgres, tables
from tests.faults.dispatches import Ground
from tests.faults.scenes import Scene
from tests.installation import installation, looking_into, no_limits


def beside_each_other(group: str) -> list[ParameterSet]:
    """Both databases as parameters, each in a group of its own: groups run beside each other, a group one after the other."""
    names = ("sqlite", "postgres")
    return [pytest.param(name, marks=pytest.mark.xdist_group(f"{group}-{name}")) for name in names]


@pytest.fixture(scope="module", params=beside_each_other("faults"))
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


@pytest.fixture(scope="module", params=beside_each_other("rows"))
def base(request, tmp_path_factory, django_db_blocker) -> Iterator[str]:
    """A real database with tables; name of its kind."""
    if request.param == "postgres":
        with bare_postgresql(django_db_blocker):
            yield "postgres"
        return
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    path: Path = tmp_path_factory.mktemp("base") / "base.sqlite3"
    shutil.copy(tables.sqlite_file(), path)
    with looking_into(f"sqlite:///{path}", django_db_blocker):
        no_limits()
        yield "sqlite"


@contextmanager
def bare_postgresql(blocker: Any) -> Iterator[None]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("brings its own databases; runs with the suite on SQLite")
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as server, looking_into(server.url, blocker):
        no_limits()
        yield


@pytest.fixture
def scene(base: str, sandbox: Any) -> Scene:
    return Scene(sandbox)
