"""`python -m kit.spreadsheets.child FILE MEMORY_MB PARENT [--leave-hidden]`: the first visible sheet with something in it,
as lines of JSON.

    {"sheet": {…}}                what kit.tables.workbooks.SheetFacts says
    {"lines": […], "rows": […]}   rows with something in them, cells as text
    {"refused": key, "params": {…}}   instead of what would come next
    {"end": true}                 without it the process has died
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import orjson
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from kit.spreadsheets import formats
from kit.spreadsheets.parts import Parts, Sheet, local
from kit.spreadsheets.refusal import Refusal
from kit.spreadsheets.scan import Scan, name, scan

# The reader makes a rectangle of a sheet, 32 bytes a cell and as much again while it does.
MOST_CELLS = 20_000_000
MOST_SECONDS = 600
ROWS_A_LINE = 400
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ElementTree.ParseError,
)
_STYLES = "xl/styles.xml"
# Cells of a column of numbers are left to their style.
_NEITHER = (bool, date, datetime)
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


def main() -> None:
    path, memory_mb, parent, *options = sys.argv[1:]
    _limit(int(memory_mb), int(parent))
    out = sys.stdout.buffer
    try:
        for message in messages(Path(path), leave_hidden="--leave-hidden" in options):
            _write(out, message)
        _write(out, {"end": True})
    except Refusal as refusal:
        _write(out, {"refused": refusal.key, "params": refusal.params})
    except BrokenPipeError:
        os._exit(0)  # whoever asked has enough


def _write(out: IO[bytes], message: Mapping[str, object]) -> None:
    out.write(orjson.dumps(message) + b"\n")
    out.flush()


def _limit(memory_mb: int, parent: int) -> None:
    """No more memory and time than allowed, no files, and an end when the parent ends."""
    for what, most in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def messages(path: Path, *, leave_hidden: bool = False) -> Iterator[Mapping[str, object]]:
    """What is written, but for the end. Raises Refusal."""
    try:
        parts = Parts(path)
        sheets = parts.sheets()
        sheet, seen = _choose(parts, sheets)
        shows = _shows(parts)
    except _DAMAGED as error:
        raise Refusal("bad_xlsx") from error
    others = [one for one in sheets if one is not sheet and one.part and _holds_something(parts, one)]
    yield {
        "sheet": {
            "name": sheet.name,
            "others": [one.name for one in others if not one.is_hidden],
            "hidden": [one.name for one in others if one.is_hidden],
            "hidden_rows": len(seen.hidden),
            "hidden_on_top": sorted(line for line in seen.hidden if line <= ROWS_A_LINE),
        }
    }
    yield from _rows(path, sheet, seen, shows, leave_hidden)


def _choose(parts: Parts, sheets: list[Sheet]) -> tuple[Sheet, Scan]:
    """The first visible sheet with something in it. Everything else is unpacked once too: what cannot be is no workbook."""
    calculated = not _must_be_calculated(parts)
    chosen: tuple[Sheet, Scan] | None = None
    for sheet in sheets:
        if chosen or sheet.is_hidden or not sheet.part:
            continue
        seen = scan(lambda part=sheet.part: parts.pieces(part), calculated=calculated)  # type: ignore[misc]
        if seen.last_row:
            chosen = (sheet, seen)
    parts.unpack(one for one in parts.members if chosen is None or one != chosen[0].part)
    if chosen is None:
        raise Refusal("hidden_only" if any(_holds_something(parts, one) for one in sheets if one.part) else "empty")
    if chosen[1].size > MOST_CELLS:
        corner = f"{name(chosen[1].last_column)}{chosen[1].last_row}"
        raise Refusal("far_cell", sheet=chosen[0].name, cell=corner, limit=MOST_CELLS // 1_000_000)
    return chosen


def _must_be_calculated(parts: Parts) -> bool:
    """Whether the program that wrote the workbook left the values of formulas to whoever opens it."""
    book = parts.xml("xl/workbook.xml")
    found = (one for one in book.iter() if local(one.tag) == "calcPr") if book is not None else iter(())
    return any(one.attrib.get("fullCalcOnLoad", "") in ("1", "true") for one in found)


def _holds_something(parts: Parts, sheet: Sheet) -> bool:
    tail = b""
    for piece in parts.pieces(sheet.part):
        text = tail + piece
        if b"<v>" in text or b"<is>" in text or b":v>" in text or b":is>" in text or b"<v " in text:
            return True
        tail = piece[-8:]
    return False


def _shows(parts: Parts) -> list[formats.Show]:
    """For each style of a cell how a number is shown in it."""
    tree = parts.xml(_STYLES)
    if tree is None:
        return []
    codes = dict(formats.BUILTIN)
    shows: list[formats.Show] = []
    for element in tree:
        if local(element.tag) == "numFmts":
            codes |= {_whole(one.attrib.get("numFmtId")): one.attrib.get("formatCode", "") for one in element}
        if local(element.tag) == "cellXfs":
            shows = [formats.shower(codes.get(_whole(one.attrib.get("numFmtId")), "")) for one in element]
    return shows


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else 0


def _rows(
    path: Path, sheet: Sheet, seen: Scan, shows: list[formats.Show], leave_hidden: bool
) -> Iterator[Mapping[str, object]]:
    try:
        reader = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet.name)
        rows = reader.iter_rows()
    except PasswordError as error:
        raise Refusal("password") from error
    except (CalamineError, OSError) as error:
        raise Refusal("bad_xlsx") from error
    texts = _Texts(seen, shows, reader.start[1] + 1 if reader.start else 1, reader.width)
    left = seen.hidden if leave_hidden else frozenset()
    first = 1
    while some := _next_of(rows, first):
        texts.put(first, some)
        lines: Sequence[int] = range(first, first + len(some))
        first += len(some)
        if left or not all(map(any, some)):
            pairs = [(line, row) for line, row in zip(lines, some, strict=True) if any(row) and line not in left]
            lines, some = [line for line, _row in pairs], [row for _line, row in pairs]
        if some:
            yield {"lines": list(lines), "rows": some}


def _next_of(rows: Iterator[list[Any]], first: int) -> list[list[Any]]:
    """The next rows, of which the first is in line `first`. A row that the reader cannot take, as one with a date ten million years
    ahead, is said with its line."""
    found: list[list[Any]] = []
    try:
        found.extend(islice(rows, ROWS_A_LINE))
    except (OverflowError, ValueError) as error:
        raise Refusal("unreadable_row", line=first + len(found)) from error
    except BaseException as error:
        # The library's own panic is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise Refusal("unreadable_row", line=first + len(found)) from None
    return found


class _Texts:
    """Cells as the sheet shows them. `first_column`: the column of the reader's first cell, from 1; `width`: of its rows."""

    def __init__(self, seen: Scan, shows: list[formats.Show], first_column: int, width: int) -> None:
        self._shows = shows
        # What the reader takes for empty may stand beside the columns that it gives.
        within = range(first_column, first_column + width)
        self._odd = sorted(
            (line, column - first_column, text) for (line, column), text in seen.odd.items() if column in within
        )
        self._others = [column - first_column for column in seen.others if column in within]
        self._runs = {column - first_column: runs for column, runs in seen.styles.items() if column in within}

    def put(self, first: int, rows: list[list[Any]]) -> None:
        """Change the cells of these rows to text; the first stands in line `first`. Only columns that have anything but text are
        looked at."""
        for column in self._others:
            for row in rows:
                if row[column].__class__ in _NEITHER:
                    row[column] = formats.general(row[column])
        for column, runs in self._runs.items():
            self._put_numbers(first, rows, column, runs)
        if self._odd:
            self._put_odd(first, rows)
        # Whatever the reader made of a cell that was expected to be text.
        if set(map(type, chain.from_iterable(rows))) - {str}:
            rows[:] = [[formats.general(cell) for cell in row] for row in rows]

    def _put_numbers(self, first: int, rows: list[list[Any]], column: int, runs: list[tuple[int, int]]) -> None:
        """Nearly always the column has one style, at least within these rows."""
        at = max(bisect_right(runs, first, key=itemgetter(0)) - 1, 0)
        show = self._show(runs[at][1])
        if at + 1 == len(runs) or runs[at + 1][0] >= first + len(rows):
            for row in rows:
                cell = row[column]
                if cell.__class__ is not str:
                    row[column] = show(cell)
            return
        for line, row in enumerate(rows, first):
            while at + 1 < len(runs) and runs[at + 1][0] <= line:
                at += 1
                show = self._show(runs[at][1])
            if row[column].__class__ is not str:
                row[column] = show(row[column])

    def _put_odd(self, first: int, rows: list[list[Any]]) -> None:
        start = bisect_left(self._odd, first, key=itemgetter(0))
        for line, column, text in islice(self._odd, start, None):
            if line >= first + len(rows):
                return
            if rows[line - first][column] in ("", "0"):
                rows[line - first][column] = text

    def _show(self, style: int) -> formats.Show:
        return self._shows[style] if style < len(self._shows) else formats.general


if __name__ == "__main__":
    main()
