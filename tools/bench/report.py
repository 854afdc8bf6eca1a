"""What came out: one line for each stage for people, or JSON for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Line:
    """One measured thing. `limit` is the seconds of its limit for the same rows, 0 where it has none; `goal` says in words
    what `ratio` should be, "" where nothing is asked. `details` are further numbers by name."""

    stage: str
    rows: int
    seconds: float
    peak_mb: float = 0.0
    limit: float = 0.0
    ratio: float = 0.0
    goal: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0


HEADER = f"{'stage':<26}{'rows':>12}{'seconds':>10}{'rows/s':>12}{'peak MB':>9}{'limit s':>10}{'ratio':>8}  goal"


def as_text(line: Line) -> str:
    limit = f"{line.limit:>10.2f}" if line.limit else f"{'':>10}"
    ratio = f"{line.ratio:>8.2f}" if line.ratio else f"{'':>8}"
    peak = f"{line.peak_mb:>9.0f}" if line.peak_mb else f"{'':>9}"
    first = f"{line.stage:<26}{line.rows:>12,}{line.seconds:>10.2f}{line.per_second:>12,.0f}{peak}{limit}{ratio}  {line.goal}"
    rest = [f"    {name}: {_plain(value)}" for name, value in line.details.items()]
    return "\n".join([first.rstrip(), *rest])


def _plain(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def as_json(line: Line) -> str:
    return json.dumps({**asdict(line), "per_second": line.per_second}, ensure_ascii=False)


def from_json(text: str) -> Line:
    return Line(**{name: value for name, value in json.loads(text).items() if name != "per_second"})


def medians(runs: Sequence[Sequence[Line]]) -> list[Line]:
    """One line for each stage: that of the run in the middle by ratio, or by seconds where there is none; with the ratios of
    all runs beside it."""
    found = []
    for stage in dict.fromkeys(line.stage for run in runs for line in run):
        same = sorted(
            (line for run in runs for line in run if line.stage == stage), key=lambda one: one.ratio or one.seconds
        )
        middle = same[(len(same) - 1) // 2]
        spread = ", ".join(f"{line.ratio or line.seconds:.2f}" for line in same)
        found.append(replace(middle, details={**middle.details, "all runs": spread}))
    return found
