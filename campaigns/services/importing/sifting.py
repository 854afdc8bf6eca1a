"""Rows sorted into good and bad. Usual rows take the short way; whatever is odd about one is looked at slowly."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

import orjson

from campaigns.services.importing.phones import masked, normalise, unquoted
from config.kit.tables.reading import Row

MAX_CELL = 2000
BLOCK, SMALL_BLOCK = 40, 5
# line, phone, operator, variables as JSON
Staged = tuple[int, str, str, str]
# Stands between the cells of a block; a cell that has one makes the block odd.
_WALL = "¦"
_ODD = ('"', "\\", f" {_WALL}", f"{_WALL} ", f"{_WALL}=", f"{_WALL}#")
_NUMBERS = re.compile(r"(?:1[3-9]\d{9},)*1[3-9]\d{9}", re.ASCII)


class Bad(NamedTuple):
    line: int
    column: str
    reason: str
    value: str


@dataclass(frozen=True)
class Plan:
    """How to read the rows of one file. `names` and `indexes` are the variables; `operators` by five-digit prefix."""

    header: list[str]
    phone: int
    names: tuple[str, ...]
    indexes: tuple[int, ...]
    operators: Mapping[str, str]
    formulas: bool = False


def sift(rows: Iterable[Row], plan: Plan) -> tuple[list[Staged], list[Bad]]:
    """Each row once, in one of the two lists. Blocks of usual rows are checked as one text, since a call for each of a
    million rows costs 0.1 s; in a block that holds anything odd, smaller ones are, and there each row is looked at."""
    good: list[Staged] = []
    bad: list[Bad] = []
    remaining = iter(rows)
    usual = _usual_maker(plan)
    while block := list(islice(remaining, BLOCK)):
        if _is_usual(block, plan):
            good += usual(block)
            continue
        for start in range(0, len(block), SMALL_BLOCK):
            few = block[start : start + SMALL_BLOCK]
            if _is_usual(few, plan):
                good += usual(few)
            else:
                _look_at_each(few, plan, good, bad)
    return good, bad


def _usual_maker(plan: Plan) -> Callable[[list[Row]], list[Staged]]:
    template, pick = _template(plan.names), _picker(plan.indexes)
    place, operator_of = plan.phone, plan.operators.get

    def make(block: list[Row]) -> list[Staged]:
        return [(line, row[place], operator_of(row[place][:5], ""), template % pick(row)) for line, row in block]

    return make


def _look_at_each(rows: list[Row], plan: Plan, good: list[Staged], bad: list[Bad]) -> None:
    for line, row in rows:
        found = _look(line, row, plan)
        if isinstance(found, Bad):
            bad.append(found)
        elif found:
            good.append(found)


def _is_usual(block: list[Row], plan: Plan) -> bool:
    """All of the right width, with plain numbers, and no cell with anything that JSON escapes, a blank at an end, or the
    beginning of a formula or its error."""
    rows = [row for _, row in block]
    if set(map(len, rows)) != {len(plan.header)}:
        return False
    if not _NUMBERS.fullmatch(",".join([row[plan.phone] for row in rows])):
        return False
    text = _WALL + _WALL.join(map(_WALL.join, rows)) + _WALL
    return (
        text.isprintable()
        and text.count(_WALL) == len(rows) * len(plan.header) + 1
        and not any(sign in text for sign in _ODD)
        and (len(text) <= MAX_CELL or max(map(len, chain.from_iterable(rows))) <= MAX_CELL)
    )


def _template(names: Sequence[str]) -> str:
    """The variables as JSON, but for the values."""
    return "{" + ",".join(orjson.dumps(name).decode().replace("%", "%%") + ':"%s"' for name in names) + "}"


def _picker(indexes: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    """itemgetter, which for one index gives no tuple and takes no empty list."""
    if len(indexes) > 1:
        return itemgetter(*indexes)
    return lambda row: tuple(row[index] for index in indexes)


def _look(line: int, row: list[str], plan: Plan) -> Staged | Bad | None:
    """The slow way. None for a row of blanks only, which is no row."""
    cells = [unquoted(cell.strip()) for cell in row]
    if not any(cells):
        return None
    if any(cells[len(plan.header) :]):
        return Bad(line, "", "extra_cells", masked(next(filter(None, cells[len(plan.header) :]))))
    cells += [""] * (len(plan.header) - len(cells))
    phone, reason = normalise(cells[plan.phone])
    if reason:
        return Bad(line, plan.header[plan.phone], _reason(reason, cells, plan), masked(cells[plan.phone]))
    for name, index in zip(plan.names, plan.indexes, strict=True):
        if wrong := _wrong(cells[index]):
            return Bad(line, plan.header[index] or name, wrong, masked(cells[index]))
    variables = orjson.dumps({name: cells[i] for name, i in zip(plan.names, plan.indexes, strict=True)})
    return line, phone, plan.operators.get(phone[:5], ""), variables.decode()


def _reason(reason: str, cells: list[str], plan: Plan) -> str:
    if cells == plan.header:
        return "header_again"
    if "\0" in cells[plan.phone]:
        return "bad_character"
    if len(cells[plan.phone]) > MAX_CELL:
        return "too_long"
    if plan.formulas and cells[plan.phone] in ("", "0"):
        return "formula"
    return reason


def _wrong(cell: str) -> str:
    if "\0" in cell:
        return "bad_character"
    if len(cell) > MAX_CELL:
        return "too_long"
    return "formula" if cell.startswith(("=", "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?")) else ""
