"""A database that forgets: backups restored, replicas promoted, folders put back, all while a campaign is being sent.

`python -m tests.faults --restores` runs seeds 1 to 50 of each of two tables:

restored   the database is put back behind what was sent; nobody may be sent to before somebody has decided, and with the vendor's
           list everybody is sent to exactly once
healthy    restarts, more workers, a promotion that lost nothing, new containers: nobody is asked anything
"""

import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Error

from tests import postgres, tables
from tests.installation import VENDOR, Installation, kill, looking_into
from tools.demo.processes import Stack, wait_for

RESTORED = ("elsewhere", "same cluster", "replica", "data folder", "all put back", "older SQLite file")
HEALTHY = ("rolling restart", "more workers", "killed", "new container", "lossless promotion")
PEOPLE, BATCH = 200, 5
QUICK = ("fsync=off", "max_wal_senders=4", "wal_keep_size=256MB")
HELD_WITHIN = 40.0  # seconds until a worker that must not send says so
NOT_SENT_FOR = 3.0  # seconds in which the ledger must not grow


@dataclass(frozen=True)
class Case:
    """`backup_at`: people sent to when the backup is taken. `ends`: how the first life ends. `keeps_files`: the second life has
    the first one's FENCE_DIR."""

    seed: int
    kind: str
    backup_at: int
    ends: str
    keeps_files: bool
    has_list: bool

    @property
    def uses_sqlite(self) -> bool:
        return self.kind == "older SQLite file"


def restored_case(seed: int) -> Case:
    chance = random.Random(seed)
    kind = RESTORED[seed % len(RESTORED)]
    # A clean stop within a quarter of an hour and no files look like a new container: these kinds keep theirs.
    keeps = kind in ("data folder", "all put back", "older SQLite file") or chance.random() < 0.6
    ends = chance.choice(("finished", "killed"))
    return Case(seed, kind, chance.randrange(10, PEOPLE - 60), ends, keeps, chance.random() < 0.8)


@dataclass
class Result:
    """One line of a table. `unknown`: people whom nobody lost, but of whom a person must still decide."""

    case: Any
    sent_before: int = 0
    held: str = ""
    doubled: int = 0
    lost: int = 0
    unknown: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        name = f"{self.case.seed:>5} | {self.case.kind:<18} | {self.sent_before:>6} | {self.held:<12}"
        return f"| {name} | {self.unknown:>7} | {self.lost:>4} | {self.doubled:>7} | {'; '.join(self.faults) or 'ok'}"


HEAD = "|  seed | what               | before | held by rule | unknown | lost | doubled | \n|---|---|---|---|---|---|---|---"


class Life:
    """Web and worker on one state of the database. Their sandbox is the first life's: the vendor forgets nothing."""

    def __init__(self, place: Installation, url: str, files: Path, name: str) -> None:
        self.place, self.url, self.files = place, url, files
        place.env |= {"DATABASE_URL": url, "FENCE_DIR": str(files)}
        ports = (int(place.stack.web_url.rpartition(":")[2]), int(place.stack.sandbox_url.rpartition(":")[2]))
        self.stack = Stack(web_port=ports[0], sandbox_port=ports[1], env=place.env, logs=place.home / name, threads=4)
        self.stack.sandbox = place.stack.sandbox
        place.stack = self.stack
        self.more: list[Stack] = []

    def start_web(self) -> None:
        self.stack.web.start()
        wait_for(f"{self.stack.web_url}/admin/login/", self.stack.web, self.stack.logs)

    def start_worker(self) -> None:
        self.stack.worker.start()

    def another_worker(self, files: Path) -> None:
        """On another host, as far as marks go: with files of its own."""
        env = {**self.place.env, "FENCE_DIR": str(files)}
        other = Stack(web_port=1, sandbox_port=1, env=env, logs=self.place.home / files.name / "logs")
        other.worker.start()
        self.more.append(other)

    def stop_worker(self, how: str = "") -> None:
        if how == "killed":
            for pid in self.place.worker_processes():
                kill(pid)
        self.stack.worker.stop(10)

    def end(self) -> None:
        for other in self.more:
            other.worker.stop(10)
        self.stop_worker()
        self.stack.web.stop(5)


