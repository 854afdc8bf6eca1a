"""A text file as rows of cells with the lines where they begin: CSV with any usual delimiter."""

import csv
import io
import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from kit.tables.encodings import detect
from kit.tables.file_errors import ImportRefused

_DELIMITERS = (",", "\t", ";", "|")
_BREAK = re.compile(r"\r\n|\r|\n")
# Excel's own line that names the delimiter; it shows no such row.
_SEP_LINE = re.compile(r'"?sep=([^\w"\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)
# Lines at the top whose delimiters are counted.
_SAMPLE_LINES = 20

Row = tuple[int, list[str]]
# Lines in the file, and as many rows of cells.
Block = tuple[Sequence[int], list[list[str]]]


@dataclass(frozen=True)
class TextFile:
    """`start`: the byte where the text begins; `first_line`: the line of the file that this is, 2 below a `sep=` line."""

    path: Path
    encoding: str
    delimiter: str
    start: int = 0
    first_line: int = 1

    def rows(self) -> Generator[Row, None, None]:
        """(line in the file, cells), wholly empty rows left out. Raises ImportRefused."""
        line = self.first_line
        with self._reader() as reader:
            try:
                for row in reader:
                    if row and (row[0] or any(row)):
                        yield line, row
                    line = reader.line_num + self.first_line
            except csv.Error as error:
                if "field limit" in str(error):
                    raise ImportRefused("long_cell", line=line, limit=csv.field_size_limit()) from error
                raise ImportRefused("quotes", line=line) from error

    def blocks(self, size: int, header_line: int) -> Iterator[Block]:
        """What follows the row that begins in `header_line`, `size` rows at a time; empty rows may be among them. Without a
        call into Python for each row: nearly always a row is a line, and then the lines need only be counted."""
        try:
            with self._reader() as reader:
                line = self._behind(reader, header_line)
                while rows := list(islice(reader, size)):
                    after = reader.line_num + self.first_line
                    yield range(line, after) if after - line == len(rows) else _lines(line, rows), rows
                    line = after
        except csv.Error:
            # Which row it was is not known among many: the slow way finds it, and raises.
            deque(self.rows(), 0)
            raise

    def _behind(self, reader: Any, header_line: int) -> int:
        """Reads up to the header and through it. Returns the line that comes next."""
        line = self.first_line
        for row in reader:
            began, line = line, reader.line_num + self.first_line
            if any(row) and began >= header_line:
                break
        return line

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            with io.TextIOWrapper(file, self.encoding, newline="") as text:
                yield csv.reader(text, delimiter=self.delimiter, strict=True, skipinitialspace=True)


def open_text(path: Path, head: bytes) -> TextFile:
    """Looks through the whole file once, in pieces. Raises ImportRefused."""
    encoding, start = detect(path, head)
    with path.open("rb") as file:
        file.seek(start)
        with io.TextIOWrapper(file, encoding, newline="") as text:
            top = text.read(1 << 16)
    named = _SEP_LINE.match(top)
    if named:
        return TextFile(path, encoding, named[1], start + len(named[0].encode(encoding)), 2)
    return TextFile(path, encoding, _delimiter(top), start)


def _delimiter(top: str) -> str:
    """The one that most of the first lines have, and of those the most frequent, outside quotation marks; a comma if none.
    Not the first line alone: that may be a title."""
    outside = "".join(top.split('"')[0::2])
    lines = [line for line in outside.splitlines() if line.strip()][:_SAMPLE_LINES]

    def score(sign: str) -> tuple[int, int, bool]:
        counts = [line.count(sign) for line in lines]
        return sum(map(bool, counts)), sum(counts), sign == ","

    return max(_DELIMITERS, key=score)


def _lines(line: int, rows: list[list[str]]) -> list[int]:
    """Where each row begins, the first in `line`, when cells hold line breaks."""
    lengths = [1 + sum(len(_BREAK.findall(cell)) for cell in row) for row in rows]
    return list(accumulate(lengths[:-1], initial=line))
