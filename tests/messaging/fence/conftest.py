"""Hosts: each has a FENCE_DIR of its own and processes that claim, as worker processes do, over the one database."""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F

from messaging import fence
from messaging.models import Batch, Fence, FenceHold, FenceMark
from messaging.sending import claim as sending_claim
from messaging.sending import hand_over
from tests.builders import phones

collect_ignore = [] if os.environ.get("DATABASE_URL", "").startswith("postgres") else ["test_server.py"]


class Host:
    """One machine. `process` is one of its worker processes."""

    def __init__(self, name: str, settings: Any, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
        self.name, self.place = name, place
        self._settings, self._monkeypatch = settings, monkeypatch
        self.supervisor = fence.Keeper()
        self.process = fence.Keeper()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._monkeypatch.setattr("socket.gethostname", lambda: self.name)
        self._settings.FENCE_DIR = self.place
        yield

    def beat(self) -> fence.Standing:
        with self.at_work():
            return self.supervisor.beat()

    def look(self) -> fence.Standing:
        with self.at_work():
            return self.process.look()

    def claim(self, dispatch: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        """What a worker process does; the claimed batch is left claimed."""
        with self.at_work():
            monkeypatch.setattr(fence.this_thread, "keeper", self.process)
            return sending_claim.claim_next(dispatch.pk)

    def send(self, dispatch: Any, monkeypatch: pytest.MonkeyPatch) -> str:
        with self.at_work():
            monkeypatch.setattr(fence.this_thread, "keeper", self.process)
            return hand_over.send_some(dispatch.pk, seconds=5)

    def ends(self) -> None:
        """SIGKILL: the kernel frees the locks, and nobody says goodbye."""
        for keeper in (self.supervisor, self.process):
            keeper.drop()
        self.supervisor, self.process = fence.Keeper(), fence.Keeper()

    def stops(self) -> None:
        from messaging.fence import keeper

        self.ends()
        with self.at_work():
            keeper.say_goodbye()

    def loses_its_disk(self) -> None:
        self.ends()
        for path in self.place.rglob("*.mark"):
            path.unlink()


@pytest.fixture
def hosts(settings, monkeypatch, tmp_path):
    made: dict[str, Host] = {}

    def host(name: str = "a") -> Host:
        return made.setdefault(name, Host(name, settings, monkeypatch, tmp_path / name))

    yield host
    for one in made.values():
        one.ends()


@pytest.fixture
def at_once(settings):
    """Nobody waits: whoever is not seen alive at the first look is not alive."""
    settings.SONGDA = {**settings.SONGDA, "FENCE_WAIT_SECONDS": 0}


@pytest.fixture
def queued(house):
    """A running dispatch of three batches at an account with two requests in flight."""
    return house.make_dispatch(phones(60))


class Backup:
    """The rows of the fence and of the batches as they were, and back to them. The tables of other tests' business stay."""

    def __init__(self) -> None:
        self.fence = Fence.objects.filter(pk=1).values().first()
        self.marks = list(FenceMark.objects.values())
        self.batches = list(Batch.objects.values("id", "state", "claim", "claimed_at", "attempts_made", "submitted_at"))

    def restore(self) -> None:
        from messaging.models import Attempt

        FenceHold.objects.all().delete()
        FenceMark.objects.all().delete()
        FenceMark.objects.bulk_create(FenceMark(**row) for row in self.marks)
        Fence.objects.filter(pk=1).update(**{name: value for name, value in self.fence.items() if name != "id"})
        known = {row["id"]: row["attempts_made"] for row in self.batches}
        for row in self.batches:
            Batch.objects.filter(pk=row["id"]).update(**{name: row[name] for name in row if name != "id"})
            Attempt.objects.filter(batch=row["id"], number__gt=known[row["id"]]).delete()


@pytest.fixture
def backup():
    return Backup


def age(**gap: float) -> None:
    """Everything that was written down becomes so much older."""
    FenceMark.objects.update(beat_at=F("beat_at") - timedelta(**gap))


def manage(*arguments: str) -> dict[str, Any]:
    """`manage.py fence … --json`."""
    out = StringIO()
    with contextlib.suppress(SystemExit):  # `status` while held
        call_command("fence", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def rule() -> int | None:
    found = fence.everywhere()
    return found.rule if found else None
