"""Keeps one django-q2 cluster a queue alive, and the tick going.

A worker that is killed while idle takes the lock of its queue with it: the cluster lives on, runs nothing and ignores
SIGTERM. Workers are never recycled here, so any process that vanishes from a cluster's group is such an accident, and the
group is restarted; a heartbeat that stands still is the second sign.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from types import FrameType

from django.conf import settings
from django.db import Error, close_old_connections

from kit import clock
from kit.processes import Child
from messaging import queue
from messaging.fence import Keeper, keeper
from messaging.worker import hosts

log = logging.getLogger(__name__)
SETTLE_SECONDS = 3.0  # a starting cluster forks its workers in this time


class Watched:
    """One cluster and what was last seen of it."""

    def __init__(self, name: str, host: str) -> None:
        self.name = name
        self.host = host
        env = {"Q_CLUSTER_NAME": name, "WORKER_ID": host, **settings.WORKER_ENVIRONMENT[name]}
        # `manage.py worker` has made the checks.
        self.child = Child(name, [sys.executable, "manage.py", "qcluster", "--skip-checks"], env=env)
        self.members: set[int] = set()
        self.since = clock.now()

    def start(self) -> None:
        self.child.start()
        self.members = set()
        self.since = clock.now()

    def trouble(self, limit: timedelta) -> str:
        """Why the cluster must be restarted; "" while it is well."""
        if not self.child.alive:
            return "it has ended"
        seen = self.child.members()
        lost = self.members - seen
        if time.monotonic() - self.child.started_at > SETTLE_SECONDS:
            self.members = seen
        if lost:
            return f"{len(lost)} of its processes died"
        return "its heartbeat stands still" if self._silent(limit) else ""

    def _silent(self, limit: timedelta) -> bool:
        """The import queue's one worker may be busy with one file for long, so its heartbeat says nothing. Until its first
        beat a cluster has twice the time: on a busy machine a start takes long, and restarts would only make it busier."""
        if self.name == "import":
            return False
        beat, now = hosts.queue_beat(self.host, self.name), clock.now()
        if beat is None or beat < self.since:
            return now - self.since > 2 * limit
        return now - beat > limit


class Supervisor:
    """Runs until SIGTERM or SIGINT, then ends every cluster."""

    def __init__(self, names: Sequence[str], *, grace: float) -> None:
        # Two of them may run on one machine, and what one says must not be taken for the other.
        self.host = f"{settings.WORKER_ID}-{os.getpid()}"
        self.watched = [Watched(name, self.host) for name in names]
        self.clock_is_wrong = False
        self.grace = grace
        self.stopping = False
        self.keeper = Keeper()

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        queue.ensure_schedules()
        self._beat()
        for cluster in self.watched:
            cluster.start()
        log.info("Worker %s runs the queues %s", os.getpid(), ", ".join(c.name for c in self.watched))
        try:
            self._watch()
        finally:
            self._end()

    def _watch(self) -> None:
        ticked = 0.0
        while not self.stopping:
            try:
                close_old_connections()
                self._look_after()
                if time.monotonic() - ticked > settings.SONGDA["TICK_SECONDS"]:
                    self._beat()
                    self._enqueue_tick()
                    ticked = time.monotonic()
            except Error as error:  # gone, or its connection is closed already
                log.warning("The database does not answer: %s", error)
            time.sleep(0.5)

    def _beat(self) -> None:
        """This host's sign of life; a look at its clock, and at the other hosts; and the mark that the restore fence compares.
        Without the mark's file nothing is sent from here; receipts go on."""
        now = hosts.beat(self.host)
        if now.is_wrong:
            log.error("The clock of this host is off by %+.0f s from the database's: it sends nothing", now.off)
        elif self.clock_is_wrong:
            log.warning("The clock of this host is right again: it sends")
        self.clock_is_wrong = now.is_wrong
        hosts.notice_lost()
        try:
            self.keeper.beat()
        except OSError:
            log.exception("FENCE_DIR cannot be written; nothing is sent from this host")

    def _enqueue_tick(self) -> None:
        """The tick, and a heartbeat from each cluster: a hung tick must not look like a hang of the others."""
        queue.enqueue_once("tick", "messaging.worker.tasks.tick", queue="notice")
        for name in (cluster.name for cluster in self.watched):
            asked = f"heartbeat:{name}:{self.host}"
            queue.enqueue_once(asked, "messaging.worker.tasks.heartbeat", name, self.host, queue=name)

    def _look_after(self) -> None:
        limit = timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
        for cluster in self.watched:
            why = cluster.trouble(limit)
            if why and not self.stopping:
                log.error("Restarting the cluster %s: %s", cluster.name, why)
                cluster.child.stop(self.grace)
                cluster.start()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end(self) -> None:
        for cluster in self.watched:
            if cluster.child.process:
                cluster.child.process.terminate()
        for cluster in self.watched:
            cluster.child.stop(self.grace)
        self._say_goodbye()
        try:
            hosts.leave(self.host)
        except Error as error:
            log.warning("The list of hosts still has this one: %s", error)

    def _say_goodbye(self) -> None:
        self.keeper.drop()
        try:
            keeper.say_goodbye()
        except (Error, OSError) as error:
            log.warning("The marks of this host do not say that it stopped in order: %s", error)
