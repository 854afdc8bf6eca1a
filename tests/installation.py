"""A whole installation as real processes on a database of its own, and this process looking into that database."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import connections

from messaging.models import SendingPolicy
from tests import tables
from tests.postgres import free_port
from tools.demo.processes import ROOT, Stack, wait_for
from tools.demo.sandbox_client import SandboxClient

VENDOR = "rcs_gateway"
# Everything that waits, waits shortly: a dead process is noticed in seconds.
HASTY = {
    "CLAIM_SECONDS": "5",
    "HTTP_DEADLINE_SECONDS": "3",
    "TURN_SECONDS": "2",
    "TICK_SECONDS": "1",
    "JOB_LOST_SECONDS": "5",
    "STUCK_SECONDS": "4",
    "STOP_GRACE_SECONDS": "2",
    "HEARTBEAT_RED_SECONDS": "20",
    "FENCE_WAIT_SECONDS": "4",
}


class Installation:
    """Sandbox, web and worker. `home` holds data and logs; the sandbox takes 50 ms for an answer."""

    def __init__(self, home: Path, database_url: str, env: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.database_url = database_url
        self.env = {
            **HASTY,
            **(env or {}),
            "DATABASE_URL": database_url,
            "DATA_DIR": str(home),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "SONGDA_LOCAL": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self.stack = Stack(web_port=free_port(), sandbox_port=free_port(), env=self.env, logs=home / "logs", threads=4)
        self.sandbox = SandboxClient(self.stack.sandbox_url)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env={**os.environ, **self.env},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(
                f"manage.py {' '.join(arguments)} exited {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def prepare(self) -> None:
        """The processes that are not the worker. A database on SQLite gets its tables here."""
        if self.database_url.startswith("sqlite:///"):
            shutil.copy(tables.sqlite_file(), self.database_url.removeprefix("sqlite:///"))
        self.stack.sandbox.start()
        self.stack.web.start()
        wait_for(f"{self.stack.sandbox_url}/_sandbox/state", self.stack.sandbox, self.stack.logs)
        wait_for(f"{self.stack.web_url}/admin/login/", self.stack.web, self.stack.logs)
        self.latency()

    def latency(self, *more: dict[str, Any], seed: int = 1) -> None:
        rules = [{"kind": "latency", "milliseconds": 50}, *more]
        self.sandbox.ask("faults", {"vendor": VENDOR, "rules": rules, "seed": seed})

    def restart_web(self) -> None:
        self.stack.web.start()
        wait_for(f"{self.stack.web_url}/admin/login/", self.stack.web, self.stack.logs)

    def worker_processes(self) -> dict[int, str]:
        """pid -> name of the worker and everything that it started, whatever the process group."""
        found = {self.stack.worker.pid: "supervisor"} if self.stack.worker.alive else {}
        parents = processes()
        grown = True
        while grown:
            new = {pid for pid, parent in parents.items() if parent in found and pid not in found}
            found.update({pid: _name(pid) for pid in new})
            grown = bool(new)
        return found

    def revive(self) -> None:
        """What systemd or a container runtime does: a worker command that has ended is started again."""
        if not self.stack.worker.alive:
            self.stack.worker.start()

    def stop(self) -> None:
        everybody = self.worker_processes()
        self.stack.stop(grace=10)
        for pid in everybody:
            if pid in processes():
                kill(pid, signal.SIGKILL)

    def wait(self, what: str, done: Callable[[], Any], seconds: float = 60, explain: Callable[[], str] = str) -> None:
        """Until it is so; else fails with what is known and the ends of the logs."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"Waited {seconds:.0f} s in vain until {what}.\n{explain()}\n{self.tails()}")
            self.revive()
            time.sleep(0.2)

    def tails(self, characters: int = 3000) -> str:
        logs = sorted(self.stack.logs.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-characters:]}" for log in logs)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def processes() -> dict[int, int]:
    """pid -> parent of every living process on this machine."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in ("Z", "X"):
            found[int(entry.parent.name)] = int(fields[1])
    return found


def _name(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return "gone"
    return next((line[15:].decode() for line in environment if line.startswith(b"Q_CLUSTER_NAME=")), "?")


@contextmanager
def looking_into(database_url: str, blocker: Any) -> Iterator[None]:
    """Django in this process works on that database, committing as any other process does. `blocker`: django_db_blocker."""
    import environ

    settings = environ.Env().db_url_config(database_url) | {"CONN_MAX_AGE": 60}
    if settings["ENGINE"].endswith("sqlite3"):
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA foreign_keys=ON; PRAGMA synchronous=OFF;",  # no power is cut here
        }
    before, connection_before = connections.settings["default"], connections["default"]
    with blocker.unblock():
        connections.settings["default"] = connections.configure_settings({"default": settings})["default"]
        connections["default"] = connections.create_connection("default")
        try:
            yield
        finally:
            connections["default"].close()
            connections.settings["default"] = before
            connections["default"] = connection_before


def no_limits() -> None:
    """Nobody has to approve, any hour will do, and no campaign stops itself: what is looked at here is the sending."""
    SendingPolicy(
        approve_people=None,
        approve_cost=None,
        approve_first_use=False,
        approve_outside_hours=False,
        marketing_from=None,
        marketing_until=None,
        stop_failed=None,
        stop_unknown=None,
        stop_opted_out=None,
    ).save()


@contextmanager
def installation(database_url: str = "", env: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """Prepared, without a worker; everything ends and goes at the end. Without an address: SQLite."""
    with tempfile.TemporaryDirectory(prefix="songda-faults-") as folder:
        home = Path(folder)
        made = Installation(home, database_url or f"sqlite:///{home / 'songda.sqlite3'}", env)
        try:
            made.prepare()
            yield made
        finally:
            made.stop()
