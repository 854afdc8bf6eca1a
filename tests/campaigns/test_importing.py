"""Importing recipients: every row is stored or named, and no file brings the house down."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.audiences import imports
from campaigns.audiences.imports import job, operators
from campaigns.audiences.imports.sentences import FILE, ROW, ImportRefused
from campaigns.models import Audience, AudienceImport, AudienceMember, ImportProblem, OperatorPrefix
from campaigns.states import ImportState
from kit.spreadsheets import parts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def audience():
    return Audience.objects.create(name="会员日")


def upload(audience, data, name="名单.csv"):
    data = data.encode() if isinstance(data, str) else data
    source = imports.start_import(audience, SimpleUploadedFile(name, data), None)
    if not source.header:
        imports.look_at_import(source.pk)
        source.refresh_from_db()
    return source


def run(audience, data, name="名单.csv", mapping=None):
    source = upload(audience, data, name)
    imports.choose_columns(source, mapping or source.mapping, None)
    return imports.check_and_store(source.pk)


def failed(audience, data, name="a.xlsx"):
    """Why the worker could not take the file."""
    source = upload(audience, data, name)
    assert (source.state, source.stored) == (ImportState.FAILED, 0)
    return json.loads(source.error)["key"]


def workbook(rows, write=None):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    if write:
        write(book, sheet)
    book.close()
    return stream.getvalue()


def problems(source):
    rows = source.problems.order_by("line").values_list("line", "column", "reason", "first_line")
    return list(rows)


def members(audience):
    return list(audience.members.order_by("phone").values_list("phone", "operator", "line", "variables"))


class TestGoodFiles:
    CSV = "手机号,姓名,余额\n13800000001,张三,12.50\n18900000002,李四,\n"
    STORED = [
        ("13800000001", "cmcc", 2, {"姓名": "张三", "余额": "12.50"}),
        ("18900000002", "ctcc", 3, {"姓名": "李四", "余额": ""}),
    ]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
    def test_encodings(self, audience, encoding):
        source = run(audience, self.CSV.encode(encoding))
        assert (source.state, source.rows, source.stored) == (ImportState.READY, 2, 2)
        assert members(audience) == self.STORED

    @pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
    def test_delimiters(self, audience, sign):
        run(audience, self.CSV.replace(",", sign))
        assert members(audience) == self.STORED

    def test_chinese_that_begins_after_the_first_megabyte(self, audience):
        lines = "".join(f"{13900000000 + n},x\n" for n in range(80_000))
        source = upload(audience, ("mobile,name\n" + lines).encode() + "13800000001,张三\n".encode("gb18030"))
        assert source.encoding == "gb18030"

    def test_xlsx_with_numbers_dates_and_blank_lines(self, audience):
        def dates(book, sheet):
            import datetime

            sheet.write_datetime(1, 2, datetime.datetime(2026, 11, 11), book.add_format({"num_format": "yyyy-mm-dd"}))

        rows = [["手机号", "积分", "日期"], [13800000001, 7.5], [], [18900000002.0, 300.0, "无"]]
        source = run(audience, workbook(rows, dates), "a.xlsx")
        assert (source.rows, source.stored) == (2, 2)
        assert members(audience) == [
            ("13800000001", "cmcc", 2, {"积分": "7.5", "日期": "2026-11-11"}),
            ("18900000002", "ctcc", 4, {"积分": "300", "日期": "无"}),
        ]

    def test_a_line_break_inside_a_cell_keeps_the_line_numbers(self, audience):
        source = run(audience, '手机号,话\n13800000001,"一\n二"\n123,x\n')
        assert members(audience)[0][3] == {"话": "一\n二"}
        assert problems(source) == [(4, "手机号", "length", None)]

    def test_backslashes_tabs_and_quotes_survive(self, audience):
        run(audience, '手机号,话\n13800000001,"a\\b	c""d\\n"\n')
        assert members(audience)[0][3] == {"话": 'a\\b\tc"d\\n'}

    def test_blanks_around_cells_go(self, audience):
        run(audience, "手机号, 话\n 138 0000 0001 ,  你好 \n")
        assert members(audience) == [("13800000001", "cmcc", 2, {"话": "你好"})]

    def test_the_operator_follows_the_table_the_longest_prefix_first(self, audience):
        OperatorPrefix.objects.filter(prefix="192").update(operator="cucc")
        numbers = ["13491234567", "13481234567", "17405000000", "17406000000", "17055555555", "19200000000"]
        run(audience, "mobile\n" + "\n".join(numbers) + "\n")
        found = {phone: operator for phone, operator, _line, _v in members(audience)}
        assert [found[number] for number in numbers] == ["ctcc", "cmcc", "ctcc", "", "cmcc", "cucc"]


class TestSums:
    def test_rows_are_stored_or_named(self, audience):
        data = (
            "姓名,手机号\na,13800000001\nb,+86 138-0000-0001\nc,12345\nd,\n,,\n\ne,20000000000\n"
            "f,1.38E+10\ng,=A1\nh,13800000002,多,余\n姓名,手机号\ni,13800000003\nj,13800000001\n"
        )
        source = run(audience, data)
        assert (source.rows, source.stored, source.invalid, source.duplicate) == (11, 2, 7, 2)
        assert problems(source) == [
            (3, "手机号", "duplicate", 2),
            (4, "手机号", "length", None),
            (5, "手机号", "missing", None),
            (8, "手机号", "bad_number", None),
            (9, "手机号", "scientific", None),
            (10, "手机号", "formula", None),
            (11, "", "extra_cells", None),
            (12, "手机号", "header_again", None),
            (14, "手机号", "duplicate", 2),
        ]
        assert source.rows == source.stored + source.problems.count()

    def test_a_second_file_keeps_the_earlier_rows(self, audience):
        imports.confirm(run(audience, "手机号,姓名\n13800000001,旧\n"), None)
        source = run(audience, "手机号,姓名\n13800000001,新\n13800000001,再\n13800000002,新\n")
        assert problems(source) == [(2, "手机号", "already", None), (3, "手机号", "duplicate", 2)]
        assert (source.rows, source.stored, source.invalid, source.duplicate) == (3, 1, 0, 2)
        assert members(audience)[0][3] == {"姓名": "旧"}
        imports.confirm(source, None)
        audience.refresh_from_db()
        assert (audience.size, audience.columns) == (2, ["姓名"])

    def test_no_full_number_is_kept_of_a_bad_row(self, audience):
        source = run(audience, "手机号\n23800000001\n13800000002\n13800000002\n1380000000\n")
        values = list(source.problems.order_by("line").values_list("value", flat=True))
        assert values == ["238******01", "138****0002", "138*****00"]
        assert "0000000" not in str(source.preview)

    def test_pieces_do_not_show_in_the_result(self, audience, monkeypatch):
        monkeypatch.setattr(job, "BLOCK", 3)
        monkeypatch.setattr(job, "PIECE", 6)
        rows = [13800000000 + n % 7 for n in range(20)]
        source = run(audience, "手机号\n" + "\n".join(map(str, rows)) + "\n")
        assert (source.rows, source.stored, source.duplicate) == (20, 7, 13)
        assert [row[3] for row in problems(source)] == [line % 7 + 2 for line in range(7, 20)]

    def test_the_number_of_queries_follows_the_pieces_not_the_rows(self, audience):
        counts = []
        for size in (1000, 2000):
            other = Audience.objects.create(name=f"n{size}")
            source = upload(other, "手机号,姓名\n" + "".join(f"{13800000000 + n},x\n" for n in range(size)))
            imports.choose_columns(source, source.mapping, None)
            with CaptureQueriesContext(connection) as queries:
                imports.check_and_store(source.pk)
            counts.append(len(queries))
        assert counts[0] == counts[1] < 30


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("data", "key"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf\r\n  ", "empty"),
            (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
            (b"%PDF-1.7 ...", "binary"),
            (bytes(range(1, 256)) * 20, "binary"),
            (b"\x00\x01\x02\x03" * 500, "binary"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "old_excel"),
            ("手机号,姓名\n13800000001,".encode() + b"\xff\xff\n", "broken_utf8"),
            (b"mobile,name\n13800000001,\xff\xff\n", "encoding"),
            ("姓名,城市\n张三,北京\n", "no_phone"),
            ("13800000001,张三\n13800000002,李四\n", "no_header"),
            ("手机号,姓名,姓名\n13800000001,a,b\n", "column_twice"),
            ("手机号,姓名\n", "only_header"),
            ("手机号,姓名\n\n,\n", "only_header"),
            ('手机号,姓名\n13800000001,"' + "x" * (1 << 20) + '"\n', "long_cell"),
            ('手机号,姓名\n13800000001,"张三\n13800000002,李四\n', "quotes"),
        ],
    )
    def test_refused_at_once_with_a_sentence_and_nothing_is_kept(self, audience, data, key, tmp_path):
        with pytest.raises(ImportRefused) as caught:
            upload(audience, data, "名单.xlsx")
        assert caught.value.key == key
        assert "%(" not in str(caught.value)
        assert len(str(caught.value)) > 20
        assert not AudienceImport.objects.exists()
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_the_sentence_says_where(self, audience):
        with pytest.raises(ImportRefused) as caught:
            upload(audience, "手机号,a,b,a\n13800000001,1,2,3\n")
        assert caught.value.params == {"name": "a", "first": 2, "second": 4}
        with pytest.raises(ImportRefused) as caught:
            upload(audience, b"\xca\xd6,a\n" * 3 + b"13800000001,\xff\n")
        assert caught.value.params == {"line": 4}

    def test_a_zip_bomb_named_xlsx_is_not_unpacked(self, audience):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/workbook.xml", "<workbook/>")
            with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                for _ in range(parts.MAX_UNPACKED_MB // 16 + 1):
                    sheet.write(bytes(16 << 20))
        assert failed(audience, stream.getvalue()) == "bomb"

    def test_one_nul_in_a_small_file_does_not_make_it_utf_16(self, audience):
        source = run(audience, "手机号,姓名\n13800000001,a\0b\n13800000002,好\n")
        assert (source.encoding, source.stored, source.invalid) == ("utf-8", 1, 1)

    def test_a_bomb_that_lies_about_its_size_fails_its_checksum(self, audience):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/workbook.xml", "<workbook/>")
            book.writestr("xl/worksheets/sheet1.xml", b"\0" * (8 << 20))
        honest, small = (8 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
        data = stream.getvalue().replace(honest, small)
        assert failed(audience, data) == "bad_xlsx"

    def test_a_workbook_that_is_none_fails_with_a_sentence_and_its_file_goes(self, audience, tmp_path):
        assert failed(audience, b"PK\x03\x04 no zip at all") == "bad_xlsx"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_trouble_far_down_fails_the_import_and_leaves_the_audience(self, audience, monkeypatch):
        monkeypatch.setattr(job, "PIECE", 50)
        imports.confirm(run(audience, "手机号\n13900000001\n"), None)
        rows = "".join(f"{13800000000 + n},x\n" for n in range(200))
        source = run(audience, f'手机号,姓名\n{rows}13812345678,"x\n')
        assert (source.state, source.stored) == (ImportState.FAILED, 0)
        assert imports.sentence(source.error) == str(ImportRefused("quotes", line=202))
        assert [phone for phone, *_ in members(audience)] == ["13900000001"]
        assert source.problems.count() == 0

    def test_odd_cells_are_problems_of_their_row_alone(self, audience):
        data = (
            "手机号,姓名\n13800000001,=cmd()\n13800000002,#REF!\n13800000003," + "长" * 2001 + "\n"
            "13800000004,a\0b\n13800000005\n13800000006,好\n1380000\x000007,x\n"
        )
        source = run(audience, data)
        assert problems(source) == [
            (2, "姓名", "formula", None),
            (3, "姓名", "formula", None),
            (4, "姓名", "too_long", None),
            (5, "姓名", "bad_character", None),
            (8, "手机号", "bad_character", None),
        ]
        assert [row[3]["姓名"] for row in members(audience)] == ["", "好"]

    def test_a_formula_as_the_number_of_a_workbook(self, audience):
        def formulas(_book, sheet):
            sheet.write_formula(1, 0, "=B2*1")
            sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")
            sheet.write_formula(3, 0, "=B4", None, "13800000001")

        source = run(
            audience, workbook([["手机号", "姓名"], [0, "a"], [0, "b"], [0, "c"], [13800000002]], formulas), "a.xlsx"
        )
        assert problems(source) == [(2, "手机号", "formula", None), (3, "手机号", "formula", None)]
        assert [phone for phone, *_ in members(audience)] == ["13800000001", "13800000002"]

    def test_every_sentence_is_whole(self):
        assert all(str(text).endswith((".", "。")) for text in FILE.values())
        assert all(str(mend).endswith((".", "。")) for _what, mend in ROW.values())


class TestPhones:
    @pytest.mark.parametrize(
        "raw",
        ["13812345678", "+8613812345678", "8613812345678", "008613812345678", " 138 1234 5678 ", "138-1234-5678",
         "１３８１２３４５６７８", "+86 138－1234－5678", '="13812345678"', "(86)13812345678", "138\u00a01234\u20035678",
         "13812345678.0", "13812345678.00", "13,812,345,678", "'13812345678", "’13812345678", "tel:13812345678",
         "手机：13812345678", "13812345678；", "13812345678,", "138.1234.5678", "138·1234·5678", "138_1234_5678",
         "138−1234−5678", "\u202d13812345678\u202c", "138\u200b1234\u20605678", "\ufeff13812345678", "\u206813812345678\u2069",
         "+86-138-1234-5678", "13812345678\ufe0f", "\u200e+8613812345678\u00ad", '="\u200b13812345678"'],
    )  # fmt: skip
    def test_normalised(self, raw):
        assert operators.normalise(raw) == ("13812345678", "")

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [("", "missing"), ("1381234567", "length"), ("138123456789", "length"), ("12812345678", "bad_number"),
         ("010-88886666", "landline"), ("1.38E+10", "scientific"), ("=A1", "formula"), ("13800138001.5", "length"),
         ("+8512345678", "abroad"), ("0085212345678", "abroad"), ("无", "no_digits"), ("１２", "length"),
         ("13800138001/13900139002", "several"), ("138 0013 8001 或 139-0013-8002", "several"),
         ("13800138001 13900139002", "several"),
         ("13800138001（张三）", "other_text"), ("138O0138001", "bad_number"), ("١٣٨١٢٣٤٥٦٧٨", "bad_number")],
    )  # fmt: skip
    def test_refused(self, raw, reason):
        assert operators.normalise(raw) == ("", reason)


class TestSteps:
    CSV = "手机号,姓名\n13800000001,张三\n"

    def test_the_columns_chosen_once_are_remembered_by_the_header(self, audience):
        header = "电话,备用手机号,姓名,城市\n"
        run(audience, f"{header}13800000001,13900000001,a,b\n", mapping={"phone": 0, "variables": {"称呼": 2}})
        other = Audience.objects.create(name="另一个")
        assert upload(other, f"{header}13800000009,1,2,3\n").mapping == {"phone": 0, "variables": {"称呼": 2}}

    @pytest.mark.parametrize("mapping", [{"phone": 9, "variables": {}}, {}, {"phone": 0, "variables": {"a": 5}}])
    def test_a_mapping_that_does_not_fit(self, audience, mapping):
        source = upload(audience, self.CSV)
        with pytest.raises(ImportRefused):
            imports.choose_columns(source, mapping, None)
        source.refresh_from_db()
        assert source.state == ImportState.UPLOADED

    def test_a_name_that_no_template_can_use(self, audience):
        source = upload(audience, self.CSV)
        with pytest.raises(ImportRefused) as caught:
            imports.choose_columns(source, {"phone": 0, "variables": {"a}b": 1}}, None)
        assert caught.value.key == "variable_name"

    def test_the_same_file_is_noticed(self, audience):
        first = run(audience, self.CSV)
        assert imports.earlier_import(first) is None
        imports.confirm(first, None)
        second = upload(Audience.objects.create(name="b"), self.CSV, "改名.csv")
        assert imports.earlier_import(second) == first

    def test_one_open_file_at_a_time(self, audience):
        first = run(audience, self.CSV)
        second = upload(audience, "手机号\n13800000002\n")
        with pytest.raises(ImportRefused) as caught:
            imports.choose_columns(second, second.mapping, None)
        assert caught.value.params == {"name": first.file_name}

    def test_confirming_twice_counts_once(self, audience):
        source = run(audience, self.CSV)
        imports.confirm(source, None)
        with pytest.raises(ImportRefused) as caught:
            imports.confirm(source, None)
        assert caught.value.key == "not_now"
        audience.refresh_from_db()
        assert audience.size == 1

    def test_the_file_is_removed_once_it_is_confirmed(self, audience, tmp_path, django_capture_on_commit_callbacks):
        source = run(audience, self.CSV)
        assert Path(source.file.path).exists()
        with django_capture_on_commit_callbacks(execute=True):
            imports.confirm(source, None)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_discarding_takes_everything_back(self, audience):
        source = run(audience, self.CSV + "1\n")
        imports.discard(source, None)
        assert not AudienceMember.objects.exists()
        assert not ImportProblem.objects.exists()
        assert not AudienceImport.objects.exists()

    def test_a_doubled_nudge_changes_nothing(self, audience):
        source = run(audience, self.CSV)
        before = members(audience)
        imports.check_and_store(source.pk)
        assert members(audience) == before

    def test_a_file_without_a_usable_row_cannot_be_confirmed(self, audience):
        source = run(audience, "手机号\n1\n")
        with pytest.raises(ImportRefused) as caught:
            imports.confirm(source, None)
        assert caught.value.key == "nothing_usable"

    def test_the_bad_rows_as_a_file(self, audience):
        source = run(audience, "手机号,姓名\n13800000001,=1+1\n\n13800000002,a\n13800000002,b\n")
        text = "".join(imports.csv_file(source))
        assert text.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(text[1:])))
        assert [row[:3] for row in rows[1:]] == [["2", "姓名", "'=1+1"], ["5", "手机号", "138****0002"]]
        assert imports.by_reason(source) == [(str(ROW["duplicate"][0]), 1), (str(ROW["formula"][0]), 1)]

    def test_a_workbook_is_looked_at_by_a_worker(self, audience, run_queue):
        data = workbook([["手机号"], ["13800000001"]])
        source = imports.start_import(audience, SimpleUploadedFile("a.xlsx", data), None)
        assert source.header == []
        assert run_queue() == 1
        source.refresh_from_db()
        assert (source.header, source.mapping) == (["手机号"], {"phone": 0, "variables": {}})

    def test_a_vanished_file_is_said(self, audience):
        source = upload(audience, self.CSV)
        imports.choose_columns(source, source.mapping, None)
        Path(source.file.path).unlink()
        source = imports.check_and_store(source.pk)
        assert imports.sentence(source.error) == str(ImportRefused("gone"))


def test_a_file_of_too_many_columns_is_refused_before_its_page_is_made():
    from campaigns.audiences.imports import columns

    wide = [f"列{n}" for n in range(columns.MOST_COLUMNS)]
    assert len(columns.check_header(wide)) == columns.MOST_COLUMNS
    with pytest.raises(imports.ImportRefused, match=str(columns.MOST_COLUMNS)):
        columns.check_header([*wide, "多"])
