"""A workbook as rows of text cells. A process of its own opens it, with a limit to its memory: a file that ends its reader
ends that process, and the caller gets a sentence."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import orjson

from kit.tables.file_errors import ImportRefused
from kit.tables.texts import Block, Row

MEMORY_MB = 2048
_ROOT = Path(__file__).resolve().parents[2]
# Ended from outside, as a worker is: not the file's fault, so it is tried again.
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


class ReaderEnded(RuntimeError):
    """The reader's process was ended from outside before it was through."""


@dataclass(frozen=True)
class SheetFacts:
    """The sheet that is read; names of others with something in them, and of hidden ones; rows with something in them that the
    sheet hides, and which of those are among the first hundreds."""

    name: str = ""
    others: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    hidden_rows: int = 0
    hidden_on_top: tuple[int, ...] = ()

    @classmethod
    def told(
        cls, name: str, others: list[str], hidden: list[str], hidden_rows: int, hidden_on_top: list[int]
    ) -> "SheetFacts":
        """As the reader's process writes them."""
        return cls(name, tuple(others), tuple(hidden), hidden_rows, tuple(hidden_on_top))


@dataclass
class Workbook:
    """The first visible sheet with something in it. `facts` stand once the first row has been asked for."""

    path: Path
    take_hidden: bool = True
    memory_mb: int = MEMORY_MB
    facts: SheetFacts = field(default_factory=SheetFacts)
    encoding = "xlsx"
    delimiter = ""

    def rows(self) -> Generator[Row, None, None]:
        """(line in the sheet, cells), wholly empty rows left out. Raises ImportRefused, ReaderEnded."""
        with closing(self._read()) as pieces:
            for lines, rows in pieces:
                yield from zip(lines, rows, strict=True)

    def blocks(self, size: int, header_line: int) -> Iterator[Block]:
        """What stands below the header's line, `size` rows at a time. Raises ImportRefused, ReaderEnded."""
        with closing(self._read()) as pieces:
            for lines, rows in pieces:
                skipped = sum(line <= header_line for line in islice(lines, header_line))
                for start in range(skipped, len(lines), size):
                    yield lines[start : start + size], rows[start : start + size]

    def _read(self) -> Generator[Block, None, None]:
        process = self._start()
        ended = False
        try:
            for line in process.stdout or ():
                if not line.endswith(b"\n"):
                    break  # it ended in the middle
                message = orjson.loads(line)
                if "rows" in message:
                    yield message["lines"], message["rows"]
                elif "sheet" in message:
                    self.facts = SheetFacts.told(**message["sheet"])
                elif "refused" in message:
                    raise ImportRefused(message["refused"], **message["params"])
                else:
                    ended = True
            if not ended:
                self._say_why(process.wait())
        finally:
            process.kill()
            if process.stdout:
                process.stdout.close()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [
            sys.executable,
            "-m",
            "kit.spreadsheets.child",
            str(self.path),
            str(self.memory_mb),
            str(os.getpid()),
        ]
        return subprocess.Popen(  # noqa: S603 - our own command
            command + ([] if self.take_hidden else ["--leave-hidden"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            # It needs no secrets, so it gets none.
            env={"PYTHONPATH": str(_ROOT)},
        )

    def _say_why(self, code: int) -> None:
        if code in _FROM_OUTSIDE:
            raise ReaderEnded(f"The reader of {self.path.name} was ended by signal {-code}")
        raise ImportRefused("too_heavy", limit=self.memory_mb)
