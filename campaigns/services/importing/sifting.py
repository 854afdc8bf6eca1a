"""Rows sorted into good and bad. The usual row takes the short way; whatever is odd about one is looked at slowly."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import orjson

from campaigns.services.importing.phones import is_plain, masked, normalise, unquoted
from campaigns.services.importing.reading import Row

MAX_CELL = 2000
# line, phone, operator, variables as JSON
Staged = tuple[int, str, str, bytes]


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
    """Each row once, in one of the two lists. Unfolded where a million rows pass: every call costs 0.1 s there."""
    good: list[Staged] = []
    bad: list[Bad] = []
    width, place, names, operators = len(plan.header), plan.phone, plan.names, plan.operators
    pick, dumps = _picker(plan.indexes), orjson.dumps
    for line, row in rows:
        if len(row) == width and is_plain(phone := row[place]):
            variables = dumps(dict(zip(names, pick(row))))  # noqa: B905 - strict costs as much as the zip
            if not (
                # A blank at an end, a formula or its error, a NUL, a long cell: seldom, and looked at slowly.
                b'" ' in variables
                or b' "' in variables
                or b'":"=' in variables
                or b'":"#' in variables
                or b"\\u0000" in variables
                or len(variables) > MAX_CELL
            ):
                good.append((line, phone, operators.get(phone[:5], ""), variables))
                continue
        found = _look(line, row, plan)
        if isinstance(found, Bad):
            bad.append(found)
        elif found:
            good.append(found)
    return good, bad


def _picker(indexes: tuple[int, ...]) -> Callable[[list[str]], Sequence[str]]:
    """itemgetter, which for one index gives no tuple and takes no empty list."""
    if len(indexes) > 1:
        return itemgetter(*indexes)
    return lambda row: [row[index] for index in indexes]


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
    return line, phone, plan.operators.get(phone[:5], ""), variables


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
