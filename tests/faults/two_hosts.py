"""Two worker hosts on one PostgreSQL, and one of them stands still or vanishes at a chosen moment.

python -m tests.faults --hosts all           every point with every accident; needs root, for network namespaces
python -m tests.faults --hosts claim,stop

The moment is found from outside: the whole host is stopped, and where its connection to the database does not stand at the
wanted point it goes on, and is stopped again a moment later. `loss` needs network namespaces: the host's packets are dropped,
then it is killed.
"""

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from campaigns.models import AudienceImport, AudienceMember
from campaigns.states import ImportState
from kit.processes import Child
from messaging.models import Batch, Delivery, Heartbeat
from messaging.states import BatchState, OwnStatus
from tests import tables
from tests.faults.dispatches import Ground
from tests.faults.story import a_file, person_of
from tests.installation import VENDOR, Installation, installation, kill, looking_into, processes
from tests.postgres import Server
from tools.demo.processes import ROOT

PROMISE = 40.0  # seconds after which the other host has gone on
# As in production, where the suite's installations are hasty.
PRODUCTION = {
    "CLAIM_SECONDS": "90",
    "HTTP_DEADLINE_SECONDS": "30",
    "TURN_SECONDS": "20",
    "TICK_SECONDS": "5",
    "JOB_LOST_SECONDS": "120",
    "STUCK_SECONDS": "120",
    "HEARTBEAT_RED_SECONDS": "180",
    "PGAPPNAME": "first",
}
# What the last statement of a transaction says in which the host stands at that point.
_STATEMENTS = {
    "claim": "messaging_(accountratelimit|dispatch|batch|templatereview)",
    "receipts": "messaging_(delivery|callbackevent|receipt|batch)",
}


