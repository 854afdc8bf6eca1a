"""Workbooks on their way in: opened by workers alone, asked about what they hide, given up after a few tries."""

import csv
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaigns import roles
from campaigns.audiences import imports
from campaigns.models import Audience, AudienceImport
from campaigns.states import ImportState
from kit.tables.workbooks import ReaderEnded
from messaging.eligibility import files
from messaging.models import Suppression, SuppressionImport
from tests.campaigns.api.conftest import Caller
from tests.campaigns.doors import AUDIENCES, SUPPRESSIONS, Door, people, problems
from tests.installation import kill, processes
from tests.markup import read
from tests.people import signed_in
from tests.workbooks import by_hand, text, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def readers() -> set[int]:
    """Processes of this one that read a workbook."""
    found = set()
    for pid, parent in processes().items():
        with suppress(OSError):  # it is gone already
            if parent == os.getpid() and b"spreadsheets.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


@contextmanager
def readers_killed() -> Iterator[set[int]]:
    """Each of them is ended from outside long before it is through: it takes a tenth of a second to begin. Gives their ids."""
    killed: set[int] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            for pid in readers() - killed:
                killed.add(pid)
                kill(pid)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        over.set()
        watcher.join()


ROWS = [["手机号", "姓名"], ["13800138001", "甲"], ["13800138002", "乙"], ["13800138003", "丙"]]


def filtered(rows: list[list[Any]] = ROWS) -> bytes:
    """A list whose third line a filter hides."""

    def write(_book: Any, sheet: Any) -> None:
        sheet.autofilter(0, 0, len(rows) - 1, 1)
        sheet.filter_column(1, "x != 乙")
        sheet.set_row(2, options={"hidden": True})

    return workbook(rows, write)


class TestHiddenRows:
    def test_it_is_asked_what_becomes_of_them(self, door: Door) -> None:
        source = door.looked_at(filtered(), "名单.xlsx")
        page = door.page(source)
        assert "工作表里有 1 行被隐藏" in page
        answer = door.client.post(f"{AUDIENCES}file/{source.pk}/", {"phone": "0", "use_1": "1"}, follow=True)
        assert "1 行" in read(answer).text
        source.refresh_from_db()
        assert source.state == ImportState.UPLOADED

    @pytest.mark.parametrize(("choice", "stored", "words"), [("take", 3, "也在其中"), ("leave", 2, "没有导入")])
    def test_taken_or_left(self, door: Door, choice: str, stored: int, words: str) -> None:
        source = door.checked(filtered(), "名单.xlsx", hidden_rows=choice)
        assert (source.rows, source.stored) == (stored, stored)
        assert ("13800138002" in people(source)) == (choice == "take")
        assert words in door.page(source)

    def test_the_choice_is_not_remembered_for_the_next_file(self, door: Door) -> None:
        door.checked(filtered(), "名单.xlsx", hidden_rows="take")
        source = imports.start_import(Audience(name="另一个"), SimpleUploadedFile("b.xlsx", filtered()), None)
        imports.look_at_import(source.pk)
        source.refresh_from_db()
        with pytest.raises(imports.ImportRefused) as refused:
            imports.choose_columns(source, source.mapping, None)
        assert refused.value.key == "hidden_rows"

    def test_the_api_waits_for_the_word(self, run_queue: Any) -> None:
        system = Caller("audiences")
        pk = system.upload(name="老客", file=SimpleUploadedFile("a.xlsx", filtered())).json()["id"]
        run_queue()
        found = system.get(f"/imports/{pk}/").json()
        assert (found["state"], found["hidden_rows"], found["sheet"]) == ("uploaded", 1, "Sheet1")
        refused = system.post(f"/imports/{pk}/check/", {})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "hidden_rows")
        assert system.post(f"/imports/{pk}/check/", {"hidden_rows": "leave"}).status_code == 202
        run_queue()
        assert system.get(f"/imports/{pk}/").json()["stored"] == 2

    @pytest.mark.parametrize(("choice", "added"), [("take", 3), ("leave", 2)])
    def test_do_not_send_lists_ask_before(self, run_queue: Any, choice: str, added: int) -> None:
        client = signed_in(roles.SUPPORT)

        def put(**more: str) -> SuppressionImport:
            file = SimpleUploadedFile("拒收.xlsx", filtered())
            assert client.post(f"{SUPPRESSIONS}import/", {"file": file, "scope": "all", **more}).status_code == 302
            run_queue()
            return SuppressionImport.objects.first()

        asked = put()
        assert (asked.state, Suppression.objects.count()) == ("failed", 0)
        assert "1 行" in read(client.get(f"{SUPPRESSIONS}file/{asked.pk}/")).text
        taken = put(hidden_rows=choice)
        assert (taken.state, taken.added, taken.rows) == ("done", added, added)


