"""A workbook is a zip file: unpacked once in pieces and counted before any reader opens it."""

import re
import zipfile
import zlib
from pathlib import Path

from config.kit.tables.refusing import ImportRefused

MAX_UNPACKED_MB = 1024
_PIECE = 1 << 18
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


def inspect(path: Path) -> bool:
    """Whether a sheet holds formulas. Raises ImportRefused for a bomb or for no workbook.

    The sizes that the zip states are checked first; then each member is really unpacked, because a stated size can lie:
    a member that is longer than it says fails its checksum.
    """
    try:
        with zipfile.ZipFile(path) as book:
            members = book.infolist()
            if sum(member.file_size for member in members) > MAX_UNPACKED_MB << 20:
                raise ImportRefused("bomb", limit=MAX_UNPACKED_MB)
            if "xl/workbook.xml" not in {member.filename for member in members}:
                raise ImportRefused("bad_xlsx")
            # Every member, even after the first formula: a list, not a generator.
            return True in [_read_through(book, member) for member in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ImportRefused("bad_xlsx") from error


def _read_through(book: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    is_sheet = member.filename.startswith("xl/worksheets/")
    found, tail = False, b""
    with book.open(member) as file:
        while piece := file.read(_PIECE):
            if is_sheet and not found:
                found = _has_formula(tail + piece)
                tail = piece[-16:]
    return found


def _has_formula(piece: bytes) -> bool:
    """The pattern alone would stop at every cell's tag; nearly no file holds these two bytes at all."""
    return (b"<f" in piece or b":f" in piece) and _FORMULA.search(piece) is not None
