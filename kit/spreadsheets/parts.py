"""The parts of a workbook, which is a zip file: found under whatever spelling, and never unpacked beyond a limit."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from kit.spreadsheets.refusal import Refusal

MAX_UNPACKED_MB = 1024
PIECE = 1 << 18
# A workbook's lists of sheets and of styles are small; what is larger is no list of sheets.
_MOST_XML = 32 << 20
# What else comes as a zip file, by a part that only it has.
_OTHERS = (
    ("xl/workbook.bin", "XLSB"),
    ("word/document.xml", "DOCX"),
    ("ppt/presentation.xml", "PPTX"),
    ("index/document.iwa", "Numbers"),
    ("content.xml", "ODS"),
)


class Sheet(NamedTuple):
    """`part`: its name in the zip as `Parts` knows it, "" for what is no worksheet."""

    name: str
    part: str
    is_hidden: bool


class Parts:
    """The members of an open zip by their names in small letters with slashes, as every reader of workbooks looks them up."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        members = self._zip.infolist()
        if sum(member.file_size for member in members) > MAX_UNPACKED_MB << 20:
            raise Refusal("bomb", limit=MAX_UNPACKED_MB)
        self.members = {_plain(member.filename): member for member in members}
        if "xl/workbook.xml" not in self.members:
            other = next((what for part, what in _OTHERS if part in self.members), "")
            raise Refusal("other_zip", what=other or "ZIP") if members else Refusal("bad_xlsx")

    def pieces(self, name: str) -> Iterator[bytes]:
        """The unpacked part. A member that is longer than it says fails its checksum: zipfile.BadZipFile."""
        with self._zip.open(self.members[name]) as file:
            while piece := file.read(PIECE):
                yield piece

    def xml(self, name: str) -> ElementTree.Element | None:
        """A small part as a tree. None where there is none."""
        member = self.members.get(name)
        if member is None or member.file_size > _MOST_XML:
            return None
        return ElementTree.fromstring(b"".join(self.pieces(name)))  # noqa: S314 - expat refuses exploding entities

    def unpack(self, names: Iterator[str]) -> None:
        """Read them to their ends, for nothing but to see that they can be."""
        for name in names:
            for _piece in self.pieces(name):
                pass

    def sheets(self) -> list[Sheet]:
        """In the order of the tabs."""
        book, targets = self.xml("xl/workbook.xml"), self._targets()
        if book is None:
            raise Refusal("bad_xlsx")
        found = []
        for element in book.iter():
            if local(element.tag) == "sheet":
                values = {local(name): value for name, value in element.attrib.items()}
                part = targets.get(values.get("id", ""), "")
                is_sheet = part.startswith("xl/worksheets/") and part in self.members
                hidden = values.get("state", "visible") != "visible"
                found.append(Sheet(values.get("name", ""), part if is_sheet else "", hidden))
        return found

    def _targets(self) -> dict[str, str]:
        """Id of a relation -> name of the part."""
        relations = self.xml("xl/_rels/workbook.xml.rels")
        if relations is None:
            return {}
        return {
            one.attrib.get("Id", ""): _plain(posixpath.join("/xl", one.attrib.get("Target", "").replace("\\", "/")))
            for one in relations
        }


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/").lower()).lstrip("/")