class Run:
    """One seed: the first life of an installation, and what becomes of it."""

    def __init__(self, place: Installation, blocker: Any, stack: ExitStack, chance: random.Random) -> None:
        self.place, self.blocker, self.stack, self.chance = place, blocker, stack, chance
        self.files = place.home / "files"

    def set_up(self, url: str) -> Life:
        from tests.faults.dispatches import Ground

        life = Life(self.place, url, self.files, "first")
        life.start_web()
        with looking_into(url, self.blocker):
            ground = Ground(self.place, batch_size=BATCH)
            self.slow_vendor()
            life.start_worker()
            numbers = [f"139{n:08d}" for n in range(PEOPLE)]
            campaign = ground.campaign(numbers, "还原")
            ground.start(campaign)
            self.numbers, self.campaign_id = numbers, campaign.pk
        return life

    def slow_vendor(self, milliseconds: int = 120) -> None:
        self.place.latency({"kind": "latency", "milliseconds": milliseconds, "path": "/rcs/"})

    def sent(self) -> dict[str, int]:
        ledger = self.place.sandbox.counts(VENDOR)
        return {phone: ledger[phone] for phone in self.numbers if phone in ledger}

    def until(self, what: str, done: Callable[[], Any], seconds: float = 90) -> Any:
        end = time.monotonic() + seconds
        while not (found := done()):
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain until {what}\n{self.place.tails()}")
            time.sleep(0.2)
        return found

    def until_sent(self, people: int) -> None:
        self.until(f"{people} are sent to", lambda: len(self.sent()) >= people)

    def holds(self) -> list[tuple[int, int]]:
        """(id, rule) of what is held now."""
        from messaging import fence

        with looking_into(self.place.env["DATABASE_URL"], self.blocker):
            return list(fence.open_holds().values_list("pk", "rule"))

    def prove(self, result: Result) -> None:
        """The vendor's ledger against the numbers of the campaign, and the seven equations."""
        ledger = self.sent()
        result.doubled = sum(times > 1 for times in ledger.values())
        missing = [phone for phone in self.numbers if phone not in ledger]
        unknown = self._unknown()
        result.unknown = len(set(missing) & unknown)
        result.lost = len(set(missing) - unknown)
        if result.doubled or result.lost:
            result.faults.append(f"{result.doubled} doubled, {result.lost} lost")
        verified = self.place.manage("verify", check=False)
        if verified.returncode:
            result.faults.append(f"verify: {verified.stdout[-300:]}")

    def _unknown(self) -> set[str]:
        from messaging.models import Delivery
        from messaging.states import BatchState

        with looking_into(self.place.env["DATABASE_URL"], self.blocker):
            rows = Delivery.objects.filter(batch__state=BatchState.UNKNOWN, own_status__isnull=True)
            return set(rows.values_list("phone", flat=True))


# --- put back -----------------------------------------------------------------------------------------------------------


def restored(case: Case, blocker: Any) -> Result:
    """Raises AssertionError when something never happens."""
    chance, result = random.Random(case.seed), Result(case)
    with _place() as (place, stack):
        run = Run(place, blocker, stack, chance)
        server = None if case.uses_sqlite else stack.enter_context(_server(tables.cluster()))
        url = f"sqlite:///{_sqlite_file(place)}" if server is None else f"{server.url}"
        replica = _replica(server, stack) if case.kind == "replica" and server else None
        first = run.set_up(url)
        run.until_sent(case.backup_at)
        if case.kind == "all put back":
            place.sandbox.set(VENDOR, hold_pushes=["receipt"])
        if case.kind in ("data folder", "all put back"):
            run.slow_vendor(1500)  # this backup holds what happens until it ends: most must come after it
        backup = _backup(case, place, server, replica, run)
        run.slow_vendor()
        if case.ends == "finished":
            run.until_sent(PEOPLE)
        else:
            run.until_sent(min(PEOPLE, case.backup_at + chance.randrange(20, 60)))
        first.stop_worker(case.ends)
        first.end()
        result.sent_before = len(run.sent())
        url = _put_back(case, place, server, replica, backup, stack)
        files = run.files if case.keeps_files else place.home / "no files"
        second = Life(place, url, files, "second")
        stack.callback(second.end)
        _second_life(run, case, second, result)
    return result


def _second_life(run: Run, case: Case, second: Life, result: Result) -> None:
    second.start_web()
    if case.kind == "all put back":
        _receipts_of_the_other_life(run, second)
    second.start_worker()
    found = run.until("it is held", run.holds, HELD_WITHIN)
    result.held = ",".join(str(rule) for _id, rule in found)
    before = run.sent()
    time.sleep(NOT_SENT_FOR)
    if run.sent() != before or len(before) != result.sent_before:
        result.faults.append(f"sent while held: {len(run.sent()) - result.sent_before}")
    _decide(run, case, found)
    run.until("it is open", lambda: not run.holds(), 30)
    run.until("nothing is left to send", lambda: _nothing_open(run), 90)
    run.prove(result)
    if case.has_list and result.unknown and case.ends == "finished":
        result.faults.append(f"{result.unknown} unknown although the vendor's list was given")


