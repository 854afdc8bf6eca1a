"""Workbooks for tests: rows through a writer, and sheets of XML by hand."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(
    rows: Sequence[Sequence[Any]], write: Callable[[Any, Any], object] | None = None, name: str = "Sheet1"
) -> bytes:
    """One sheet of these rows. `write(book, sheet)` adds what else there is."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if write:
            write(book, sheet)
    return stream.getvalue()


def by_hand(*sheets: str, book: str = "", names: Sequence[str] = (), more: Mapping[str, bytes] | None = None) -> bytes:
    """A workbook whose sheets hold this XML in their `sheetData`; a sheet that begins with `<?xml` stands as it is."""
    titles = names or [f"表{number}" for number in range(1, len(sheets) + 1)]
    listed = "".join(f'<sheet name="{title}" sheetId="{at}" r:id="rId{at}"/>' for at, title in enumerate(titles, 1))
    targets = "".join(
        f'<Relationship Id="rId{at}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" '
            f'Target="xl/workbook.xml"/></Relationships>',
        )
        file.writestr(
            "xl/workbook.xml",
            book or f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        )
        file.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{targets}</Relationships>')
        for at, data in enumerate(sheets, 1):
            whole = (
                data
                if data.startswith("<?xml")
                else f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'
            )
            file.writestr(f"xl/worksheets/sheet{at}.xml", whole)
        for name, content in (more or {}).items():
            file.writestr(name, content)
    return stream.getvalue()


def text(place: str, value: str, more: str = "") -> str:
    """A cell of text."""
    return f'<c r="{place}" t="inlineStr"{more}><is><t>{value}</t></is></c>'
