"""One pass over a sheet's XML, before any reader opens it: how far it reaches, which rows it hides, which formulas have no
value, which errors stand in it, and which style each column of numbers has.

What the sheet says of its own size (`dimension`) is not believed. XML as spreadsheets write it is looked through by pattern,
a third of a parser's time; anything else (a prefix, another order of attributes, a comment) goes through the parser.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from xml.parsers import expat

from kit.spreadsheets.refusal import Refusal

# The text of a formula's cell that has no value.
UNKNOWN = "="

_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"([^>]*)>')
_HIDDEN = re.compile(rb'<row r="(\d{1,7})"[^>]*? hidden="(?:1|true)"[^>]*>((?:(?!</row>).)*)', re.DOTALL)
_ERROR = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]* t="e"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]*)</v>')
_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"([^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)(?:<v/>|<v>(0?)</v>)?</c>')
_STYLE = re.compile(rb' s="(\d{1,5})"')
# Elements of cells and rows in any form; the patterns follow one alone.
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ANY_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
# Longer than any row can be: a sheet without ends of rows.
_LONGEST_ROW = 64 << 20


@dataclass
class Scan:
    """Rows and columns count from 1, of cells with something in them. `hidden`: such rows that the sheet hides. `odd`: (row,
    column) -> the text to show instead, UNKNOWN or the error. `styles`: column -> [(from this row, style of its numbers)].
    `others`: columns that hold anything but text and numbers."""

    last_row: int = 0
    first_column: int = 1 << 20
    last_column: int = 0
    hidden: set[int] = field(default_factory=set)
    odd: dict[tuple[int, int], str] = field(default_factory=dict)
    styles: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)

    def reach(self, row: int, column: int) -> None:
        self.last_row = max(self.last_row, row)
        self.first_column, self.last_column = min(self.first_column, column), max(self.last_column, column)

    def style(self, row: int, column: int, style: int) -> None:
        runs = self.styles.setdefault(column, [])
        if not runs or runs[-1][1] != style:
            runs.append((row, style))

    @property
    def size(self) -> int:
        """Cells of the rectangle that a reader makes of it."""
        return self.last_row * max(self.last_column - self.first_column + 1, 0)


# Of a cell that _CELL has found. Without a call into Python for each: a sheet has millions.
_ROW, _KIND = itemgetter(1), itemgetter(0, 2)


class _Strange(Exception):
    """XML that is not as spreadsheets write it."""


def scan(pieces: Callable[[], Iterable[bytes]], *, calculated: bool) -> Scan:
    """`calculated`: a zero that a formula shows is its value; otherwise the program that wrote the file did not calculate."""
    try:
        found = Scan()
        for piece in _whole_rows(pieces()):
            _take_in(found, piece, calculated)
        return found
    except _Strange:
        return _Parser(calculated).read(pieces())


def _whole_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, cut behind ends of rows."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        cut = piece.rfind(b"</row>")
        if cut < 0:
            waiting.append(piece)
            size += len(piece)
            if size > _LONGEST_ROW:
                raise _Strange
            continue
        yield b"".join([*waiting, piece[: cut + 6]])
        waiting, size = [piece[cut + 6 :]], len(piece) - cut - 6
    yield b"".join(waiting)


def _take_in(found: Scan, piece: bytes, calculated: bool) -> None:
    cells = _CELL.findall(piece)
    _make_sure(piece, len(cells))
    kinds = set(map(_KIND, cells))
    # A cell that ends itself is empty, however far away: only its style was set.
    if any(rest[-1:] == b"/" for _letters, rest in kinds):
        cells = [cell for cell in cells if cell[2][-1:] != b"/"]
        kinds = {(letters, rest) for letters, rest in kinds if rest[-1:] != b"/"}
    if not cells:
        return
    last = max(map(int, set(map(_ROW, cells))))
    for letters, _rest in kinds:
        found.reach(last, number(letters))
    found.others.update(number(letters) for letters, rest in kinds if b' t="b"' in rest or b' t="d"' in rest)
    _note_styles(found, cells, kinds)
    if b'hidden="' in piece:
        found.hidden.update(int(row) for row, body in _HIDDEN.findall(piece) if b"<v>" in body or b"<is" in body)
    if any(b' t="e"' in rest for _letters, rest in kinds):
        for letters, row, value in _ERROR.findall(piece):
            found.odd[int(row), number(letters)] = value.decode("utf-8", "replace")
    if b"<f" in piece:
        for letters, row, rest, zero in _FORMULA.findall(piece):
            if b' t="str"' not in rest and not (zero and calculated):
                found.odd[int(row), number(letters)] = UNKNOWN


def _make_sure(piece: bytes, cells: int) -> None:
    """That the patterns have found every cell and row. Counting single signs first is what costs least: nearly no piece holds
    anything else that begins so. Raises _Strange."""
    if b"\x00" in piece or (b"!" in piece and b"<!" in piece):
        raise _Strange
    prefixed = b":" in piece and (b":c" in piece or b":row" in piece)
    if (prefixed or piece.count(b"<c") != cells) and len(_ANY_CELL.findall(piece)) != cells:
        raise _Strange
    rows = piece.count(b'<row r="')
    if (prefixed or piece.count(b"<row") != rows) and len(_ANY_ROW.findall(piece)) != rows:
        raise _Strange


def _note_styles(found: Scan, cells: list[tuple[bytes, bytes, bytes]], kinds: set[tuple[bytes, bytes]]) -> None:
    """Nearly always the numbers of a column have one style; only where a piece has several they are told apart by row."""
    of_column: dict[bytes, set[int]] = {}
    for letters, rest in kinds:
        if _is_number(rest):
            of_column.setdefault(letters, set()).add(_style(rest))
    first = int(cells[0][1])
    mixed = set()
    for letters, styles in of_column.items():
        if len(styles) == 1:
            found.style(first, number(letters), styles.pop())
        else:
            mixed.add(letters)
    if mixed:
        for letters, row, rest in cells:
            if letters in mixed and _is_number(rest):
                found.style(int(row), number(letters), _style(rest))


def _is_number(attributes: bytes) -> bool:
    return b' t="' not in attributes or b' t="n"' in attributes


def _style(attributes: bytes) -> int:
    named = _STYLE.search(attributes)
    return int(named[1]) if named else 0


def number(letters: bytes | str) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    found = 0
    for letter in letters if isinstance(letters, bytes) else letters.encode():
        found = found * 26 + letter - 64
    return found


def name(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class _Parser:
    """The same by the parser, for XML of any form."""

    def __init__(self, calculated: bool) -> None:
        self.found = Scan()
        self._calculated = calculated
        self._row = self._column = 0
        self._is_hidden = False
        self._cell: dict[str, str] | None = None
        self._seen: set[str] = set()
        self._value: list[str] = []
        self._in_value = False

    def read(self, pieces: Iterable[bytes]) -> Scan:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            for piece in pieces:
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Refusal("bad_xlsx") from error
        return self.found

    def _doctype(self, *_any: Any) -> None:
        raise Refusal("bad_xlsx")

    def _start(self, tag: str, values: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self._row = int(values["r"]) if values.get("r", "").isdecimal() else self._row + 1
            self._column, self._is_hidden = 0, values.get("hidden", "") in ("1", "true")
        elif tag == "c":
            place = _REFERENCE.fullmatch(values.get("r", ""))
            self._column = number(place[1]) if place else self._column + 1
            self._row = int(place[2]) if place else max(self._row, 1)
            self._cell, self._seen, self._value = values, set(), []
        elif self._cell is not None:
            self._seen.add(tag)
            self._in_value = tag == "v"

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value.append(text)

    def _end(self, tag: str) -> None:
        self._in_value = False
        if tag.rpartition(":")[2] != "c" or self._cell is None:
            return
        values, self._cell = self._cell, None
        if not self._seen:
            return
        place, kind, value = (self._row, self._column), values.get("t", "n"), "".join(self._value)
        self.found.reach(*place)
        if self._is_hidden and self._seen & {"v", "is"}:
            self.found.hidden.add(self._row)
        if kind == "e":
            self.found.odd[place] = value
        elif "f" in self._seen and kind != "str" and (not value or (value == "0" and not self._calculated)):
            self.found.odd[place] = UNKNOWN
        if kind in ("b", "d"):
            self.found.others.add(self._column)
        if kind == "n":
            style = values.get("s", "")
            self.found.style(*place, int(style) if style.isdecimal() and len(style) < 6 else 0)
