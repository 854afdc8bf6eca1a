"""Rows sorted into good and bad. Usual rows take the short way; whatever is odd about one is looked at slowly."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import orjson

from campaigns.audiences.imports.operators import is_plain, masked, normalise
from kit import phones
from kit.line_breaks import unified
from kit.tables.cells import tidy
from kit.tables.rows import Block, Row

MAX_CELL = 2000
# Of a row that is not taken.
_CELLS_KEPT = 20
BLOCK, SMALL_BLOCK = 40, 5
# line, phone, operator, variables as JSON, between tabs: as a database takes them by COPY. JSON escapes a tab.
CopyLine = str
# Stands between the cells of a block; a cell that has one makes the block odd.
_WALL = "¦"
_ODD = {
    '"': ('"',),
    "\\": ("\\",),
    " ": (f" {_WALL}", f"{_WALL} "),
    "=": (f"{_WALL}=",),
    "'": (f"{_WALL}'",),
    "’": (f"{_WALL}’",),
    "+": ("E+",),
    "#": (f"{_WALL}#",),
}
_NUMBERS = re.compile(f"(?:{phones.MOBILE.pattern},)*{phones.MOBILE.pattern}", re.ASCII)


# As spreadsheets show a number of more digits than they keep, a card's or an order's: the last digits are lost.
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d{2,3}", re.ASCII)


class RejectedRow(NamedTuple):
    line: int
    column: str
    reason: str
    value: str
    cells: str


@dataclass(frozen=True)
class Plan:
    """How to read the rows of one file. `names` and `indexes` are the variables; `operators` by five-digit prefix."""

    header: list[str]
    phone: int
    names: tuple[str, ...]
    indexes: tuple[int, ...]
    operators: Mapping[str, str]


def sift(blocks: Iterable[Block], plan: Plan) -> tuple[list[CopyLine], list[RejectedRow]]:
    """Each row once, in one of the two lists, in no order. A block of usual rows is judged as one text and written by
    mapping, since a call for each of a million rows costs 0.1 s; only a block that holds anything odd is looked at closer."""
    good: list[CopyLine] = []
    bad: list[RejectedRow] = []
    write = _writer(plan)
    for block in blocks:
        lines, rows = block if _is_usual(block[1], plan) else _usual_among(block, plan, good, bad)
        if rows:
            good += write(lines, list(zip(*rows, strict=True)))
    return good, bad


def _usual_among(block: Block, plan: Plan, good: list[CopyLine], bad: list[RejectedRow]) -> Block:
    """The usual ones of a block; the others are looked at. Nearly always it is a number or a width that is odd; if not,
    smaller blocks find the row."""
    wide, place = len(plan.header), plan.phone
    plain: list[Row] = []
    odd: list[Row] = []
    for row in zip(*block, strict=True):
        (plain if len(row[1]) == wide and is_plain(row[1][place]) else odd).append(row)
    if plain and not _is_usual(_cells(plain), plan):
        few = [plain[start : start + SMALL_BLOCK] for start in range(0, len(plain), SMALL_BLOCK)]
        odd += chain.from_iterable(some for some in few if not _is_usual(_cells(some), plan))
        plain = list(chain.from_iterable(some for some in few if _is_usual(_cells(some), plan)))
    _look_at_each(odd, plan, good, bad)
    return [line for line, _row in plain], _cells(plain)


def _cells(rows: Iterable[Row]) -> list[list[str]]:
    return [cells for _line, cells in rows]


def _writer(plan: Plan) -> Callable[[Sequence[int], Sequence[Sequence[str]]], Iterable[CopyLine]]:
    """(lines, columns) of usual rows -> what is staged of them."""
    template, indexes, place, operator_of = _template(plan.names), plan.indexes, plan.phone, plan.operators.get

    def write(lines: Sequence[int], columns: Sequence[Sequence[str]]) -> Iterable[CopyLine]:
        phones = columns[place]
        operators = [operator_of(phone[:5], "") for phone in phones]
        return map(template.__mod__, zip(lines, phones, operators, *[columns[i] for i in indexes], strict=True))

    return write


def _look_at_each(rows: list[Row], plan: Plan, good: list[CopyLine], bad: list[RejectedRow]) -> None:
    for line, row in rows:
        found = _look(line, row, plan)
        if isinstance(found, RejectedRow):
            bad.append(found)
        elif found:
            good.append(found)


def _is_usual(rows: list[list[str]], plan: Plan) -> bool:
    """All of the right width, with plain numbers, and no cell with anything that JSON escapes, a blank at an end, or the
    beginning of a formula or its error."""
    if set(map(len, rows)) != {len(plan.header)}:
        return False
    if not _NUMBERS.fullmatch(",".join([row[plan.phone] for row in rows])):
        return False
    text = _WALL + _WALL.join(chain.from_iterable(rows)) + _WALL
    return (
        text.isprintable()
        and text.count(_WALL) == len(rows) * len(plan.header) + 1
        # One sign is found at once, and hardly any text has one; the pairs are looked for only then.
        and not any(sign in text and any(pair in text for pair in pairs) for sign, pairs in _ODD.items())
        and (len(text) <= MAX_CELL or max(map(len, chain.from_iterable(rows))) <= MAX_CELL)
    )


def _template(names: Sequence[str]) -> str:
    """A staged row, but for the values."""
    pairs = ",".join(orjson.dumps(name).decode().replace("%", "%%") + ':"%s"' for name in names)
    return f"%d\t%s\t%s\t{{{pairs}}}"


def _look(line: int, row: list[str], plan: Plan) -> CopyLine | RejectedRow | None:
    """The slow way. None for a row of blanks only, which is no row."""
    cells = [unified(tidy(cell)) for cell in row]
    if not any(cells):
        return None
    if any(cells[len(plan.header) :]):
        return bad(line, plan.header, None, "extra_cells", next(filter(None, cells[len(plan.header) :])), cells)
    cells += [""] * (len(plan.header) - len(cells))
    phone, reason = normalise(cells[plan.phone])
    if reason:
        return bad(line, plan.header, plan.phone, _reason(reason, cells, plan), cells[plan.phone], cells)
    for name, index in zip(plan.names, plan.indexes, strict=True):
        if wrong := _wrong(cells[index]):
            return bad(line, plan.header, index, wrong, cells[index], cells, name)
    variables = orjson.dumps({name: cells[i] for name, i in zip(plan.names, plan.indexes, strict=True)})
    return f"{line}\t{phone}\t{plan.operators.get(phone[:5], '')}\t{variables.decode()}"


def bad(
    line: int, header: list[str], column: int | None, reason: str, value: str, cells: list[str], name: str = ""
) -> RejectedRow:
    """A row that is not taken, for one cell of it; the others are kept, masked, so that somebody can find it. `name`: of a column
    whose name is empty."""
    named = (header[column] or name) if column is not None else ""
    others = {
        key: masked(cell)
        for index, (key, cell) in enumerate(zip(header[:_CELLS_KEPT], cells, strict=False))
        if key and cell and index != column
    }
    return RejectedRow(line, named, reason, masked(value), orjson.dumps(others).decode())


def _reason(reason: str, cells: list[str], plan: Plan) -> str:
    if cells == plan.header:
        return "header_again"
    if "\0" in cells[plan.phone]:
        return "bad_character"
    if len(cells[plan.phone]) > MAX_CELL:
        return "too_long"
    return reason


def _wrong(cell: str) -> str:
    if "\0" in cell:
        return "bad_character"
    if len(cell) > MAX_CELL:
        return "too_long"
    if _SHORTENED.fullmatch(cell):
        return "scientific"
    return "formula" if cell.startswith(("=", "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?")) else ""
