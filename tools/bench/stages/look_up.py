"""A number's history among millions of deliveries, beside the bare query on the index."""

import random
import time
from collections.abc import Iterator
from functools import partial
from statistics import median, quantiles

from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.deliveries import status
from tools.bench import limits
from tools.bench.measure import apart
from tools.bench.report import Line
from tools.bench.stages.common import Run, settle
from tools.bench.stages.receipts import history_of

NUMBERS = 500


def look_up(run: Run) -> Iterator[Line]:
    dispatches = history_of(run)
    chance = random.Random(run.seed + 3)
    phones = [dispatches[-1].phone(chance.randrange(dispatches[-1].people)) for _ in range(NUMBERS)]
    settle()
    bare, ours, queries, found = apart(partial(_both, phones)).result
    details = {
        "queries": queries,
        "deliveries found for a number": found,
        "ms, median": 1000 * median(ours),
        "ms, 99 of 100": 1000 * quantiles(ours, n=100)[98],
        "bare ms, median": 1000 * median(bare),
        "bare ms, 99 of 100": 1000 * quantiles(bare, n=100)[98],
    }
    yield Line("look-up", NUMBERS, sum(ours), 0, sum(bare), median(ours) / median(bare), "at most 3", details)


def _both(phones: list[str]) -> tuple[list[float], list[float], int, int]:
    with CaptureQueriesContext(connection) as queries:
        found = len(status.phone_history(phones[0]))
    bare, ours = [], []
    for phone in phones:
        at = time.perf_counter()
        limits.history(phone)
        between = time.perf_counter()
        status.phone_history(phone)
        bare.append(between - at)
        ours.append(time.perf_counter() - between)
    return bare, ours, len(queries), found
