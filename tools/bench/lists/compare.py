"""Every page timed among few rows and among many, and the table of it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.deliveries import status
from tools.bench import limits
from tools.bench.house import House
from tools.bench.lists import fill, pages

FEW = 10_000
TIMES = 5
NUMBERS = 200
GOAL, HISTORY_GOAL, HISTORY_QUERIES = 2.0, 3.0, 4


@dataclass(frozen=True)
class Compared:
    """Milliseconds, medians. `ratio` is what the goal is about."""

    page: str
    role: str
    few: float
    many: float
    ratio: float
    queries: int
    goal: float
    slowest: str = ""

    @property
    def is_met(self) -> bool:
        return self.ratio <= self.goal and (self.goal != HISTORY_GOAL or self.queries <= HISTORY_QUERIES)


@dataclass(frozen=True)
class Timed:
    ms: float
    queries: int
    slowest: str


def compare(house: House, size: int, others: int, say: Callable[[str], None]) -> Iterator[Compared]:
    filler = fill.Filler(house, others)
    filler.up_to(FEW, say)
    few = _all(filler, say)
    filler.up_to(size, say)
    many = _all(filler, say)
    for key, one in many.items():
        if key in few:
            ratio = one.ms / few[key].ms
            yield Compared(key[1], key[0], few[key].ms, one.ms, ratio, one.queries, GOAL, one.slowest)
    yield from _histories(filler)


def _all(filler: fill.Filler, say: Callable[[str], None]) -> dict[tuple[str, str], Timed]:
    found: dict[tuple[str, str], Timed] = {}
    seen: set[str] = set()
    for role, client in pages.visitors().items():
        for page in pages.pages(role, client, filler.campaigns[0], seen):
            found[page.role, page.name] = _time(page)
        say(f"{role}: {sum(key[0] == role for key in found)} pages timed")
    return found


def _time(page: pages.Page) -> Timed:
    with CaptureQueriesContext(connection) as context:
        answer = page.ask()
    queries = list(context.captured_queries)
    if answer.status_code != 200:
        raise RuntimeError(f"{page.name} as {page.role}: {answer.status_code}")
    slowest = max(queries, key=lambda one: float(one["time"]), default={"sql": "", "time": "0"})
    taken = []
    for _again in range(TIMES):
        began = time.perf_counter()
        page.ask()
        taken.append(1000 * (time.perf_counter() - began))
    return Timed(median(taken), len(queries), f"{1000 * float(slowest['time']):.0f} ms {slowest['sql'][:400]}")


def _histories(filler: fill.Filler) -> Iterator[Compared]:
    """A number's history beside bare queries on the same indexes, both among the many: numbers that were only sent to, beside
    the one query on deliveries; numbers that also answered, tapped and opted out, beside one query on each table."""
    people = filler.filled // fill.CAMPAIGNS
    step = max((people - fill.BUSY) // NUMBERS, 1)
    sent = [fill.phone(min(fill.BUSY + n * step, people - 1)) for n in range(NUMBERS)]
    yield _history("history of a number / bare query", sent, limits.history)
    busy = [fill.phone(n) for n in range(min(NUMBERS, people))]
    yield _history("history with replies, taps, opt-out / bare queries", busy, _bare_four)


_BARE_OTHERS = (
    "SELECT * FROM messaging_reply WHERE phone = %s ORDER BY id DESC LIMIT 50",
    "SELECT * FROM messaging_click WHERE phone = %s ORDER BY id DESC LIMIT 50",
    "SELECT * FROM messaging_suppression WHERE phone = %s ORDER BY id DESC LIMIT 50",
)


def _bare_four(number: str) -> None:
    limits.history(number)
    with connection.cursor() as cursor:
        for statement in _BARE_OTHERS:
            cursor.execute(statement, [number])
            cursor.fetchall()


def _history(name: str, numbers: list[str], bare_query: Callable[[str], Any]) -> Compared:
    with CaptureQueriesContext(connection) as queries:
        status.phone_history(numbers[0])
    bare, ours = [], []
    for number in numbers:
        at = time.perf_counter()
        bare_query(number)
        between = time.perf_counter()
        status.phone_history(number)
        bare.append(1000 * (between - at))
        ours.append(1000 * (time.perf_counter() - between))
    ratio = median(ours) / median(bare)
    return Compared(name, "", median(bare), median(ours), ratio, len(queries), HISTORY_GOAL)


def header(size: int) -> str:
    return f"{'page':<58}{'role':<6}{'ms at 10 thousand':>18}{f'ms at {size:,}':>18}{'ratio':>7}{'queries':>9}"


def as_text(one: Compared) -> str:
    line = f"{one.page:<58}{one.role:<6}{one.few:>18.1f}{one.many:>18.1f}{one.ratio:>7.2f}{one.queries:>9}"
    return line if one.is_met else f"{line}  over {one.goal:g}: {one.slowest}"


def as_json(one: Compared) -> str:
    return json.dumps({**asdict(one), "is_met": one.is_met}, ensure_ascii=False)


def summary(found: list[Compared]) -> str:
    over = [one for one in found if not one.is_met]
    return f"{len(found)} pages, {len(found) - len(over)} within their goal, {len(over)} over it"
