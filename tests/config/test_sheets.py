"""Exports that a spreadsheet opens and does not run."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook

from config.kit import sheets


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+8613812345678", "'+8613812345678"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("王芳", "王芳"),
        (None, ""),
        (0, "0"),
        ("a=b", "a=b"),
    ],
    ids=repr,
)
def test_no_cell_begins_like_a_formula(value, cell):
    assert sheets.safe_cell(value) == cell


@pytest.mark.parametrize("value", ["=1+1", " =1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠x"], ids=repr)
def test_formulas_behind_a_disguise_are_made_safe_too(value):
    assert sheets.safe_cell(value).startswith("'")


def test_csv_for_excel():
    pieces = list(sheets.csv_lines(["手机号", "备注"], [["13812345678", '逗号, 引号"'], ["139", "=1"]]))
    assert pieces[0] == "\ufeff手机号,备注\r\n"
    assert list(csv.reader(io.StringIO("".join(pieces[1:])))) == [["13812345678", '逗号, 引号"'], ["139", "'=1"]]


def test_csv_streams():
    """A row is not asked for before the one in front of it was taken."""
    asked = []

    def rows():
        for number in range(3):
            asked.append(number)
            yield [number]

    lines = sheets.csv_lines(["n"], rows())
    next(lines)
    assert asked == []
    next(lines)
    assert asked == [0]


def test_xlsx_holds_text_only(tmp_path):
    path = tmp_path / "out.xlsx"
    count = sheets.write_xlsx(path, ["手机号", "备注"], iter([["13812345678", "=1+1"], ["00139", "http://a.cn"]]))
    assert count == 2
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows == [["手机号", "备注"], ["13812345678", "'=1+1"], ["00139", "http://a.cn"]]


def test_an_xlsx_without_rows_has_its_header(tmp_path):
    path = tmp_path / "out.xlsx"
    assert sheets.write_xlsx(path, ["a"], []) == 0
    assert CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python() == [["a"]]
