"""Safe CSV and XLSX writing: streaming, UTF-8 with BOM for Excel, and no cell that a spreadsheet runs as a formula."""

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

# What a spreadsheet takes for the beginning of a formula, in the wide forms too: some are folded on import.
_RISKY = tuple("=+-@＝＋－＠")
_BLANKS = ("\t", "\r", "\n")


def safe_cell(value: Any) -> str:
    """Text that no spreadsheet will run: a leading = + - @, also behind blanks, gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip().startswith(_RISKY) or text.startswith(_BLANKS) else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file line by line, for a streaming response. The first piece starts with the BOM."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def write_xlsx(path: Path, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> int:
    """Write one sheet in constant memory, every cell as text. Returns the number of data rows."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    count = -1
    for count, row in enumerate(itertools.chain([header], rows)):
        for column, cell in enumerate(row):
            sheet.write_string(count, column, safe_cell(cell))
    book.close()
    return max(count, 0)
