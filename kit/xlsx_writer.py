"""XLSX as it is written, piece by piece: a million rows leave the house without a file and in the memory of a few of them.

Office Open XML (ECMA-376) asks for little: a part for each sheet, a list of them, and the types of the parts. The list is
written last, when the number of sheets is known."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kit.export_files import safe_cell

# What one sheet can hold, the header among them.
MOST_ROWS = 1_048_576
MOST_IN_CELL = 32_767
_PIECE = 1 << 16
# Spreadsheets refuse the 64 bit form of the archive, so that a sheet has to stay below this.
_MOST_BYTES = 1_500_000_000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAME = re.compile(r"[\[\]:*?/\\']")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

Row = Sequence[Any]


def pieces(
    title: str,
    header: Row,
    rows: Iterable[Row],
    *,
    cover: tuple[str, Iterable[Row]] | None = None,
    most_rows: int = MOST_ROWS,
) -> Iterator[bytes]:
    """The file, in pieces. Every cell is text, and none begins like a formula. `most_rows` to a sheet, each with the header;
    further ones are called "title 2" and so on. `cover`: (title, rows) of a sheet before them."""
    sink = _Sink()
    names: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if cover is not None:
            names.append(cover[0])
            yield from _sheet(archive, sink, len(names), [], iter(cover[1]), most_rows)
        waiting, number = _Peeked(rows), 0
        while waiting or not number:
            number += 1
            names.append(title if number == 1 else f"{title} {number}")
            yield from _sheet(archive, sink, len(names), header, waiting, most_rows)
        for path, text in _frame(names):
            archive.writestr(path, text)
    yield sink.take()


class _Sink:
    """What the archive wrote since the last look. It cannot go back, so that nothing has to be kept."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class _Peeked:
    """An iterator that knows whether there is more."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def __bool__(self) -> bool:
        return self._next is not None

    def __iter__(self) -> "_Peeked":
        return self

    def __next__(self) -> Row:
        if self._next is None:
            raise StopIteration
        row, self._next = self._next, next(self._rows, None)
        return row


def _sheet(
    archive: zipfile.ZipFile, sink: _Sink, number: int, header: Row, rows: Iterator[Row], most: int
) -> Iterator[bytes]:
    with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
        text = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{_row(header) if header else ""}'
        left, size = most - bool(header), 0
        while left and size < _MOST_BYTES and (row := next(rows, None)) is not None:
            text += _row(row)
            left -= 1
            if len(text) >= _PIECE:
                size += part.write(text.encode())
                text = ""
                yield sink.take()
        part.write(f"{text}</sheetData></worksheet>".encode())
    yield sink.take()


def _row(row: Row) -> str:
    return f"<row>{''.join(map(_cell, row))}</row>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    # What XML cannot hold goes first: it could stand in front of a formula.
    text = escape(safe_cell(_NOT_XML.sub("", str(value)))[:MOST_IN_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(names: list[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of the parts that say what the sheets are."""
    numbers = range(1, len(names) + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{parts}</Types>',
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, map(_name, names), strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    yield "xl/_rels/workbook.xml.rels", _relations([("worksheet", f"worksheets/sheet{n}.xml") for n in numbers])


def _name(title: str) -> str:
    """As spreadsheets allow one: at most 31 characters."""
    return _NOT_IN_NAME.sub(" ", title)[:31]


def _relations(targets: list[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'
