"""Real-world files give their right value, by every door through which a file comes in: the page of recipients, the import
of the do-not-send list, the API."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.audiences import imports
from messaging.models import Suppression
from tests.campaigns.api.conftest import Caller
from tests.campaigns.doors import AUDIENCES, CASES, Door, people, problems, suppressed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


NUMBERS = {f"1380013800{n}" for n in range(1, 5)}


class TestTexts:
    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("h02-utf8-with-one-gbk-row.csv", 62),
            ("h02b-utf8-cut-in-a-character.csv", 62),
            ("h17-wrong-line.csv", 52),
        ],
    )
    def test_wrong_bytes_in_utf_8_are_named_with_their_line(self, door: Door, name: str, line: int) -> None:
        assert f"第 {line} 行" in door.refusal(name)

    def test_signs_that_nobody_sees_are_none_of_the_number(self, door: Door, run_queue: Any) -> None:
        source = door.checked("h04-invisible-signs.csv")
        assert people(source) == {
            "13800138001": {"姓名": "甲"},
            "13800138002": {"姓名": "乙"},
            "13800138003": {"姓名": "丙"},
            "13800138004": {"姓名": "丁"},
        }
        taken = suppressed(run_queue, "h04-invisible-signs.csv")
        assert (taken.added, taken.invalid) == (4, 0)
        assert set(Suppression.objects.values_list("phone", flat=True)) == NUMBERS

    def test_the_line_that_names_the_delimiter(self, door: Door, run_queue: Any) -> None:
        source = door.checked("h06-sep-line.csv")
        assert people(source) == {"13800138001": {"姓名": "张三"}, "13800138002": {"姓名": "李四"}}
        assert (source.header, problems(source)) == (["手机号", "姓名"], [])
        assert list(source.audience.members.order_by("line").values_list("line", flat=True)) == [3, 4]
        assert suppressed(run_queue, "h06-sep-line.csv").added == 2

    def test_a_title_above_the_column_names(self, door: Door, run_queue: Any) -> None:
        source = door.looked_at("h07-title-row.csv")
        assert source.header == ["手机号", "姓名", "城市"]
        page = door.page(source)
        assert "第 2 行是列名" in page
        assert "上面 1 行" in page
        assert suppressed(run_queue, "h07-title-row.csv").added == 2

    def test_rows_below_a_title(self, door: Door) -> None:
        source = door.checked("h07-title-row.csv")
        assert people(source) == {
            "13800138001": {"姓名": "张三", "城市": "北京"},
            "13800138002": {"姓名": "李四", "城市": "上海"},
        }
        assert (source.rows, problems(source)) == (2, [])

    def test_two_title_lines_and_an_empty_one(self, door: Door) -> None:
        source = door.checked("h19-two-title-lines.csv")
        assert source.layout["header_line"] == 4
        assert (source.rows, people(source)) == (1, {"13800138001": {"姓名": "张三", "城市": "北京"}})

    def test_the_first_person_is_not_the_header(self, door: Door) -> None:
        assert "第一行应该是列名" in door.refusal("h14-first-row-unreadable-number.csv")

    def test_an_apostrophe_before_the_number(self, door: Door, run_queue: Any) -> None:
        source = door.checked("h15-apostrophe.csv")
        assert people(source) == {"13800138001": {"姓名": "张三"}, "13800138002": {"姓名": "李四"}}
        assert suppressed(run_queue, "h15-apostrophe.csv").added == 2

    def test_decimal_zeros_and_thousands_commas(self, door: Door) -> None:
        source = door.checked("h23-decimal-zeros-and-commas.csv")
        assert people(source) == {"13800138001": {"姓名": "张三"}, "13800138002": {"姓名": "李四"}}

    def test_two_byte_order_marks_before_a_quoted_header(self, door: Door) -> None:
        source = door.checked("h24-double-bom-quoted.csv")
        assert (source.header, people(source)) == (["姓名", "手机号"], {"13800138001": {"姓名": "张三"}})

    def test_a_blank_before_a_quoted_cell(self, door: Door) -> None:
        source = door.checked("h25-space-before-quote.csv")
        assert people(source) == {"13800138001": {"姓名": "张三"}}

    def test_files_joined_with_their_marks(self, door: Door) -> None:
        source = door.checked("h26-joined-with-bom.csv")
        assert set(people(source)) == {"13800138001", "13800138002", "13800138003"}
        assert problems(source) == [(3, "header_again")]
        assert str(imports.words(source.problems.get())[0]) == "又一行列名"

    def test_numbers_with_blanks_and_dashes_are_masked_wherever_they_are_shown(self, door: Door) -> None:
        source = door.checked("h27-masking.csv")
        assert problems(source) == [(2, "several")]
        file = b"".join(door.client.get(f"{AUDIENCES}file/{source.pk}/problems.csv").streaming_content).decode()
        for shown in (file, door.page(source), str(source.preview)):
            assert "0013" not in shown
            assert "8002" not in shown
        assert "138******01 或 139******02" in file

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("h10-password.xlsx", "密码"),
            ("h11-web-page.xls", "网页"),
            ("h21-xml-2003.xls", "XML"),
        ],
    )
    def test_other_kinds_are_refused_in_the_right_words(self, door: Door, name: str, words: str) -> None:
        sentence = door.refusal(name)
        assert words in sentence
        assert "XLSX" in sentence or "密码" in sentence


class TestWorkbooks:
    def test_a_cell_at_the_far_corner_is_refused_and_the_site_lives(self, door: Door, run_queue: Any) -> None:
        sentence = door.refusal("h01-far-corner.xlsx")
        assert "XFD1048576" in sentence
        assert door.client.get(AUDIENCES).status_code == 200
        taken = suppressed(run_queue, "h01-far-corner.xlsx")
        assert (taken.state, taken.added) == ("failed", 0)
        assert "XFD1048576" in taken.error

    def test_the_visible_sheet_is_read_and_named(self, door: Door, run_queue: Any) -> None:
        source = door.checked("h08-hidden-first-sheet.xlsx")
        assert set(people(source)) == {"13800138009"}
        page = door.page(source)
        assert "本月" in page
        assert "Sheet1" in page
        suppressed(run_queue, "h08-hidden-first-sheet.xlsx")
        assert Suppression.objects.get().phone == "13800138009"

    @pytest.mark.parametrize("name", ["h09-backslash-names.xlsx", "h20-capital-workbook.xlsx"])
    def test_names_of_parts_in_other_spellings(self, door: Door, run_queue: Any, name: str) -> None:
        assert people(door.checked(name)) == {"13800138001": {"姓名": "张三"}, "13800138002": {"姓名": "李四"}}
        assert suppressed(run_queue, name).added == 2

    def test_a_number_as_the_spreadsheet_shows_it(self, door: Door) -> None:
        assert people(door.checked("h12-float-tail.xlsx")) == {"13800138001": {"余额": "59.7"}}

    @pytest.mark.parametrize("name", ["h13-sixteen-digits.xlsx", "h22-nineteen-digits.xlsx"])
    def test_more_digits_than_a_spreadsheet_keeps_are_named_as_shortened(self, door: Door, name: str) -> None:
        source = door.checked(name)
        assert (source.stored, problems(source)) == (0, [(2, "scientific")])


class TestApi:
    """The same files by the third door."""

    def upload(self, run_queue: Any, name: str) -> dict[str, Any]:
        system = Caller("audiences")
        answer = system.upload(name="老客", file=SimpleUploadedFile(name, (CASES / name).read_bytes()))
        assert answer.status_code == 202, answer.content
        run_queue()
        found: dict[str, Any] = system.get(f"/imports/{answer.json()['id']}/").json()
        return found

    def test_the_far_corner(self, run_queue: Any) -> None:
        found = self.upload(run_queue, "h01-far-corner.xlsx")
        assert (found["state"], found["stored"]) == ("failed", 0)
        assert "XFD1048576" in found["error"]
        mended = SimpleUploadedFile("b.csv", "手机号\n13800138001\n".encode())
        assert Caller("audiences", name="又一个").upload(name="老客", file=mended).status_code == 202
        run_queue()
        taken = SimpleUploadedFile("c.csv", "手机号\n13800138001\n".encode())
        assert Caller("audiences", name="第三个").upload(name="老客", file=taken).status_code == 400

    @pytest.mark.parametrize(
        ("name", "stored"),
        [
            ("h04-invisible-signs.csv", 4),
            ("h06-sep-line.csv", 2),
            ("h07-title-row.csv", 2),
            ("h08-hidden-first-sheet.xlsx", 1),
            ("h09-backslash-names.xlsx", 2),
            ("h12-float-tail.xlsx", 1),
            ("h15-apostrophe.csv", 2),
            ("h19-two-title-lines.csv", 1),
            ("h20-capital-workbook.xlsx", 2),
            ("h23-decimal-zeros-and-commas.csv", 2),
            ("h26-joined-with-bom.csv", 3),
        ],
    )
    def test_read_and_checked(self, run_queue: Any, name: str, stored: int) -> None:
        found = self.upload(run_queue, name)
        assert (found["state"], found["stored"]) == ("ready", stored)
        assert found["rows"] == found["stored"] + found["invalid"] + found["duplicate"]
