"""Workbooks that are written while they are sent."""

import io
import tracemalloc
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from kit import xlsx_writer


def read(pieces):
    return CalamineWorkbook.from_filelike(io.BytesIO(b"".join(pieces)))


def test_what_goes_in_comes_out_as_text():
    rows = [["13800000001", '王芳 <&> "引号"'], ["", None], [0, " 前后 "], ["坏\x00\x0b字", "\ud800x"]]
    book = read(xlsx_writer.pieces("收件人", ["号码", "名字"], rows))
    assert book.sheet_names == ["收件人"]
    assert book.get_sheet_by_index(0).to_python() == [
        ["号码", "名字"],
        ["13800000001", '王芳 <&> "引号"'],
        ["", ""],
        ["0", " 前后 "],
        ["坏字", "x"],
    ]


@pytest.mark.parametrize(
    "value", ["=1+1", " =1", "+86", "-1", "@x", "＝1", "\tx", "\x00=1", "\ufeff=1", "\ud83d\x01@x"], ids=repr
)
def test_no_cell_begins_like_a_formula(value):
    (_header, (cell,)) = read(xlsx_writer.pieces("a", ["h"], [[value]])).get_sheet_by_index(0).to_python()
    assert cell.startswith("'")


@pytest.mark.parametrize(("rows", "wanted"), [(0, [0]), (2, [2]), (3, [2, 1]), (4, [2, 2]), (5, [2, 2, 1])])
def test_further_sheets_where_one_is_full(rows, wanted):
    book = read(xlsx_writer.pieces("人", ["n"], ([n] for n in range(rows)), most_rows=3))
    sheets = [book.get_sheet_by_index(n).to_python() for n in range(len(book.sheet_names))]
    assert [len(sheet) - 1 for sheet in sheets] == wanted
    assert all(sheet[0] == ["n"] for sheet in sheets)
    assert [int(row[0]) for sheet in sheets for row in sheet[1:]] == list(range(rows))
    assert book.sheet_names == ["人", "人 2", "人 3"][: len(wanted)]


def test_the_cover_comes_first():
    book = read(xlsx_writer.pieces("人", ["n"], [[1]], cover=("说明", [["导出人", "张三"]])))
    assert book.sheet_names == ["说明", "人"]
    assert book.get_sheet_by_index(0).to_python() == [["导出人", "张三"]]


def test_a_name_that_no_spreadsheet_takes_is_mended():
    book = read(xlsx_writer.pieces("a/b:c*" + "长" * 40, ["n"], []))
    assert book.sheet_names == [("a b c " + "长" * 40)[:31]]


def test_a_cell_is_cut_where_a_spreadsheet_would_refuse_it():
    rows = read(xlsx_writer.pieces("a", ["n"], [["字" * 40_000]])).get_sheet_by_index(0).to_python()
    assert len(rows[1][0]) == xlsx_writer.MOST_IN_CELL


def test_the_archive_is_one_that_spreadsheets_open():
    """No 64 bit fields: they call such a file damaged."""
    whole = b"".join(xlsx_writer.pieces("a", ["n"], [["x"]]))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert "[Content_Types].xml" in archive.namelist()
        assert all(info.extract_version < 45 for info in archive.infolist())


def test_it_streams_in_the_same_memory_whatever_the_number():
    def peak(count):
        tracemalloc.start()
        for _piece in xlsx_writer.pieces("a", ["n", "m"], ([f"138{n:08}", "一些字" * 5] for n in range(count))):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, big = peak(2_000), peak(20_000)
    assert big < small * 1.2 + 100_000
