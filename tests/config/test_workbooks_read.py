"""Workbooks as rows of text: as the spreadsheet shows them, whatever the XML looks like, and nothing that a file does ends
anything but the process that reads it."""

import datetime as dt
import os
import signal
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kit.spreadsheets import formats
from kit.tables.file_errors import ImportRefused
from kit.tables.workbooks import ReaderEnded, Workbook
from tests.workbooks import by_hand, text, workbook

HEADER = ["手机号", "值"]


@pytest.fixture
def keep(tmp_path: Path) -> Any:
    def keep(data: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.dat"
        path.write_bytes(data)
        return path

    return keep


def read(path: Path, **more: Any) -> list[tuple[int, list[str]]]:
    return list(Workbook(path, **more).rows())


class TestShown:
    @pytest.mark.parametrize(
        ("value", "code", "shown"),
        [
            (59.699999999999996, "General", "59.7"),
            (0.1 + 0.2, "General", "0.3"),
            (1 / 3, "General", "0.333333333"),
            (-12.5, "General", "-12.5"),
            (13800138001, "General", "13800138001"),
            (123456789012345, "General", "123456789012345"),
            (1234567890123456, "0", "1.23457E+15"),
            (6222021234567890123, "General", "6.22202E+18"),
            (0, "General", "0"),
            (59.7, "0.00", "59.70"),
            (2.675, "0.00", "2.68"),
            (1.005, "0.00", "1.01"),
            (-0.001, "0.00", "0.00"),
            (0.5, "0", "1"),
            (1234.5, "#,##0.00", "1,234.50"),
            (-1234.5, "#,##0.00", "-1,234.50"),
            (1234567, "#,##0", "1,234,567"),
            (0.15, "0%", "15%"),
            (0.1234, "0.0%", "12.3%"),
            (123, "00000", "00123"),
            (12, '"NO."0000', "NO.0012"),
            (13800138001, "000-0000-0000", "138-0013-8001"),
            (5, '0"元"', "5元"),
            (1234.5, '"¥"#,##0.00', "¥1,234.50"),
            (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
            (-3, "0;[Red](0)", "(3)"),
            (0, '0;-0;"无"', "无"),
            (1500000, "0.0,,", "1.5"),
            (7.5, "0.##", "7.5"),
            (7, "0.##", "7."),
            (1.5, "[h]:mm", "36:00"),
            (1.5, "[h]:mm:ss", "36:00:00"),
            (0.0423611111, "[mm]:ss", "61:00"),
            (0.354166667, "h:mm", "8:30"),
            (0.75, "h:mm AM/PM", "6:00 PM"),
            (0.75, "上午/下午h:mm", "下午6:00"),
            (46337, "yyyy-mm-dd", "2026-11-11"),
            (46337, "yyyy/m/d", "2026/11/11"),
            (46337, 'yyyy"年"m"月"d"日"', "2026年11月11日"),
            (46337, "yyyy年m月d日", "2026年11月11日"),
            (46337, '[$-804]m"月"d"日";@', "11月11日"),
            (46337, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2026年11月11日"),
            (46337.5, "yyyy-mm-dd hh:mm", "2026-11-11 12:00"),
            (46337.5, "m/d/yy h:mm", "11/11/26 12:00"),
            (46337, "aaaa", "星期三"),
            (42, "@", "42"),
            (42, "[>100]0;0.0", "42"),
            (0.25, "# ?/?", "0.25"),
        ],
    )  # fmt: skip
    def test_by_its_format(self, keep: Any, value: float, code: str, shown: str) -> None:
        def write(book: Any, sheet: Any) -> None:
            sheet.write_number(1, 1, value, book.add_format({"num_format": code}))

        assert read(keep(workbook([HEADER, ["13800138001", ""]], write)))[1] == (2, ["13800138001", shown])

    @pytest.mark.parametrize(
        ("number", "value", "shown"),
        [
            (14, 46337, "2026/11/11"),
            (10, 0.5, "50.00%"),
            (46, 1.5, "36:00:00"),
            (31, 46337, "2026年11月11日"),
            (49, 7, "7"),
        ],
    )
    def test_formats_that_a_workbook_does_not_spell_out(self, number: int, value: float, shown: str) -> None:
        assert formats.shower(formats.BUILTIN[number])(value) == shown

    def test_dates_as_the_reader_gives_them(self) -> None:
        show = formats.shower("yyyy-mm-dd hh:mm:ss")
        assert show(dt.datetime(2026, 11, 11, 8, 30, 0, 400)) == "2026-11-11 08:30:00"
        assert formats.general(dt.datetime(2026, 11, 11)) == "2026-11-11"
        assert formats.general(dt.timedelta(days=1, hours=12)) == "36:00:00"
        assert formats.general(dt.time(8, 5)) == "08:05:00"

    def test_several_formats_in_one_column(self, keep: Any) -> None:
        def write(book: Any, sheet: Any) -> None:
            for row in range(1, 301):
                code = ("0.00", "0%", "General")[row % 3]
                sheet.write_number(row, 1, 0.5, book.add_format({"num_format": code}))

        shown = [cells[1] for _line, cells in read(keep(workbook([HEADER], write)))[1:]]
        assert shown == [("0.50", "50%", "0.5")[row % 3] for row in range(1, 301)]

    def test_errors_and_formulas_without_a_value(self, keep: Any) -> None:
        def write(_book: Any, sheet: Any) -> None:
            sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
            sheet.write_formula(2, 1, "=B1", None, 0)
            sheet.write_formula(3, 1, "=B1", None, "张三")

        rows = [HEADER, ["a", ""], ["b", ""], ["c", ""], ["d", ""]]
        assert [cells[1] for _line, cells in read(keep(workbook(rows, write)))[1:]] == ["#DIV/0!", "=", "张三", ""]


class TestXml:
    """The same cells, written in other ways."""

    WAYS = {
        "usual": '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="3"><c r="B3"><v>5</v></c></row>',
        "without places": '<row><c t="inlineStr"><is><t>a</t></is></c></row><row/><row><c/><c><v>5</v></c></row>',
        "other order": '<row spans="1:2" r="1"><c t="inlineStr" r="A1"><is><t>a</t></is></c></row>'
        '<row r="3"><c s="0" r="B3"><v>5</v></c></row>',
        "with a comment": '<row r="1"><!-- --><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="3"><c r="B3"><v>5</v></c></row>',
        "line breaks": '<row\nr="1"><c\nr="A1" t="inlineStr"><is><t>a</t></is></c></row>\n<row r="3"><c\tr="B3"><v>5</v></c></row>',
        "empty cells far away": '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="3"><c r="B3"><v>5</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>',
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_is_read_alike(self, keep: Any, way: str) -> None:
        assert read(keep(by_hand(self.WAYS[way]))) == [(1, ["a", ""]), (3, ["", "5"])]

    @pytest.mark.parametrize(
        "cell",
        [
            '<c r="XFD1048576"><v>1</v></c>',
            '<c s="0" r="XFD1048576"><v>1</v></c>',
            '<c\nr="XFD1048576"><v>1</v></c>',
            '<!-- --><c r="XFD1048576"><v>1</v></c>',
            '<c  r="XFD1048576"  ><v>1</v></c>',
            '<c r="&#88;FD1048576"><v>1</v></c>',
        ],
    )
    def test_a_cell_far_away_is_seen_however_it_is_written(self, keep: Any, cell: str) -> None:
        data = by_hand(f'<row r="1">{text("A1", "手机号")}{text("B1", "x")}</row><row r="2">{cell}</row>')
        with pytest.raises(ImportRefused) as refused:
            read(keep(data))
        assert (refused.value.key, refused.value.params["cell"]) == ("far_cell", "XFD1048576")

    def test_what_the_sheet_says_of_its_own_size_is_not_believed(self, keep: Any) -> None:
        sheet = (
            '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f'<dimension ref="A1:B2"/><sheetData><row r="1">{text("A1", "a")}</row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
        )
        with pytest.raises(ImportRefused) as refused:
            read(keep(by_hand(sheet)))
        assert refused.value.key == "far_cell"

    def test_a_lying_size_does_not_keep_a_small_sheet_out(self, keep: Any) -> None:
        sheet = (
            '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f'<dimension ref="A1:XFD1048576"/><sheetData><row r="1">{text("A1", "a")}</row></sheetData></worksheet>'
        )
        assert read(keep(by_hand(sheet))) == [(1, ["a"])]

    @pytest.mark.parametrize(
        ("rows", "columns", "fits"),
        [(1_048_576, 19, True), (1_048_576, 20, False), (100_000, 200, True), (1, 16384, True)],
    )
    def test_how_far_a_sheet_may_reach(self, keep: Any, rows: int, columns: int, fits: bool) -> None:
        from kit.spreadsheets.scan import name

        far = f'<row r="{rows}"><c r="{name(columns)}{rows}"><v>1</v></c></row>'
        data = by_hand(
            f'<row r="1">{text("A1", "a")}</row>{far}' if rows > 1 else far.replace("<c ", text("A1", "a") + "<c ", 1)
        )
        if fits:
            assert len(read(keep(data))) == min(rows, 2)
        else:
            with pytest.raises(ImportRefused):
                read(keep(data))


class TestSheets:
    def test_the_first_visible_sheet_with_something_in_it(self, keep: Any, tmp_path: Path) -> None:
        path = tmp_path / "sheets.xlsx"
        with xlsxwriter.Workbook(path) as book:
            for name, value, hidden in [
                ("封面", "", False),
                ("旧", "x", True),
                ("名单", "y", False),
                ("备用", "z", False),
            ]:
                sheet = book.add_worksheet(name)
                if value:
                    sheet.write(0, 0, value)
                if hidden:
                    sheet.hide()
        found = Workbook(path)
        assert list(found.rows()) == [(1, ["y"])]
        assert (found.facts.name, found.facts.others, found.facts.hidden) == ("名单", ("备用",), ("旧",))

    def test_only_hidden_ones(self, keep: Any) -> None:
        def write(book: Any, sheet: Any) -> None:
            book.add_worksheet("空").activate()
            sheet.hide()

        with pytest.raises(ImportRefused) as refused:
            read(keep(workbook([["手机号"]], write)))
        assert refused.value.key == "hidden_only"

    def test_rows_that_a_filter_hides(self, keep: Any) -> None:
        def write(_book: Any, sheet: Any) -> None:
            for row in (2, 4, 9):
                sheet.set_row(row, options={"hidden": True})

        path = keep(workbook([["手机号"], ["a"], ["b"], ["c"], ["d"], ["e"]], write))
        taken = Workbook(path)
        assert [line for line, _cells in taken.rows()] == [1, 2, 3, 4, 5, 6]
        assert (taken.facts.hidden_rows, taken.facts.hidden_on_top) == (2, (3, 5))
        assert [line for line, _cells in read(path, take_hidden=False)] == [1, 2, 4, 6]
        assert [line for lines, _rows in Workbook(path, take_hidden=False).blocks(1, 2) for line in lines] == [4, 6]

    @pytest.mark.parametrize(
        ("part", "what"),
        [("content.xml", "ODS"), ("word/document.xml", "DOCX"), ("xl/workbook.bin", "XLSB"), ("名单.csv", "ZIP")],
    )
    def test_other_zip_files_are_named(self, keep: Any, part: str, what: str) -> None:
        import io
        import zipfile

        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr(part, "x")
        with pytest.raises(ImportRefused) as refused:
            read(keep(stream.getvalue()))
        assert (refused.value.key, refused.value.params) == ("other_zip", {"what": what})


class TestApart:
    def test_too_little_memory_is_a_sentence(self, keep: Any) -> None:
        data = by_hand(f'<row r="1">{text("A1", "a")}</row><row r="1000000"><c r="S1000000"><v>1</v></c></row>')
        with pytest.raises(ImportRefused) as refused:
            read(keep(data), memory_mb=300)
        assert (refused.value.key, refused.value.params) == ("too_heavy", {"limit": 300})
        assert read(keep(workbook([["a"]]))) == [(1, ["a"])]

    def test_an_end_from_outside_is_not_the_file_s_fault(self, keep: Any) -> None:
        rows = Workbook(keep(workbook([[n, "x" * 200] for n in range(20_000)]))).rows()
        next(rows)
        [child] = _children()
        os.kill(child, signal.SIGKILL)
        with pytest.raises(ReaderEnded):
            list(rows)

    def test_nobody_is_left_behind_when_few_rows_are_wanted(self, keep: Any) -> None:
        rows = Workbook(keep(workbook([[n, "x" * 200] for n in range(20_000)]))).rows()
        assert len(list(islice(rows, 3))) == 3
        rows.close()
        assert _children() == []

    def test_it_gets_no_secrets(self, keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY", "geheim")
        rows = Workbook(keep(workbook([[n, "x" * 200] for n in range(20_000)]))).rows()
        next(rows)
        [child] = _children()
        assert b"geheim" not in Path(f"/proc/{child}/environ").read_bytes()
        rows.close()


def _children() -> list[int]:
    """Readers of workbooks among the children of this thread, once they have got so far."""
    found: list[int] = []
    for _ in range(50):
        listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        found = [int(pid) for pid in listed if b"spreadsheets.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if found:
            break
        time.sleep(0.01)
    return found
