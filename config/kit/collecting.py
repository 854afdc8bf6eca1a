"""The cyclic garbage collector, paused where it only costs time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No cyclic collection meanwhile. Thousands of small objects that all live until a chunk of work is done make it run again
    and again and find nothing; a third of a receipt's time, two thirds of a row's. What has no cycles is freed as ever.

    For pieces of work that end: memory in cycles waits until then. Several threads may pause at once; it goes on with the
    first that ends."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
