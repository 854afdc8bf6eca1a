"""Who kills, and who starts again what has ended: a supervisor of services and an operator in one."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connections

from tests.faults.seeds import Case
from tests.installation import Installation, kill
from tests.postgres import Server
from tools.demo.processes import wait_for

LONGEST_WAIT = 20.0  # seconds that the killer waits for its moment; then it strikes all the same
QUEUE_OF = {"import": "import", "planning": "import", "sending": "bulk", "receipts": "notice"}
Moment = Callable[[random.Random], str]


class Operator:
    """Starts again what has ended, each after a while of its own. `server`: the PostgreSQL under it, if there is one.

    Only the thread that made it may call `tend`: a child process ends with the thread that started it."""

    def __init__(self, place: Installation, server: Server | None) -> None:
        self.place = place
        self.server = server
        self.lock = threading.Lock()  # a strike is whole before anything is started again
        self.all_up = threading.Event()
        self.all_up.set()
        self._not_before = 0.0

    def database_down(self) -> bool:
        return self.server is not None and (self.server.process is None or self.server.process.poll() is not None)

    def tend(self) -> None:
        with self.lock:
            if time.monotonic() < self._not_before:
                return
            if self.database_down():
                self._start_database()
            if not self.place.stack.worker.alive:
                self.place.stack.worker.start()
            if not self.place.stack.web.alive:
                self._start_web()
            self.all_up.set()

    def _start_database(self) -> None:
        """Its orphans notice one after the other that their parent is gone; until then a new one refuses to start."""
        for _time in range(3):
            with suppress(RuntimeError):
                self.server.start()
                return
        raise RuntimeError("PostgreSQL does not start again")

    def _start_web(self) -> None:
        self.place.stack.web.start()
        wait_for(f"{self.place.stack.web_url}/admin/login/", self.place.stack.web, self.place.stack.logs)

    # --- the killer's side: any thread ------------------------------------------------------------------------------

    def strike(self, case: Case, chance: random.Random) -> str:
        """SIGKILL to the victim. Returns whom it hit."""
        with self.lock:
            self.all_up.clear()
            hit = getattr(self, f"_kill_{case.victim}")(case, chance)
            self._not_before = time.monotonic() + chance.uniform(0.1, 1.5)
            return hit

    def _kill_worker(self, case: Case, chance: random.Random) -> str:
        """Everything, as when a container is killed for its memory; or the command alone, which its clusters notice."""
        if chance.random() < 0.4:
            kill(self.place.stack.worker.pid)
            self.place.stack.worker.process.wait(10)
            return "the worker command"
        self._kill_whole_worker()
        return "all of the worker"

    def _kill_whole_worker(self) -> None:
        everybody = self.place.worker_processes()
        kill(self.place.stack.worker.pid)  # first, so that it restarts nobody
        for pid in everybody:
            kill(pid)
        self.place.stack.worker.process.wait(10)

    def _kill_process(self, case: Case, chance: random.Random) -> str:
        alive = self.place.worker_processes()
        own = sorted(pid for pid, name in alive.items() if name == QUEUE_OF[case.stage])
        victim = chance.choice(own or sorted(alive))
        kill(victim)
        return f"one of {alive[victim]}"

    def _kill_web(self, case: Case, chance: random.Random) -> str:
        self.place.stack.web.signal(9)
        self.place.stack.web.process.wait(10)
        return "web"

    def _kill_database(self, case: Case, chance: random.Random) -> str:
        if self.server is not None:
            self.server.kill()
            return "PostgreSQL"
        self.place.stack.web.signal(9)
        self._kill_whole_worker()
        self.place.stack.web.process.wait(10)
        return "web and worker"


class Killer:
    """A thread that strikes `case.kills` times while its stage goes on. `hits` says whom and how far things were."""

    def __init__(self, case: Case, operator: Operator) -> None:
        self.case = case
        self.operator = operator
        self.chance = case.chance()
        self.hits: list[str] = []

    @contextmanager
    def at_work(self, stage: str, moment: Moment) -> Iterator[None]:
        """`moment` returns when it is time, with a word about how far things are. At the end every strike has been made
        and everything is up again."""
        if stage != self.case.stage:
            yield
            return
        thread = threading.Thread(target=self._run, args=(moment,), name=f"killer-{self.case.seed}")
        thread.start()
        try:
            yield
        finally:
            while thread.is_alive() or not self.operator.all_up.is_set():
                self.operator.tend()
                time.sleep(0.05)

    def _run(self, moment: Moment) -> None:
        try:
            for _time in range(self.case.kills):
                self.operator.all_up.wait(90)
                where = self._await(moment)
                self.hits.append(f"{self.operator.strike(self.case, self.chance)} at {where}")
        finally:
            connections.close_all()

    def _await(self, moment: Moment) -> str:
        try:
            return moment(self.chance)
        except Error as error:
            connections.close_all()
            return type(error).__name__


def until(reached: Callable[[], bool], seconds: float = LONGEST_WAIT) -> None:
    end = time.monotonic() + seconds
    while not reached() and time.monotonic() < end:
        time.sleep(0.02)
