"""What all stages share: the run's place and numbers, and a calm database before each clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from tools.bench.house import House
from tools.bench.report import Line
from tools.bench.sink import Sink


@dataclass
class Run:
    """One run of the benchmark. `kept` is what a stage leaves for the next."""

    recipients: int
    seed: int
    home: Path
    sink: Sink
    house: House
    history: int
    workers: int = 2
    seconds: int = 60
    xlsx_rows: int = 100_000
    kept: dict[str, Any] = field(default_factory=dict)


Stage = Callable[[Run], Iterator[Line]]


def wear_in(recipients: int) -> None:
    """Two kilobytes written for each recipient and forgotten. A server that has run for a day has touched its memory and has its
    log's files; a new one makes each of them when it is first needed, which would be measured as the product's."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_worn_in AS SELECT repeat(md5(n::text), 30) AS filler FROM generate_series(1, %s) AS n",
            [2 * recipients],
        )
        cursor.execute("DROP TABLE bench_worn_in")
        cursor.execute("CHECKPOINT")


def settle() -> None:
    """What earlier stages have left to do is done now and not beside the next clock: their writing, and the cleaning up that the
    server would begin by itself within a minute. The planner knows the tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("ANALYZE")


def clear(*tables: str) -> None:
    """Empty tables, with what refers to them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        else:
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