class TestTries:
    def test_a_file_that_never_comes_to_its_end_is_given_up(self, door: Door, settings: Any) -> None:
        """What a reader that is killed each time leaves behind: five begun tries and no result."""
        door.upload(workbook(ROWS), "名单.xlsx")
        source = AudienceImport.objects.get()
        AudienceImport.objects.update(tries=4)
        imports.look_at_import(source.pk)
        source.refresh_from_db()
        assert (source.state, source.header, source.tries) == (ImportState.UPLOADED, ROWS[0], 0)
        imports.choose_columns(source, source.mapping, None)
        AudienceImport.objects.update(tries=5)
        imports.check_and_store(source.pk)
        source.refresh_from_db()
        assert (source.state, source.stored) == (ImportState.FAILED, 0)
        assert "5 次" in imports.sentence(source.error)
        assert not Path(source.file.path).exists()
        AudienceImport.objects.update(moved_at=timezone.now() - timezone.timedelta(hours=2))
        assert imports.wake_stuck() == 0

    def test_a_look_that_is_ended_from_outside_is_counted(self, door: Door) -> None:
        door.upload(workbook(ROWS), "名单.xlsx")
        source = AudienceImport.objects.get()
        tries = []
        with readers_killed() as killed:
            for _ in range(5):
                with pytest.raises(ReaderEnded):
                    imports.look_at_import(source.pk)
                tries.append(AudienceImport.objects.get().tries)
            imports.look_at_import(source.pk)
        source.refresh_from_db()
        assert (tries, len(killed), source.state) == ([1, 2, 3, 4, 5], 5, ImportState.FAILED)

    def test_do_not_send_files_too(self, db: None) -> None:
        source = files.start(
            SimpleUploadedFile("a.xlsx", workbook(ROWS)), {"scope": "all", "account": None, "signature": None}, None
        )
        with readers_killed() as killed:
            for _ in range(5):
                with pytest.raises(ReaderEnded):
                    files.take_in(source.pk)
            done = files.take_in(source.pk)
        assert (len(killed), done.state, json.loads(done.error)["key"]) == (5, "failed", "gave_up")


class TestWebProcess:
    def test_it_opens_no_workbook(self, door: Door) -> None:
        """The reader's process is not started while a request is answered."""
        with readers_killed() as killed:
            assert door.upload(workbook(ROWS), "名单.xlsx").status_code == 302
            system = Caller("audiences")
            answer = system.upload(name="接口", file=SimpleUploadedFile("a.xlsx", workbook(ROWS)))
            assert (answer.status_code, answer.json()["state"]) == (202, "uploaded")
            file = SimpleUploadedFile("b.xlsx", workbook(ROWS))
            sent = signed_in(roles.SUPPORT).post(f"{SUPPRESSIONS}import/", {"file": file, "scope": "all"})
            assert sent.status_code == 302
        assert killed == set()

    def test_a_text_is_looked_at_outside_a_transaction(self, door: Door, monkeypatch: Any) -> None:
        from django.db import connection

        depths = []
        opened = io.TextIOWrapper

        class Watching(opened):  # type: ignore[misc, valid-type]
            def __init__(self, *arguments: Any, **more: Any) -> None:
                depths.append(len(connection.savepoint_ids))
                super().__init__(*arguments, **more)

        before = len(connection.savepoint_ids)
        monkeypatch.setattr("io.TextIOWrapper", Watching)
        door.upload("手机号\n13800138001\n".encode())
        assert AudienceImport.objects.get().header == ["手机号"]
        assert depths
        assert set(depths) == {before}


