"""Each number's own consent, where the file has a column for its date. Files without one never come here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils import timezone

from campaigns.audiences.imports.row_checks import RejectedRow
from campaigns.audiences.imports.row_checks import bad as bad_row
from kit.tables.cells import tidy
from kit.tables.rows import Block

LONGEST_SOURCE = 200
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))(?:[ T].*)?", re.ASCII | re.DOTALL)

# line, ISO date or None where the cell is empty, source
Consent = tuple[int, str | None, str]


@dataclass(frozen=True)
class Columns:
    """Where a file has the date and, perhaps, the source of each number's consent."""

    header: list[str]
    day: int
    source: int | None

    @classmethod
    def of(cls, header: list[str], mapping: dict[str, int | None]) -> "Columns | None":
        """None for a file without these columns."""
        day = mapping.get("consent_on")
        return None if day is None else cls(header, day, mapping.get("consent_source"))


def read(blocks: Iterable[Block], columns: Columns) -> tuple[list[Consent], list[Block], list[RejectedRow]]:
    """The consents, the rows whose date can be read or is empty, and the others as problems."""
    found: list[Consent] = []
    good: list[Block] = []
    bad: list[RejectedRow] = []
    today = timezone.localdate()
    for lines, rows in blocks:
        kept: tuple[list[int], list[list[str]]] = ([], [])
        for line, row in zip(lines, rows, strict=True):
            text = _cell(row, columns.day)
            day = parsed(text) if text else None
            if text and (day is None or day > today):
                cells = [tidy(cell) for cell in row]
                bad.append(bad_row(line, columns.header, columns.day, "consent_date", text, cells))
                continue
            found.append((line, day.isoformat() if day else None, _source(row, columns)))
            kept[0].append(line)
            kept[1].append(row)
        good.append(kept)
    return found, good, bad


def _cell(row: list[str], index: int) -> str:
    return tidy(row[index]) if index < len(row) else ""


def _source(row: list[str], columns: Columns) -> str:
    text = _cell(row, columns.source) if columns.source is not None else ""
    return text.replace("\0", "")[:LONGEST_SOURCE]


@lru_cache(maxsize=4096)
def parsed(text: str) -> date | None:
    """2026-05-01, 2026/5/1, 2026.5.1, 2026年5月1日 or 20260501, with or without a time of day behind it."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    year, month, day, month_of_eight, day_of_eight = found.groups()
    try:
        return date(int(year), int(month or month_of_eight), int(day or day_of_eight))
    except ValueError:
        return None
