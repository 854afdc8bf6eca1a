"""One run: the house is built in an empty database, then stage after stage."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection

from tools.bench import house
from tools.bench.report import Line
from tools.bench.sink import sink
from tools.bench.stages import comparison, imports, look_up, pushes, receipts, sending
from tools.bench.stages.common import Run, Stage, wear_in

STAGES: dict[str, Stage] = {
    "csv": imports.csv_file,
    "xlsx": imports.xlsx_file,
    "send": sending.plan_and_send,
    "build": sending.build_requests,
    "baselines": comparison.usual_ways,
    "receipts": receipts.receipts,
    "look-up": look_up.look_up,
    "load": pushes.pushes_under_load,
}
# What a stage stands on.
_NEEDS = {"send": ("csv",), "build": ("csv", "send"), "baselines": ("csv", "send"), "load": ("csv",)}


class NotEmpty(RuntimeError):
    """The database holds something already; a benchmark writes only into an empty one of its own."""


def require_empty() -> None:
    """Raises NotEmpty."""
    if connection.introspection.table_names():
        raise NotEmpty("This database is not empty. The benchmark takes an empty one of its own and nothing else.")


def with_needed(names: Sequence[str]) -> list[str]:
    """These stages and those they stand on, in the order of the path. Raises KeyError for a name that is none."""
    wanted = {name for chosen in names for name in (chosen, *_NEEDS.get(chosen, ()))}
    unknown = wanted - set(STAGES)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return [name for name in STAGES if name in wanted]


def lines(
    names: Sequence[str], *, recipients: int, seed: int, history: int, workers: int, seconds: int
) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="songda-bench-") as home, sink() as counting:
        wear_in(recipients)
        run = Run(recipients, seed, Path(home), counting, house.build(counting.url), history, workers, seconds)
        for name in with_needed(names):
            yield from STAGES[name](run)