class TestProblems:
    def test_a_blank_number_beside_a_formula_elsewhere_is_missing_not_a_formula(self, door: Door) -> None:
        def write(_book: Any, sheet: Any) -> None:
            sheet.write_formula(1, 2, "=1+1", None, 2)
            sheet.write_formula(2, 0, "=D9", None, "")
            sheet.write_formula(3, 0, "=NA()", None, "#N/A")

        rows = [["手机号", "姓名", "积分"], ["13800138001", "甲", ""], ["", "乙", ""], ["", "丙", ""], ["", "丁", 3]]
        source = door.checked(workbook(rows, write), "名单.xlsx")
        assert problems(source) == [(3, "formula"), (4, "formula"), (5, "missing")]
        assert people(source) == {"13800138001": {"姓名": "甲", "积分": "2"}}

    def test_bad_rows_can_be_found_by_what_else_stands_in_them(self, door: Door) -> None:
        data = "手机号,姓名,备用\n#N/A,张三,139-0013-8002\n13800138001,李四,\n13800138001,王五,\n"
        source = door.checked(data.encode())
        file = b"".join(door.client.get(f"{AUDIENCES}file/{source.pk}/problems.csv").streaming_content).decode(
            "utf-8-sig"
        )
        rows = list(csv.reader(io.StringIO(file)))
        assert rows[0][-3:] == ["手机号", "姓名", "备用"]
        assert (rows[1][0], rows[1][2], rows[1][-3:]) == ("2", "#N/A", ["", "张三", "139******02"])
        assert (rows[2][0], rows[2][2]) == ("4", "138****8001")

    def test_a_shortened_number_in_a_text_file(self, door: Door) -> None:
        source = door.checked("手机号,卡号\n13800138001,6.22202E+18\n13800138002,6222021234567890123\n".encode())
        assert problems(source) == [(2, "scientific")]
        assert people(source) == {"13800138002": {"卡号": "6222021234567890123"}}


class TestLeftovers:
    def test_files_without_a_row_are_removed_once_they_are_old(self, door: Door, settings: Any) -> None:
        source = door.looked_at("手机号\n13800138001\n".encode())
        storage = source.file.storage
        lost, fresh = (storage.save(f"imports/{name}.dat", ContentFile(b"13800138001")) for name in ("lost", "fresh"))
        past = time.time() - 2 * 3600
        for name in (lost, source.file.name):
            os.utime(storage.path(name), (past, past))
        assert imports.sweep() == (1, 0)
        assert not storage.exists(lost)
        assert storage.exists(fresh)
        assert storage.exists(source.file.name)
        assert imports.sweep() == (0, 0)

    def test_a_file_that_an_ended_import_left_is_removed(self, door: Door) -> None:
        source = door.looked_at("手机号\n13800138001\n".encode())
        AudienceImport.objects.update(state=ImportState.DONE)
        past = time.time() - 2 * 3600
        os.utime(source.file.path, (past, past))
        assert imports.sweep() == (1, 0)

    def test_an_import_without_its_file_says_so(self, door: Door) -> None:
        source = door.looked_at("手机号\n13800138001\n".encode())
        Path(source.file.path).unlink()
        assert imports.sweep() == (0, 0)
        AudienceImport.objects.update(created_at=timezone.now() - timezone.timedelta(hours=2))
        assert imports.sweep() == (0, 1)
        source.refresh_from_db()
        assert (source.state, json.loads(source.error)["key"]) == (ImportState.FAILED, "gone")

    def test_files_of_the_do_not_send_list_are_kept_while_they_are_read(self, door: Door) -> None:
        door.looked_at("手机号\n13800138001\n".encode())
        reading = files.start(
            SimpleUploadedFile("a.csv", b"phone\n13800138001\n"),
            {"scope": "all", "account": None, "signature": None},
            None,
        )
        past = time.time() - 2 * 3600
        os.utime(reading.file.path, (past, past))
        assert imports.sweep() == (0, 0)
        files.take_in(reading.pk)
        assert Suppression.objects.count() == 1


