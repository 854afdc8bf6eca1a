"""A file as rows of text cells with their line numbers, one at a time, whatever it is called."""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from config.kit.tables.refusing import ImportRefused
from config.kit.tables.zips import inspect

MAX_XLSX_MB = 50
MAX_CSV_MB = 500
_PIECE = 1 << 20
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "old_excel", ""),
    (b"%PDF", "binary", "PDF"),
    (b"\x89PNG", "binary", "PNG"),
    (b"\xff\xd8\xff", "binary", "JPEG"),
    (b"GIF8", "binary", "GIF"),
    (b"\x1f\x8b", "binary", "gzip"),
    (b"Rar!", "binary", "RAR"),
    (b"7z\xbc\xaf", "binary", "7-Zip"),
    (b"SQLite format", "binary", "SQLite"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b")
_DELIMITERS = (",", "\t", ";", "|")
_BREAK = re.compile(r"\r\n|\r|\n")

Row = tuple[int, list[str]]
# Lines in the file, and as many rows of cells.
Block = tuple[Sequence[int], list[list[str]]]


@dataclass(frozen=True)
class Source:
    """What was found out about a file. `encoding` is "xlsx" for a workbook, where `formulas` says that it holds some."""

    path: Path
    encoding: str
    delimiter: str = ""
    formulas: bool = False

    @property
    def is_xlsx(self) -> bool:
        return self.encoding == "xlsx"

    def rows(self) -> Iterator[Row]:
        """(line in the file, cells), the header first, wholly empty rows left out. Raises ImportRefused."""
        return _xlsx_rows(self.path) if self.is_xlsx else _csv_rows(self)

    def blocks(self, size: int) -> Iterator[Block]:
        """What follows the header, `size` rows at a time; wholly empty rows may be among them. Raises ImportRefused."""
        if self.is_xlsx:
            rows = self.rows()
            next(rows, None)
            while some := list(islice(rows, size)):
                yield [line for line, _cells in some], [cells for _line, cells in some]
            return
        try:
            yield from _csv_blocks(self, size)
        except csv.Error:
            # Which row it was is not known among many: the slow way finds it, and raises.
            deque(self.rows(), 0)
            raise


def sniff(path: Path) -> Source:
    """Look at the whole file once, in pieces. Raises ImportRefused."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise ImportRefused("empty")
    for magic, key, what in _MAGIC:
        if head.startswith(magic):
            raise ImportRefused(key, **({"what": what} if what else {}))
    if head.startswith(b"PK"):
        _within(size, MAX_XLSX_MB)
        return Source(path, "xlsx", formulas=inspect(path))
    _within(size, MAX_CSV_MB)
    encoding = _encoding(path, head)
    return Source(path, encoding, _delimiter(path, encoding))


def _within(size: int, limit: int) -> None:
    if size > limit << 20:
        raise ImportRefused("too_big", size=-(-size >> 20), limit=limit)


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return _decodes(path, "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decodes(path, "utf-16")
    if b"\x00" in head:
        return _decodes(path, _utf16_without_bom(head))
    if sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head) * 100 > len(head):
        raise ImportRefused("binary", what="?")
    try:
        return _decodes(path, "utf-8")
    except ImportRefused:
        return _decodes(path, "gb18030")


def _utf16_without_bom(head: bytes) -> str:
    """Text in UTF-16 has its NUL bytes on one side of the pairs; a single NUL in otherwise plain text is that cell's."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if (even + odd) * 20 < len(head):
        return "utf-8" if _is_utf8(head) else "gb18030"
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(encoding, "replace")
    if min(even, odd) * 20 > max(even, odd) or any(ord(sign) < 32 and ord(sign) not in _TEXT_CONTROLS for sign in text):
        raise ImportRefused("binary", what="NUL")
    return encoding


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(path: Path, encoding: str) -> str:
    """The encoding, if the whole file decodes. Raises ImportRefused with the line of the first byte that does not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                line += decoder.decode(piece, final=not piece).count("\n")
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise ImportRefused("encoding", line=line) from error
            if not piece:
                return encoding


def _delimiter(path: Path, encoding: str) -> str:
    """The one that the first line has most of, outside quotation marks; a comma if none."""
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(1 << 16)
    outside = "".join(first.split('"')[0::2])
    return max(_DELIMITERS, key=lambda sign: (outside.count(sign), sign == ","))


def _csv_rows(source: Source) -> Iterator[Row]:
    line = 1
    with source.path.open(encoding=source.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=source.delimiter, strict=True)
        try:
            for row in reader:
                if row and (row[0] or any(row)):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            if "field limit" in str(error):
                raise ImportRefused("long_cell", line=line, limit=csv.field_size_limit()) from error
            raise ImportRefused("quotes", line=line) from error


def _csv_blocks(source: Source, size: int) -> Iterator[Block]:
    """Rows without a call into Python for each: nearly always a row is a line, and then the lines need only be counted."""
    with source.path.open(encoding=source.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=source.delimiter, strict=True)
        next(filter(any, reader), None)
        line = 1 + reader.line_num
        while rows := list(islice(reader, size)):
            after = 1 + reader.line_num
            yield range(line, after) if after - line == len(rows) else _lines(line, rows), rows
            line = after


def _lines(line: int, rows: list[list[str]]) -> list[int]:
    """Where each row begins, the first in `line`, when cells hold line breaks."""
    lengths = [1 + sum(len(_BREAK.findall(cell)) for cell in row) for row in rows]
    return list(accumulate(lengths[:-1], initial=line))


def _xlsx_rows(path: Path) -> Iterator[Row]:
    """The first sheet. Peak memory is about fifteen times the file: the reader keeps the sheet."""
    try:
        book = CalamineWorkbook.from_path(path)
        sheet = book.get_sheet_by_index(0)
    except (CalamineError, IndexError, OSError) as error:
        raise ImportRefused("bad_xlsx") from error
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [cell if cell.__class__ is str else as_text(cell) for cell in row]
        if cells and (cells[0] or any(cells)):
            yield line, cells


def as_text(cell: Any) -> str:
    """A cell as a person typed it: a whole number without `.0`, a date without midnight."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="auto")
    return "" if cell is None else str(cell)
