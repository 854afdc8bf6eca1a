"""The cyclic garbage collector, paused where it only costs time."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pausing = 0
_was_on = False


@contextmanager
def paused() -> Iterator[None]:
    """No cyclic collection meanwhile. Thousands of small objects that all live until a chunk of work is done make it run again
    and again and find nothing: a third of a receipt's time, two thirds of a row's. What has no cycles is freed as ever.

    For pieces of work that end: memory in cycles waits until then. It goes on, if it was on, when the last of those who pause
    at once has ended."""
    global _pausing, _was_on
    with _lock:
        _pausing += 1
        if _pausing == 1:
            _was_on = gc.isenabled()
            gc.disable()
    try:
        yield
    finally:
        with _lock:
            _pausing -= 1
            if _pausing == 0 and _was_on:
                gc.enable()