class Host:
    """A second `manage.py worker`, which is called `name` in the database."""

    def __init__(self, place: Installation, name: str, prefix: tuple[str, ...] = (), **env: str) -> None:
        self.name = name
        settings = {**place.env, "PUBLIC_URL": place.stack.web_url, "PGAPPNAME": name, **env}
        log = (place.stack.logs / f"{name}.log").open("ab")
        self.child = Child(name, [*prefix, *place.stack.worker.command], env=settings, output=log, cwd=ROOT)

    def start(self) -> "Host":
        self.child.start()
        return self

    @property
    def worker(self) -> int:
        """The pid of the command itself, in a namespace too: `ip netns exec` becomes it."""
        return self.child.pid

    @property
    def processes(self) -> list[int]:
        """Its supervisor first, so that nobody restarts what is stopped."""
        found, parents = [self.child.pid], processes()
        while new := [pid for pid, parent in parents.items() if parent in found and pid not in found]:
            found += new
        return found

    def signal(self, number: int) -> None:
        for pid in self.processes:
            kill(pid, number)

    def end(self) -> None:
        everybody = self.processes
        for pid in everybody:
            kill(pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.child.process.wait(10)


def stands_in(host: str, point: str) -> bool:
    """Whether a connection of that host is inside such a transaction and nobody goes on with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'idle in transaction' AND query ~ %s",
            [host, _STATEMENTS[point]],
        )
        return bool(cursor.fetchone()[0])


def stop_inside(host: Host, point: str, seconds: float = 60) -> None:
    """SIGSTOP of the whole host at that point. Raises AssertionError if it is never met there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        host.signal(signal.SIGSTOP)
        time.sleep(0.05)
        if stands_in(host.name, point):
            time.sleep(0.2)
            if stands_in(host.name, point):
                return
        host.signal(signal.SIGCONT)
        time.sleep(0.07)
    raise AssertionError(f"The host was never met inside: {point}")


def sent(place: Installation) -> int:
    return sum(place.sandbox.counts(VENDOR).values())


def seconds_until(done: Callable[[], bool], most: float) -> float:
    begun = time.monotonic()
    while not done():
        if time.monotonic() - begun > most:
            raise AssertionError(f"Not within {most:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - begun


@contextmanager
def second_host(ground: Ground, name: str = "second", **env: str) -> Iterator[Host]:
    host = Host(ground.place, name, **env).start()
    try:
        yield host
    finally:
        host.end()


# --- the drill ----------------------------------------------------------------------------------------------------

ACCIDENTS = ("stop", "kill", "loss")
POINTS = ("claim", "send", "receipts", "import")
FILE_ROWS = 250_000


class Namespace:
    """A network of its own for the second host: one cable to this machine, over which it reaches database, sandbox and pages."""

    NAME, HERE, THERE = "songda-two", "10.213.77.1", "10.213.77.2"

    def __enter__(self) -> "Namespace":
        self.__exit__()
        for words in (
            f"netns add {self.NAME}",
            f"link add sgtwo0 type veth peer name sgtwo1 netns {self.NAME}",
            f"addr add {self.HERE}/30 dev sgtwo0",
            "link set sgtwo0 up",
            f"-n {self.NAME} addr add {self.THERE}/30 dev sgtwo1",
            f"-n {self.NAME} link set sgtwo1 up",
            f"-n {self.NAME} link set lo up",
        ):
            subprocess.run(["ip", *words.split()], check=True, capture_output=True)
        return self

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.NAME)

    def lose(self) -> None:
        """Nothing gets through any more, and neither side is told: what is sent is addressed to a card that nobody has."""
        nobody = "lladdr 02:00:00:00:00:99 nud permanent"
        for words in (
            f"neigh replace {self.THERE} dev sgtwo0 {nobody}",
            f"-n {self.NAME} neigh replace {self.HERE} dev sgtwo1 {nobody}",
        ):
            subprocess.run(["ip", *words.split()], check=True, capture_output=True)

    def __exit__(self, *_error: object) -> None:
        subprocess.run(["ip", "link", "del", "sgtwo0"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.NAME], check=False, capture_output=True)


_RELAY = """
import asyncio, sys
async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def serve(reader, writer):
    there = await asyncio.open_connection(sys.argv[3], int(sys.argv[4]))
    await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))
async def main():
    async with await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2])) as server:
        await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def apart(ground: Ground, server: Server) -> Iterator[tuple[Host, Namespace]]:
    """The second host in a network of its own; it finds the sandbox where everybody does, by a relay on either side."""
    place = ground.place
    port = place.stack.sandbox_url.rpartition(":")[2]
    with Namespace() as network:
        here = [sys.executable, "-c", _RELAY, network.HERE, port, "127.0.0.1", port]
        there = [*network.prefix, sys.executable, "-c", _RELAY, "127.0.0.1", port, network.HERE, port]
        relays = [subprocess.Popen(command) for command in (here, there)]
        url = f"postgres://songda@{network.HERE}:{server.port}/postgres"
        host = Host(place, "second", network.prefix, DATABASE_URL=url).start()
        try:
            yield host, network
        finally:
            host.end()
            for relay in relays:
                relay.kill()
                relay.wait()


def stop_before_leaving(host: Host, ground: Ground, seconds: float = 60) -> None:
    """SIGSTOP of the whole host while one of its requests has been permitted and nothing of it is at the vendor."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        host.signal(signal.SIGSTOP)
        time.sleep(1.0)  # what the other host has on the wire is answered by then
        permitted = Batch.objects.filter(state=BatchState.SENDING, claimed_at__lt=Now() - timedelta(seconds=0.9))
        phones = list(Delivery.objects.filter(batch__in=permitted).values_list("phone", flat=True))
        known = ground.place.sandbox.counts(VENDOR)
        if phones and not all(known.get(phone) for phone in phones):
            return
        host.signal(signal.SIGCONT)
        time.sleep(0.1)
    raise AssertionError("The host was never met between the permission and the first byte")


def stop_inside_import(host: Host, ground: Ground, number: int, seconds: float = 90) -> AudienceImport:
    """SIGSTOP of the whole host while it reads a file; the file. The other host's readers wait until it has taken it."""
    others = [pid for pid, queue in ground.place.worker_processes().items() if queue == "import"]
    for pid in others:
        kill(pid, signal.SIGSTOP)
    try:
        person, name = person_of(ground), f"两台 {number} 名单"
        upload = {"file": ("名单.csv", a_file(number, FILE_ROWS)[1], "text/csv")}
        person.post("/campaigns/audience/add/", files=upload, name=name, consent_source="门店", consent_on="2026-01-08")
        source = AudienceImport.objects.get(audience__name=name)
        person.post(f"/campaigns/audience/file/{source.pk}/", phone="0", use_1="on")
        ground.place.wait("the host reads the file", lambda: _reads_a_file(host.name), seconds)
        host.signal(signal.SIGSTOP)
    finally:
        for pid in others:
            kill(pid, signal.SIGCONT)
    source.refresh_from_db()
    assert source.state == ImportState.CHECKING, f"the file was read before the host stood still: {source.state}"
    return source


def _reads_a_file(host: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query ~ 'COPY staged_'", [host]
        )
        return bool(cursor.fetchone()[0])


def taken_over(source: AudienceImport) -> bool:
    source.refresh_from_db()
    return source.state != ImportState.CHECKING


def prove_import(source: AudienceImport) -> None:
    """Each row of the file once, as a member or a problem, whoever has read it how often."""
    source.refresh_from_db()
    assert source.state == ImportState.READY, f"the file is {source.state}: {source.error}"
    assert source.rows == FILE_ROWS, f"{source.rows} rows instead of {FILE_ROWS}"
    assert source.rows == source.stored + source.invalid + source.duplicate, "the file does not close"
    members = AudienceMember.objects.filter(source=source)
    assert members.count() == members.values("phone").distinct().count() == source.stored, "members differ"


def run(ground: Ground, server: Server, point: str, accident: str, number: int) -> str:
    """One accident; a line about it. Raises AssertionError where a promise is broken."""
    place = ground.place
    place.sandbox.ask("faults", {"vendor": VENDOR, "rules": [{"kind": "latency", "milliseconds": 150}], "seed": 1})
    with apart(ground, server) as (host, network):
        read = "–"
        senders = Heartbeat.objects.filter(name__startswith="queue:", name__endswith=f"-{host.worker}:bulk")
        place.wait("the second host's senders run", senders.exists, 120)
        campaign = ground.campaign([f"13{number % 10}{number:02d}{n:06d}" for n in range(6000)], f"两台 {number}")
        before = sent(place)
        ground.start(campaign)
        place.wait("it is under way", lambda: sent(place) > before + 100, 90, lambda: ground.explain(campaign))
        source = None
        if point == "import":
            source = stop_inside_import(host, ground, number)
        elif point == "send":
            stop_before_leaving(host, ground)
        else:
            stop_inside(host, point)
        begun = time.monotonic()
        if accident == "kill":
            host.end()
        elif accident == "loss":
            network.lose()
            host.end()
        time.sleep(1)  # what the first host has on the wire is no proof
        there, heard = sent(place), _heard()
        on = 1 + seconds_until(lambda: sent(place) > there, PROMISE)
        receipts = time.monotonic() - begun + seconds_until(lambda: _heard() > heard, PROMISE)
        if source is not None:
            seconds_until(lambda: taken_over(source), int(PRODUCTION["STUCK_SECONDS"]) + PROMISE)
            read = f"{time.monotonic() - begun:.0f} s"
        if accident == "stop":
            time.sleep(max(0.0, 60 - (time.monotonic() - begun)))
            host.signal(signal.SIGCONT)
        place.latency()

        def settled() -> bool:
            ground.mend_account()
            return ground.settled(campaign)

        place.wait("it is settled", settled, 240, lambda: ground.explain(campaign))
        counted = ground.prove(campaign, f"{point} {accident}")
        if source is not None:
            prove_import(source)
    people = ", ".join(f"{status} {n}" for status, n in sorted(counted.items()))
    return f"| {point} | {accident} | {on:.0f} s | {receipts:.0f} s | {read} | 0 | 0 | {people} |"


def _heard() -> int:
    return Delivery.objects.filter(own_status__gte=OwnStatus.NO_RECEIPT).count()


def drill(only: Sequence[str], blocker: Any) -> int:
    """A line for each run; 1 after any fault."""
    points = [one for one in POINTS if one in only] or list(POINTS)
    accidents = [one for one in ACCIDENTS if one in only] or list(ACCIDENTS)
    server, worst = Server(["listen_addresses=*"], copy_of=tables.cluster()), 0
    with (server.data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.213.77.0/30 trust\n")
    server.start()
    try:
        with installation(server.url, PRODUCTION) as place, looking_into(server.url, blocker):
            ground = Ground(place, in_flight=4)
            place.revive()
            say(
                "| stopped or lost inside | accident | sends again after | receipts again after | file read after "
                "| doubled | lost | people |"
            )
            say("|---|---|---|---|---|---|---|---|")
            for number, (point, accident) in enumerate(itertools.product(points, accidents), start=10):
                try:
                    say(run(ground, server, point, accident, number))
                except (AssertionError, RuntimeError) as error:
                    worst = 1
                    say(f"| {point} | {accident} | FAULT: {error} |")
    finally:
        server.remove()
    return worst


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
