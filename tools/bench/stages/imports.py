"""File -> stored members, beside a bare pass of the reader over the same file."""

import resource
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from campaigns.audiences import imports
from campaigns.models import AudienceImport
from tools.bench import data, house, limits
from tools.bench.measure import apart
from tools.bench.report import Line
from tools.bench.stages.common import Run, settle


def csv_file(run: Run) -> Iterator[Line]:
    """The whole file, and a hundredth of it to see whether memory grows with it."""
    small = run.home / "small.csv"
    data.write_csv(small, run.seed + 1, max(run.recipients // 100, 100))
    few = apart(partial(_check, house.upload(run.house, small, "small").pk))
    path = run.home / "people.csv"
    rows = data.write_csv(path, run.seed, run.recipients)
    source, line = _measure(run, path, "import CSV", rows, limits.read_csv, "at most 15")
    run.kept["audience"] = source.audience
    line.details["peak MB of a hundredth"] = few.peak_mb
    yield line


def xlsx_file(run: Run) -> Iterator[Line]:
    path = run.home / "people.xlsx"
    rows = data.write_xlsx(path, run.seed + 2, min(run.xlsx_rows, run.recipients))
    yield _measure(run, path, "import XLSX", rows, limits.read_xlsx, "at most 3")[1]


def _measure(
    run: Run, path: Path, stage: str, rows: int, bare: Callable[[Path], int], goal: str
) -> tuple[AudienceImport, Line]:
    source = house.upload(run.house, path, stage)
    settle()
    limit = apart(partial(bare, path))
    done = apart(partial(_check, source.pk))
    source.refresh_from_db()
    if source.rows != rows or source.stored + source.invalid + source.duplicate != rows:
        raise RuntimeError(f"{stage}: {rows} rows, but {source.rows} read and {source.stored} stored")
    imports.confirm(source, run.house.actor)
    source.audience.refresh_from_db()
    ratio = done.seconds / limit.seconds
    details = {"stored": source.stored, "invalid": source.invalid, "duplicate": source.duplicate}
    if done.result:
        details["peak MB of the reader's process"] = done.result
    return source, Line(stage, rows, done.seconds, done.peak_mb, limit.seconds, ratio, goal, dict(details))


def _check(import_id: int) -> int:
    """MB of the largest child, which is the reader of a workbook; 0 without one."""
    imports.check_and_store(import_id)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
