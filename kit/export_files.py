"""Cells that no spreadsheet runs as a formula, and CSV as it is written: streaming, UTF-8 with BOM for Excel."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

# What a spreadsheet takes for the beginning of a formula, in the wide forms too: some are folded on import.
_RISKY = tuple("=+-@＝＋－＠")
_BLANKS = ("\t", "\r", "\n")
# What is not seen in front of it: blanks, control characters, and signs that fonts, files and spreadsheets drop.
_UNSEEN = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f"
    r"\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]*"
)


def safe_cell(value: object) -> str:
    """Text that no spreadsheet will run: a leading = + - @, also behind what is not seen, gets an apostrophe before it."""
    text = "" if value is None else str(value)
    first = text[:1]
    if first.isalnum() and (first.isascii() or "\u4e00" <= first <= "\u9fff"):
        return text  # nearly every cell
    is_risky = text.startswith(_BLANKS) or _UNSEEN.sub("", text, count=1).startswith(_RISKY)
    return f"'{text}" if is_risky else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file line by line, for a streaming response. The first piece starts with the BOM."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])
