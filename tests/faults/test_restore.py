"""A backup is put back on a running installation, by real processes: nobody is sent to twice, and after deciding from the
vendor's list everybody has been sent to. And what is healthy asks nothing.

Each database has one installation, whose campaigns come one after the other."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import close_old_connections, connections

from campaigns.models import Campaign
from messaging.models import Attempt, FenceHold
from tests import postgres
from tests.faults.conftest import beside_each_other
from tests.faults.dispatches import Ground
from tests.installation import VENDOR, Installation, installation, looking_into
from tools.bench.postgres import Server

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]
PEOPLE = 400


class Base:
    """The database of the installation: backed up while it is in use, and put back."""

    def __init__(self, place: Installation, server: Server | None) -> None:
        self.place, self.server = place, server
        self.copy = place.home / "backup"

    def back_up(self) -> None:
        if self.server is not None:
            self._client("pg_dump", "-Fc", "-f", str(self.copy), self.place.database_url)
            return
        with closing(sqlite3.connect(self._file())) as source, closing(sqlite3.connect(self.copy)) as target:
            source.backup(target)

    def put_back(self, url: str = "") -> None:
        """Into the same database, or into the empty one at `url`."""
        if self.server is not None:
            if not url:
                self._client("psql", "-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public", self.place.database_url)
            self._client("pg_restore", "--no-owner", "-d", url or self.place.database_url, str(self.copy))
            return
        connections.close_all()
        for path in self._file().parent.glob(f"{self._file().name}*"):
            path.unlink()
        shutil.copy(self.copy, self._file())

    def _file(self) -> Path:
        return Path(self.place.database_url.removeprefix("sqlite:///"))

    def _client(self, program: str, *arguments: str) -> None:
        assert self.server is not None
        done = subprocess.run(
            [str(self.server.bin / program), *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0 or program == "pg_restore", done.stderr


@pytest.fixture(scope="module", params=beside_each_other("restore"))
def base(request: pytest.FixtureRequest, django_db_blocker) -> Iterator[tuple[Ground, Base]]:
    if request.param == "sqlite":
        with installation() as place, looking_into(place.database_url, django_db_blocker):
            yield Ground(place), Base(place, None)
        return
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with (
        postgres.server() as server,
        installation(server.url) as place,
        looking_into(place.database_url, django_db_blocker),
    ):
        yield Ground(place), Base(place, server)


def status(place: Installation) -> dict:
    return json.loads(place.manage("fence", "status", "--json", check=False).stdout)


def stop_worker(place: Installation, number: int = signal.SIGTERM) -> None:
    if number == signal.SIGKILL:
        for pid in place.worker_processes():
            with_pid = pid
            subprocess.run(["kill", "-9", str(with_pid)], check=False)
    place.stack.worker.stop(60)


def settle(ground: Ground, campaign: Campaign) -> None:
    ground.place.wait("it is settled", lambda: ground.settled(campaign), 90, lambda: ground.explain(campaign))


def people(block: int, count: int = PEOPLE) -> list[str]:
    return [f"139{block:04d}{n:04d}" for n in range(count)]


def half_sent(ground: Ground, base: Base, block: int) -> Campaign:
    """A campaign that was backed up in the middle of its sending, and then went on to its end; the worker is stopped."""
    ground.place.revive()
    campaign = ground.campaign(people(block), f"还原 {block}")
    ground.start(campaign)
    tried = Attempt.objects.filter(batch__dispatch=campaign.dispatch_id)
    ground.place.wait("some of it is sent", lambda: tried.count() >= 5, 30, lambda: ground.explain(campaign))
    base.back_up()
    settle(ground, campaign)
    stop_worker(ground.place)
    assert set(ground.accepted(campaign).values()) == {1}
    return campaign


def decide_from_the_ledger(ground: Ground, place: Installation, block: int) -> None:
    counts = ground.place.sandbox.counts(VENDOR)
    path = place.home / "ledger.csv"
    path.write_text("\n".join(["手机号", *(phone for phone in people(block) if counts.get(phone))]))
    told = ("--sent-from", str(path), "--queued", "let-go", "--reason", "核对过")
    done = json.loads(place.manage("fence", "decide", "--opt-outs", "waive", *told, "--json").stdout)
    assert done["open"] is True, done


def held(place: Installation) -> int:
    """Waits until it is, and returns the rule."""
    place.wait("sending is held", lambda: not status(place)["open"], 60)
    return status(place)["holds"][0]["rule"]


def test_a_backup_put_back_into_the_same_database(base) -> None:
    ground, own = base
    place = ground.place
    half_sent(ground, own, 1)
    before = place.sandbox.counts(VENDOR)
    own.put_back()
    place.stack.web.stop(5)
    place.restart_web()
    place.stack.worker.start()
    assert held(place) == 4
    time.sleep(3)
    assert place.sandbox.counts(VENDOR) == before, "nobody got it twice while it was held"
    alive = place.manage("queue_alive", check=False)
    assert alive.returncode == 1
    assert "Sending is held" in alive.stderr
    assert place.manage("verify", check=False).returncode == 1
    close_old_connections()
    campaign = Campaign.objects.get(name="还原 1")
    decide_from_the_ledger(ground, place, 1)
    place.wait("all is decided", lambda: not ground.open_batches(campaign), 60, lambda: ground.explain(campaign))
    assert ground.accepted(campaign) == dict.fromkeys(people(1), 1)
    assert place.manage("verify", check=False).returncode == 0


def test_some_who_were_never_sent_to_are_sent_to_after_deciding(base) -> None:
    """The original broke down in the middle: the vendor's list lacks some, and those get it now."""
    ground, own = base
    place = ground.place
    place.revive()
    campaign = ground.campaign(people(2), "还原 2")
    ground.start(campaign)
    tried = Attempt.objects.filter(batch__dispatch=campaign.dispatch_id)
    place.wait("some of it is sent", lambda: tried.count() >= 4, 30, lambda: ground.explain(campaign))
    own.back_up()
    place.wait("a little more of it is sent", lambda: tried.count() >= 8, 30, lambda: ground.explain(campaign))
    stop_worker(place, signal.SIGKILL)
    own.put_back()
    place.stack.web.stop(5)
    place.restart_web()
    place.stack.worker.start()
    assert held(place) == 4
    decide_from_the_ledger(ground, place, 2)
    close_old_connections()
    campaign = Campaign.objects.get(name="还原 2")
    place.wait("all is sent", lambda: not ground.open_batches(campaign), 60, lambda: ground.explain(campaign))
    assert ground.accepted(campaign) == dict.fromkeys(people(2), 1)


