"""Time and peak memory of a piece of work, done in a process of its own: what ran before it does not count."""

import contextlib
import gc
import multiprocessing
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

Work = Callable[[], Any]
LONGEST_START = 60.0


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Measured:
    """`seconds` of wall clock, `peak_mb` the largest resident set of any of the processes, `results` one for each."""

    seconds: float
    peak_mb: float
    results: list[Any]

    @property
    def result(self) -> Any:
        return self.results[0]


class Broken(RuntimeError):
    """The work raised; the text is its traceback."""


def apart(work: Work) -> Measured:
    return together([work])


def together(works: Sequence[Work], ready: Work = _nothing) -> Measured:
    """Each in a process of its own, all at once; the seconds are those of the slowest. `ready` comes before each clock: what a
    process that runs for long has behind it. Raises Broken."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in works]
    line = context.Barrier(len(works))
    children = [
        context.Process(target=_run, args=(work, writer, ready, line), daemon=False)
        for work, (_, writer) in zip(works, pipes, strict=True)
    ]
    for child in children:
        child.start()
    for _, writer in pipes:
        writer.close()
    said = [_answer(reader) for reader, _ in pipes]
    for child in children:
        child.join()
    answers = [answer for answer in said if not isinstance(answer, str)]
    if len(answers) < len(said):
        raise Broken("\n".join(answer for answer in said if isinstance(answer, str)))
    seconds = max(answer[0] for answer in answers)
    return Measured(seconds, max(answer[1] for answer in answers), [answer[2] for answer in answers])


def _answer(reader: Any) -> tuple[float, float, Any] | str:
    """(seconds, peak, result), or what went wrong."""
    try:
        answer: tuple[float, float, Any] | str = reader.recv()
    except EOFError:
        return "a measured process ended without a word"
    return answer


def _run(work: Work, writer: Any, ready: Work, line: Any) -> None:
    try:
        ready()
        gc.collect()
        line.wait(LONGEST_START)
        forget_peak()
        began = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - began
        writer.send((seconds, peak_mb(), result))
    except BaseException:
        line.abort()  # nobody waits for one who will not come
        writer.send(traceback.format_exc())
    finally:
        connections.close_all()


def forget_peak() -> None:
    """Start the peak of this process anew; where the system does not allow it, the peak since its start counts."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb(process: str = "self") -> float:
    """The largest resident set so far (VmHWM), in MB of 2^20 bytes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0