def _receipts_of_the_other_life(run: Run, second: Life) -> None:
    """The vendor pushes what it still holds; a worker without senders applies it."""
    from messaging.models import CallbackEvent

    run.place.sandbox.set(VENDOR, hold_pushes=None)
    with looking_into(second.url, run.blocker):
        run.until("the vendor has pushed", CallbackEvent.objects.filter(kind="receipt").exists, 30)
    notice = Stack(web_port=1, sandbox_port=1, env=run.place.env, logs=run.place.home / "notice")
    notice.worker = notice.child("worker", ["manage.py", "worker", "--queues", "notice"], run.place.env)
    notice.worker.start()
    run.until("it is held", run.holds, HELD_WITHIN)
    notice.worker.stop(10)


def _decide(run: Run, case: Case, holds: Sequence[tuple[int, int]]) -> None:
    listing = run.place.home / "vendor.txt"
    listing.write_text("\n".join(run.sent()))
    how = ["--sent-from", str(listing), "--queued", "let-go"] if case.has_list else ["--queued", "unknown"]
    for hold, _rule in holds:
        run.place.manage("fence", "decide", "--hold", str(hold), "--opt-outs", "waive", *how, "--reason", "drill")


def _nothing_open(run: Run) -> bool:
    from messaging.models import Batch, VendorAccount
    from tests.faults.dispatches import OPEN

    with looking_into(run.place.env["DATABASE_URL"], run.blocker):
        VendorAccount.objects.filter(status="stopped").update(status="ok")
        return not Batch.objects.filter(state__in=OPEN).exists()


def _backup(case: Case, place: Installation, server: Any, replica: Any, run: Run) -> Path:
    target = place.home / "backup"
    if case.uses_sqlite:
        with closing(sqlite3.connect(_sqlite_file(place))) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
    elif case.kind == "replica":
        replica.stop()  # what it has not received by now, it never gets
    elif case.kind in ("data folder", "all put back"):
        target = server.home / "backup"
        server.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(server.port), "-U", "songda", "-D", str(target), "-c", "fast"
        )
        if case.kind == "all put back":
            shutil.copytree(run.files, place.home / "older files")
    else:
        target = server.home / "dump"
        _pg(server, "pg_dump", "-Fc", "-f", str(target), "postgres")
    return target


def _put_back(case: Case, place: Installation, server: Any, replica: Any, backup: Path, stack: ExitStack) -> str:
    """The address of the database in its second life."""
    if case.uses_sqlite:
        path = _sqlite_file(place)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copy(backup, path)
        return f"sqlite:///{path}"
    if case.kind == "replica":
        server.stop()
        _promote(replica.start())
        return str(replica.url)
    if case.kind in ("data folder", "all put back"):
        server.stop()
        if case.kind == "all put back":
            shutil.rmtree(place.home / "files")
            shutil.move(place.home / "older files", place.home / "files")
        return str(stack.enter_context(_server(backup)).url)
    target = server if case.kind == "same cluster" else stack.enter_context(_server(None))
    _sql(target, "CREATE DATABASE again")
    # The dump lies in the first server's folder, which its owner alone may read; both have the same owner.
    _pg(target, "pg_restore", "-d", "again", str(backup))
    return str(target.url).rpartition("/")[0] + "/again"


# --- healthy ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Healthy:
    seed: int
    kind: str


def healthy_case(seed: int) -> Healthy:
    return Healthy(seed, HEALTHY[seed % len(HEALTHY)])


def healthy(case: Healthy, blocker: Any) -> Result:
    """Raises AssertionError when something never happens."""
    chance, result = random.Random(case.seed), Result(case)
    with _place() as (place, stack):
        run = Run(place, blocker, stack, chance)
        server = stack.enter_context(_server(tables.cluster()))
        replica = _replica(server, stack) if case.kind == "lossless promotion" else None
        life = run.set_up(server.url)
        run.until_sent(chance.randrange(10, PEOPLE - 60))
        result.sent_before = len(run.sent())
        life = _DONE[case.kind](run, life, server, replica)
        stack.callback(life.end)
        run.until("nothing is left to send", lambda: _nothing_open(run), 90)
        run.prove(result)
        result.held = _holds_ever(run)
        if result.held:
            result.faults.append("somebody was asked")
    return result


def _holds_ever(run: Run) -> str:
    from messaging.models import FenceHold

    with looking_into(run.place.env["DATABASE_URL"], run.blocker):
        return ",".join(str(rule) for rule in FenceHold.objects.values_list("rule", flat=True))


def _rolling_restart(run: Run, life: Life, server: Any, replica: Any) -> Life:
    for _time in range(2):
        life.stop_worker()
        life.start_worker()
        time.sleep(run.chance.uniform(0.5, 2))
    return life