def test_a_dump_started_elsewhere_sends_nothing(base, tmp_path, django_db_blocker) -> None:
    ground, own = base
    if own.server is None:
        return  # a file on another machine is the case of a host without a file: tests/messaging/fence
    half_sent(ground, own, 3)
    before = ground.place.sandbox.counts(VENDOR)
    with postgres.empty_server() as server:
        other = Installation(tmp_path, server.url)
        own.put_back(server.url)
        other.stack.worker.start()
        try:
            assert held(other) == 2
            time.sleep(3)
            assert ground.place.sandbox.counts(VENDOR) == before
            decide_from_the_ledger(ground, other, 3)
            with looking_into(server.url, django_db_blocker):
                campaign = Campaign.objects.get(name="还原 3")
                other.wait("all is decided", lambda: not ground.open_batches(campaign), 60)
                assert ground.accepted(campaign) == dict.fromkeys(people(3), 1)
        finally:
            other.stack.worker.stop(10)


def test_restarts_a_second_host_and_a_container_without_its_file_ask_nothing(base, tmp_path) -> None:
    ground, _own = base
    place = ground.place
    place.revive()
    first = ground.campaign(people(4, 100), "健康 4")
    ground.start(first)
    settle(ground, first)
    # killed as a whole, and started again
    stop_worker(place, signal.SIGKILL)
    place.stack.worker.start()
    second = ground.campaign(people(5, 100), "健康 5")
    ground.start(second)
    settle(ground, second)
    # another host beside it
    other = Installation(tmp_path, place.database_url, {"FENCE_DIR": str(tmp_path / "fence")})
    other.stack.worker.start()
    place.wait("the second host has its file", lambda: any((tmp_path / "fence").rglob("*.mark")), 60)
    other.stack.worker.stop(60)
    # stopped in order, and started without the files: a container without a volume
    stop_worker(place)
    shutil.rmtree(place.home / "fence")
    place.stack.worker.start()
    third = ground.campaign(people(6, 100), "健康 6")
    ground.start(third)
    settle(ground, third)
    for campaign, block in ((first, 4), (second, 5), (third, 6)):
        assert ground.accepted(campaign) == dict.fromkeys(people(block, 100), 1)
    known = set(FenceHold.objects.values_list("rule", flat=True))
    assert status(place)["open"] is True
    assert known <= {4}, "only the restores of the tests before"
