"""A file as rows of text cells with their line numbers, one at a time, whatever it is called."""

from pathlib import Path

from kit.tables import kinds
from kit.tables.file_errors import ImportRefused
from kit.tables.texts import Block, Row, TextFile, open_text
from kit.tables.workbooks import Workbook

__all__ = ["MAX_CSV_MB", "MAX_XLSX_MB", "Block", "Row", "Source", "Workbook", "sniff"]

MAX_XLSX_MB = 50
MAX_CSV_MB = 500

Source = TextFile | Workbook


def sniff(path: Path, *, take_hidden: bool = True) -> Source:
    """A text is looked through once, in pieces; a workbook is opened when its first row is asked for. `take_hidden`: whether rows
    that a sheet hides count. Raises ImportRefused."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1 << 16)
    kinds.refuse_others(path, head)
    if kinds.is_workbook(head):
        _within(size, MAX_XLSX_MB)
        return Workbook(path, take_hidden)
    _within(size, MAX_CSV_MB)
    return open_text(path, head)


def _within(size: int, limit: int) -> None:
    if size > limit << 20:
        raise ImportRefused("too_big", size=-(-size >> 20), limit=limit)