class TestHeaders:
    @pytest.mark.parametrize(
        ("rows", "header_line"),
        [
            (["会员名单", "手机号,姓名", "13800138001,甲"], 2),
            (["手机号名单", "手机号", "13800138001"], 2),
            (["导出,2026-11-01", ",", "手机号码（必填）,姓名", "13800138001,甲"], 3),
            (["名单\t", "手机号\t姓名", "13800138001\t甲,乙"], 2),
            (["名单;", "*手机号;姓名", "13800138001;甲"], 2),
            (["名单,", "联系方式一,姓名", "13800138001,甲"], 2),
            (["手机号,姓名", "12,甲", "13800138001,乙"], 1),
        ],
    )
    def test_found_below_titles(self, door: Door, rows: list[str], header_line: int) -> None:
        source = door.checked("\r\n".join(rows).encode())
        assert (source.layout["header_line"], set(people(source))) == (header_line, {"13800138001"})

    @pytest.mark.parametrize(
        "first",
        ["'13800138001,甲", "１３８００１３８００１,甲", "1380013800,甲", "138001380011,甲", "13800138001/13900139002,甲",
         "tel:13800138001,甲", "甲,+86 138 0013 8001", '"13,800,138,001",甲', ",甲", "1.38E+10,甲"],
    )  # fmt: skip
    def test_the_first_person_never_becomes_the_header(self, door: Door, first: str) -> None:
        column = "乙,13800138002" if first.startswith("甲") else "13800138002,乙"
        sentence = door.refusal(f"{first}\n{column}\n{column[:-1]}3\n".encode())
        assert "第一行" in sentence

    def test_in_a_workbook(self, door: Door) -> None:
        rows = [["2026年11月会员名单"], ["导出时间：2026-11-01"], [], *ROWS]
        source = door.checked(workbook(rows), "名单.xlsx")
        assert (source.layout["header_line"], source.rows, source.stored) == (4, 3, 3)
        assert "第 4 行是列名" in door.page(source)

    def test_below_a_hidden_line(self, door: Door) -> None:
        data = by_hand(
            f'<row r="1" hidden="1">{text("A1", "内部用")}</row><row r="2">{text("A2", "手机号")}{text("B2", "姓名")}</row>'
            f'<row r="3">{text("A3", "13800138001")}{text("B3", "甲")}</row>'
        )
        assert set(people(door.checked(data, "名单.xlsx"))) == {"13800138001"}


class TestEncodings:
    LINES = ["手机号,姓名", *(f"{13800138000 + n},王小明" for n in range(50))]

    @pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_whole_files(self, door: Door, encoding: str, end: str) -> None:
        source = door.checked(end.join(self.LINES).encode(encoding))
        assert (source.stored, people(source)["13800138049"]) == (50, {"姓名": "王小明"})

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("line", [2, 26, 51])
    @pytest.mark.parametrize("wrong", ["张三".encode("gbk"), b"\xff", b"\xe5\xbc", b"\x80\x80\x80"])
    def test_one_wrong_line_of_utf_8(self, door: Door, line: int, wrong: bytes, end: str) -> None:
        lines = [one.encode() for one in self.LINES]
        lines[line - 1] = b"13900139000," + wrong
        assert f"第 {line} 行" in door.refusal(end.encode().join(lines))

    def test_a_half_of_each(self, door: Door) -> None:
        half = len(self.LINES) // 2
        data = "\n".join(self.LINES[:half]).encode() + b"\n" + "\n".join(self.LINES[half:]).encode("gbk")
        assert f"第 {half + 1} 行" in door.refusal(data)

    @pytest.mark.parametrize("line", [2, 30])
    def test_one_wrong_line_of_gbk(self, door: Door, line: int) -> None:
        lines = [one.encode("gbk") for one in self.LINES]
        lines[line - 1] = b"13900139000,\xff\xff"
        assert f"第 {line} 行" in door.refusal(b"\n".join(lines))

    def test_gbk_whose_beginning_could_be_utf_8(self, door: Door) -> None:
        """Some pairs of GBK are characters of UTF-8, as those of 小学."""
        lines = ["mobile,school", *(f"{13800138000 + n},小学" for n in range(30)), "13900139000,张三"]
        source = door.checked("\n".join(lines).encode("gbk"))
        assert (source.encoding, people(source)["13900139000"]) == ("gb18030", {"school": "张三"})
