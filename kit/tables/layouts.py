"""How a list lies in its file: which line holds the column names and, of a workbook, which sheet was read."""

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from typing import Any

from kit.tables import headers
from kit.tables.file_errors import ImportRefused
from kit.tables.rows import Row, Source
from kit.tables.texts import TextFile


@dataclass(frozen=True)
class Layout:
    """`above`: filled rows above the header, which are no people. The rest is a workbook's: the name of the sheet, those of other
    sheets with something in them, those of hidden ones, and how many rows below the header the sheet hides."""

    header_line: int = 1
    above: int = 0
    sheet: str = ""
    other_sheets: list[str] = field(default_factory=list)
    hidden_sheets: list[str] = field(default_factory=list)
    hidden_rows: int = 0

    def stored(self) -> Mapping[str, object]:
        """As a model keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Layout":
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})


def look(
    source: Source, rows: int, names: Collection[str] = headers.PHONE_NAMES
) -> tuple[Layout, list[str], list[Row]]:
    """(layout, cells of the header, up to `rows` rows below it). Raises ImportRefused for a file without a row below it."""
    with closing(source.rows()) as found:
        top = list(islice(found, headers.LOOK + rows))
    if not top:
        raise ImportRefused("empty")
    index = headers.find([cells for _line, cells in top], names)
    line, header = top[index]
    below = top[index + 1 :][:rows]
    if not below:
        raise ImportRefused("only_header")
    if isinstance(source, TextFile):
        return Layout(header_line=line, above=index), header, below
    facts = source.facts
    return (
        Layout(
            header_line=line,
            above=index,
            sheet=facts.name,
            other_sheets=list(facts.others),
            hidden_sheets=list(facts.hidden),
            hidden_rows=facts.hidden_rows - sum(hidden <= line for hidden in facts.hidden_on_top),
        ),
        header,
        below,
    )
