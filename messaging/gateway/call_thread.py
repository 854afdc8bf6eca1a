"""A thread that makes one caller's calls, so that the caller can stop waiting for one."""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from messaging.gateway.connection_watch import ConnectionWatch

Result = TypeVar("Result")
Job = tuple[Callable[[], Result], ConnectionWatch, "queue.SimpleQueue[Result | BaseException]"]


class CallThread(Generic[Result]):
    """One thread for many calls, one after the other: starting one for each costs a tenth of handing over a request. Whoever
    gives up on a call dismisses the hand with it; the thread ends once that call does."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job[Result] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=_work, args=(self._jobs,), daemon=True, name="vendor-call")
        self._thread.start()

    @property
    def lives(self) -> bool:
        """False in a process that was forked from the one in which the thread runs."""
        return self._thread.is_alive()

    def take(self, call: Callable[[], Result], wire: ConnectionWatch) -> "queue.SimpleQueue[Result | BaseException]":
        """Make the call with `wire` as the thread's. What it returns or raises is put into the queue that comes back."""
        done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
        self._jobs.put((call, wire, done))
        return done

    def dismiss(self) -> None:
        """End the thread after what it has in hand."""
        self._jobs.put(None)


def _work(jobs: "queue.SimpleQueue[Job[Result] | None]") -> None:
    while (job := jobs.get()) is not None:
        _do(*job)
        del job  # waiting for the next one must keep nobody alive


def _do(call: Callable[[], Result], wire: ConnectionWatch, done: "queue.SimpleQueue[Result | BaseException]") -> None:
    wire.watch()
    try:
        done.put(call())
    except BaseException as error:
        done.put(error)