def _more_workers(run: Run, life: Life, server: Any, replica: Any) -> Life:
    life.another_worker(run.place.home / "host-b")
    time.sleep(run.chance.uniform(0, 2))
    return life


def _killed(run: Run, life: Life, server: Any, replica: Any) -> Life:
    for _time in range(2):
        life.stop_worker("killed")
        life.start_worker()
        time.sleep(run.chance.uniform(0.5, 3))
    return life


def _new_container(run: Run, life: Life, server: Any, replica: Any) -> Life:
    """A redeployment without a volume: the files are gone, everything was stopped in order."""
    life.end()
    fresh = Life(run.place, life.url, run.place.home / "new files", "second")
    fresh.start_web()
    fresh.start_worker()
    return fresh


def _promotion(run: Run, life: Life, server: Any, replica: Any) -> Life:
    """Nothing is lost: the replica has replayed all before it takes over."""
    life.end()
    target = _sql(server, "SELECT pg_current_wal_lsn()")
    run.until("the replica has it", lambda: _sql(replica, f"SELECT pg_last_wal_replay_lsn() >= '{target}'") is True)
    server.stop()
    _promote(replica)
    fresh = Life(run.place, replica.url, run.files, "second")
    fresh.start_web()
    fresh.start_worker()
    return fresh


_DONE: dict[str, Callable[..., Life]] = {
    "rolling restart": _rolling_restart,
    "more workers": _more_workers,
    "killed": _killed,
    "new container": _new_container,
    "lossless promotion": _promotion,
}


# --- what it stands on --------------------------------------------------------------------------------------------------


@contextmanager
def _place() -> Iterator[tuple[Installation, ExitStack]]:
    """A sandbox, a folder, and whatever is opened meanwhile; everything ends and goes at the end."""
    with tempfile.TemporaryDirectory(prefix="songda-restore-") as folder, ExitStack() as stack:
        place = Installation(Path(folder), f"sqlite:///{folder}/songda.sqlite3", {"HEARTBEAT_RED_SECONDS": "60"})
        place.stack.sandbox.start()
        stack.callback(place.stop)
        wait_for(f"{place.stack.sandbox_url}/_sandbox/state", place.stack.sandbox, place.stack.logs)
        yield place, stack


def _sqlite_file(place: Installation) -> Path:
    path = place.home / "songda.sqlite3"
    if not path.exists():
        shutil.copy(tables.sqlite_file(), path)
    return path


@contextmanager
def _server(data: Path | None, settings: Sequence[str] = QUICK) -> Iterator[postgres.Server]:
    running = postgres.Server(settings, copy_of=data).start()
    try:
        yield running
    finally:
        running.remove()


def _replica(server: postgres.Server, stack: ExitStack) -> postgres.Server:
    """A streaming standby of the server."""
    target = server.home / "standby"
    options = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "songda", "-D", str(target), "-R", "-c", "fast"]
    server.run("pg_basebackup", *options)
    return stack.enter_context(_server(target))


def _promote(replica: postgres.Server) -> None:
    replica.run("pg_ctl", "promote", "-w", "-D", str(replica.data))


def _pg(server: postgres.Server, program: str, *arguments: str) -> None:
    server.run(program, "-h", "127.0.0.1", "-p", str(server.port), "-U", "songda", *arguments)


def _sql(server: postgres.Server, statement: str) -> Any:
    import psycopg

    with psycopg.connect(server.url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def run(seeds: Sequence[int], tables: Sequence[str], blocker: Any) -> int:
    """Print the tables; 0 if nothing was wrong."""
    ways = {"restored": (restored_case, restored), "healthy": (healthy_case, healthy)}
    bad = sum(_table(name, *ways[name], seeds, blocker) for name in tables)
    return int(bool(bad))


def _table(name: str, case_of: Any, go: Any, seeds: Sequence[int], blocker: Any) -> int:
    began, results, stuck = time.monotonic(), [], 0
    _say(f"\n{name}\n{HEAD}")
    for seed in seeds:
        try:
            results.append(go(case_of(seed), blocker))
        except (AssertionError, RuntimeError, Error) as error:
            stuck += 1
            _say(f"| {seed:>5} | {case_of(seed).kind} | {str(error)[:1500]}")
        else:
            _say(results[-1].line())
    faults = sum(bool(result.faults) for result in results)
    lost, doubled = sum(result.lost for result in results), sum(result.doubled for result in results)
    took = time.monotonic() - began
    _say(f"{len(results)} ended, {stuck} stuck, {faults} with a fault; {lost} lost, {doubled} doubled; {took:.0f} s")
    return stuck + faults


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
