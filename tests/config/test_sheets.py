"""Exports that a spreadsheet opens and does not run."""

import csv
import io

import pytest

from kit import export_files


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
    assert export_files.safe_cell(value) == cell


@pytest.mark.parametrize("value", ["=1+1", " =1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠x"], ids=repr)
def test_formulas_behind_a_disguise_are_made_safe_too(value):
    assert export_files.safe_cell(value).startswith("'")


UNSEEN = [
    *"\x00\x01\x1b\x7f\x85\xa0\xad\u034f\u061c\u115f\u180e\u200b\u200d\u200e\u2028\u202e\u2060\u2066\u3000\u3164\ufe0f\ufeff\uffa0\uffff\ud83d\U000e0041"
]


@pytest.mark.parametrize("sign", [*UNSEEN, "\ufeff\u200b\x00 "], ids=ascii)
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_formulas_behind_signs_that_nobody_sees_are_made_safe(sign, formula):
    assert export_files.safe_cell(sign + formula) == f"'{sign}{formula}"
    assert export_files.safe_cell(f"a{sign}{formula}") == f"a{sign}{formula}"
    assert export_files.safe_cell(f"{sign}王{formula}").endswith(f"{sign}王{formula}")


def test_csv_for_excel():
    pieces = list(export_files.csv_lines(["手机号", "备注"], [["13812345678", '逗号, 引号"'], ["139", "=1"]]))
    assert pieces[0] == "\ufeff手机号,备注\r\n"
    assert list(csv.reader(io.StringIO("".join(pieces[1:])))) == [["13812345678", '逗号, 引号"'], ["139", "'=1"]]


def test_csv_streams():
    """A row is not asked for before the one in front of it was taken."""
    asked = []

    def rows():
        for number in range(3):
            asked.append(number)
            yield [number]

    lines = export_files.csv_lines(["n"], rows())
    next(lines)
    assert asked == []
    next(lines)
    assert asked == [0]
