"""Delivers what a vendor's sandbox pushes: when it is due, again with back-off, twice or out of order on request.

Settings of the world that are read here:

    hold_pushes       true or a list of kinds: keep them until it is lifted
    duplicate_pushes  N: each Nth push is made twice
    reorder_pushes    seconds by which pushes are scattered at random
    drop_pushes       N: each Nth push is never made
    push_retries      how often a push is tried again (8)
    push_backoff      seconds before the first repeat, doubled up to 10 (0.5)
    push_workers      pushes under way at a time (1: strictly in order)
"""

import heapq
import itertools
import logging
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from messaging.sandbox.base import Push, World

log = logging.getLogger(__name__)

PUSH_SECONDS = 15.0
LONGEST_BACKOFF = 10.0
IDLE_LOOK = 0.5
MOST_WORKERS = 16

Acknowledged = Callable[[str, int, bytes], bool]


@dataclass(order=True)
class _Due:
    at: float
    turn: int
    push: Push = field(compare=False)
    tried: int = field(default=0, compare=False)


class Pusher:
    """The pushes of one vendor. `callbacks` is kind -> URL; what has no URL waits until it gets one.

    `acknowledged` says whether an answer is the one that the document asks for; without it any 2xx is.
    """

    def __init__(self, code: str, world: World, acknowledged: Acknowledged | None = None, seed: int = 1) -> None:
        self.code = code
        self.callbacks: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.last_trouble = ""
        self.collects = True  # False: what the sandbox pushes stays in the world, for whoever takes it there
        self._world = world
        self._acknowledged = acknowledged
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._due: list[_Due] = []
        self._parked: dict[str, list[_Due]] = {}  # kind -> due, but held or without an address
        self._under_way: dict[int, _Due] = {}
        self._given_up: list[Push] = []
        self._turns = itertools.count()
        self._wake = threading.Event()
        self._stopped = False
        self._local = threading.local()
        self._jobs: queue.SimpleQueue[_Due | None] = queue.SimpleQueue()
        self._workers: list[threading.Thread] = []  # daemons: stopping never waits for an answer
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"pusher-{code}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        for _ in self._workers:
            self._jobs.put(None)

    def wake(self) -> None:
        """Something changed: new pushes, settings or addresses."""
        self._wake.set()

    def clear(self) -> None:
        with self._lock:
            self._due.clear()
            self._parked.clear()
            self._given_up.clear()
            self.counts.clear()
            self.last_trouble = ""

    def again(self) -> int:
        """Queue what was given up once more; returns how many."""
        with self._lock:
            pushes, self._given_up = self._given_up, []
            for push in pushes:
                self._schedule(push)
        self.wake()
        return len(pushes)

    def waiting(self) -> list[Push]:
        """What is not yet delivered, for keeping over a restart; to be made at once then."""
        with self._lock:
            return [replace(due.push, after=0.0) for due in sorted(self._all())]

    def _all(self) -> list[_Due]:
        return [*self._due, *itertools.chain(*self._parked.values()), *self._under_way.values()]

    def state(self) -> dict[str, Any]:
        with self._lock:
            # What was let go a moment ago waits, even where the thread has not looked yet.
            parked = {kind: len(dues) for kind, dues in self._parked.items() if dues and self._held(kind)}
            return {
                **{name: self.counts[name] for name in ("delivered", "retried", "failed", "duplicated", "dropped")},
                "waiting": len(self._all()) + len(self._world.pushes),
                "held": sum(parked.values()),
                "without_address": sorted(kind for kind in parked if kind not in self.callbacks),
                "last_trouble": self.last_trouble,
            }

    # --- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            if self.collects:
                self._collect()
            self._wake.wait(self._hand_out())

    def _collect(self) -> None:
        pushes = self._world.take_pushes()
        with self._lock:
            for push in pushes:
                self._take(push)

    def _take(self, push: Push) -> None:
        self.counts["taken"] += 1
        if self._every("drop_pushes"):
            self.counts["dropped"] += 1
            return
        self._schedule(push)
        if self._every("duplicate_pushes"):
            self.counts["duplicated"] += 1
            self._schedule(push)

    def _every(self, name: str) -> bool:
        nth = int(self._world.settings.get(name) or 0)
        return bool(nth) and self.counts["taken"] % nth == 0

    def _schedule(self, push: Push, tried: int = 0, delay: float | None = None) -> None:
        scatter = float(self._world.settings.get("reorder_pushes") or 0)
        wait = push.after if delay is None else delay
        at = time.monotonic() + wait + (self._random.uniform(0, scatter) if scatter else 0)
        heapq.heappush(self._due, _Due(at, next(self._turns), push, tried))

    def _hand_out(self) -> float:
        """Start what is due and may go; returns how long to sleep."""
        with self._lock:
            self._unpark()
            most = min(MOST_WORKERS, int(self._world.settings.get("push_workers") or 1))
            while self._due and len(self._under_way) < most:
                wait = self._due[0].at - time.monotonic()
                if wait > 0:
                    return min(wait, IDLE_LOOK)
                due = heapq.heappop(self._due)
                if self._held(due.push.kind):
                    self._parked.setdefault(due.push.kind, []).append(due)
                else:
                    self._give(due)
        return IDLE_LOOK

    def _unpark(self) -> None:
        for kind in [kind for kind in self._parked if not self._held(kind)]:
            for due in self._parked.pop(kind):
                heapq.heappush(self._due, due)

    def _give(self, due: _Due) -> None:
        self._under_way[due.turn] = due
        if len(self._workers) < len(self._under_way):
            worker = threading.Thread(target=self._work, daemon=True, name=f"push-{self.code}-{len(self._workers)}")
            self._workers.append(worker)
            worker.start()
        self._jobs.put(due)

    def _held(self, kind: str) -> bool:
        held = self._world.settings.get("hold_pushes")
        return kind not in self.callbacks or held is True or (isinstance(held, list) and kind in held)

    # --- one push -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (due := self._jobs.get()) is not None:
                self._deliver(session, due)

    def _deliver(self, session: requests.Session, due: _Due) -> None:
        trouble = self._post(session, due.push)
        with self._lock:
            del self._under_way[due.turn]
            if not trouble:
                self.counts["delivered"] += 1
            else:
                self._after_trouble(due, trouble)
        self.wake()

    def _after_trouble(self, due: _Due, trouble: str) -> None:
        self.last_trouble = f"{due.push.kind}: {trouble}"
        settings = self._world.settings
        if due.tried >= int(settings.get("push_retries", 8)):
            self.counts["failed"] += 1
            self._given_up.append(due.push)
            log.warning("sandbox %s gave up a push: %s", self.code, self.last_trouble)
            return
        self.counts["retried"] += 1
        backoff = min(LONGEST_BACKOFF, float(settings.get("push_backoff", 0.5)) * 2**due.tried)
        self._schedule(due.push, due.tried + 1, backoff)

    def _post(self, session: requests.Session, push: Push) -> str:
        """ "" if the push was taken, else what was wrong."""
        try:
            answer = session.post(
                self.callbacks[push.kind],
                data=push.body,
                headers=dict(push.headers),
                timeout=PUSH_SECONDS,
                allow_redirects=False,
            )
        except (requests.RequestException, KeyError) as error:
            return type(error).__name__
        if not self._taken(push.kind, answer.status_code, answer.content):
            return f"HTTP {answer.status_code}, not the acknowledgement that the document asks for"
        return ""

    def _taken(self, kind: str, status: int, body: bytes) -> bool:
        taken = 200 <= status < 300
        return taken and (self._acknowledged is None or self._acknowledged(kind, status, body))
