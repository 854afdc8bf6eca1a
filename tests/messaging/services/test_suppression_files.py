"""The do-not-send list in and out of a file: read by a worker, counted to the row, safe to repeat, and gone on with."""

from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from kit.export_files import csv_lines
from kit.tables import ImportRefused
from messaging.eligibility import files
from messaging.models import Suppression, SuppressionImport
from tests.builders import phones
from tests.database import before, failing
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db
FILE = "姓名,手机号,原因\n王芳,138 0000 0001,投诉\n李雷,13800000002,=SUM(1)\n,12345,\n,13800000001,又一次\n"
BASE = "/admin/messaging/suppression/"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(body: bytes | str, **scope: Any) -> SuppressionImport:
    data = body.encode() if isinstance(body, str) else body
    chosen = {"scope": "all", "account": None, "signature": None, **scope}
    return files.start(SimpleUploadedFile("名单.csv", data), chosen, None)


def take(body: bytes | str, **scope: Any) -> SuppressionImport:
    return files.take_in(upload(body, **scope).pk)


def counts(source: SuppressionImport) -> tuple[int, ...]:
    """rows, added, known, lifted, invalid, stopped; the first is the sum of the next four."""
    assert source.rows == source.added + source.known + source.lifted + source.invalid
    return source.rows, source.added, source.known, source.lifted, source.invalid, source.stopped


def lines(numbers: list[str]) -> str:
    return "phone\n" + "\n".join(numbers) + "\n"


def test_rows_add_up_and_a_second_time_changes_nothing(house: Any) -> None:
    first = take(FILE.encode("gb18030"))
    assert (first.state, *counts(first)) == ("done", 4, 2, 1, 0, 1, 0)
    assert counts(take(FILE)) == (4, 0, 3, 0, 1, 0)
    found = dict(Suppression.objects.values_list("phone", "note"))
    assert found == {"13800000001": "投诉", "13800000002": "=SUM(1)"}
    problem = first.problems.get()
    assert (problem.line, problem.reason, problem.value) == (4, "length", "12345")
    assert set(Suppression.objects.values_list("source", flat=True)) == {"import"}


def test_a_workbook_is_read_too(house: Any) -> None:
    body = BytesIO()
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["手机号", "原因"])
        sheet.write_row(1, 0, [13800000001, "投诉"])
    assert counts(take(body.getvalue())) == (1, 1, 0, 0, 0, 0)
    assert Suppression.objects.get().note == "投诉"


def test_what_is_queued_within_the_scope_is_not_sent(house: Any) -> None:
    numbers = phones(30, start=13800000001)
    dispatch = house.make_dispatch(numbers, per_batch=10)
    other = house.make_dispatch(numbers[:5], account=house.make_account("备用"))
    taken = take(lines(numbers[5:15]), scope="account", account=house.account)
    assert (taken.added, taken.stopped) == (10, 10)
    assert [batch.n_skipped for batch in dispatch.batches.order_by("number")] == [5, 5, 0]
    assert dispatch.deliveries.filter(own_status=20, reason="opted_out").count() == 10
    assert other.deliveries.filter(own_status=20).count() == 0


def test_the_scopes_do_not_hide_each_other_and_a_lifted_entry_is_none(house: Any) -> None:
    one = lines(["13800000001"])
    assert take(one, scope="account", account=house.account).added == 1
    assert take(one).added == 1
    assert take(one, scope="signature", signature=house.signature).added == 1
    assert take(one, scope="signature", signature=house.signature).added == 0
    Suppression.objects.filter(scope="all").update(lifted_at=timezone.now())
    assert take(one).added == 1


def test_our_own_export_comes_back_in_without_what_was_lifted(house: Any) -> None:
    Suppression.objects.create(phone="13800000001", source="hand", note="-投诉")
    Suppression.objects.create(phone="13800000002", source="hand", lifted_at=timezone.now(), lift_reason="要求")
    text = "".join(csv_lines(files.export_header(), files.export_rows(full_numbers=True)))
    Suppression.objects.all().delete()
    assert counts(take(text.replace("Number", "phone"))) == (2, 1, 0, 1, 0, 0)
    assert Suppression.objects.get().note == "-投诉"


@pytest.mark.parametrize(
    ("body", "key"),
    [(b"", "empty"), (b"name\nx\n", "no_phone"), (b"phone\n", "only_header"), (b"\xff\xff\x81,\n", "encoding")],
)
def test_a_file_that_cannot_be_used_is_refused_at_once_and_not_kept(db: None, body: bytes, key: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        upload(body)
    assert refusal.value.key == key
    assert not SuppressionImport.objects.exists()


def test_a_file_that_turns_out_bad_says_so_and_keeps_nothing(db: None) -> None:
    source = upload(FILE)
    with open(source.file.path, "ab") as file:
        file.write(b'13800000003,"open\n')
    done = files.take_in(source.pk)
    assert (done.state, done.added) == ("failed", 0)
    assert "quotes" in done.error
    assert not Suppression.objects.exists()


ENTER = r"INSERT INTO messaging_suppression\s.*FROM staged_number"


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(house: Any, monkeypatch: Any, settings: Any) -> None:
    """The second run counts what the first entered as added, not as known."""
    monkeypatch.setattr(files, "CHUNK", 4)
    source = upload(lines([*phones(11), phones(1)[0], "x"]))
    with failing(ENTER, RuntimeError("killed"), skip=2), pytest.raises(RuntimeError):
        files.take_in(source.pk)
    source.refresh_from_db()
    assert (source.state, source.added) == ("reading", 8)
    SuppressionImport.objects.update(moved_at=timezone.now() - timezone.timedelta(seconds=600))
    assert files.wake_stuck() == 1
    assert files.wake_stuck() == 0
    assert counts(files.take_in(source.pk)) == (13, 11, 1, 0, 1, 0)
    assert Suppression.objects.count() == 11


def test_two_workers_with_one_file_count_once(house: Any, monkeypatch: Any) -> None:
    source = upload(lines(phones(6)))
    monkeypatch.setattr(files, "CHUNK", 3)

    def overtake() -> None:
        """Another one enters the first numbers and dies."""
        with failing(ENTER, RuntimeError("killed"), skip=1), pytest.raises(RuntimeError):
            files.take_in(source.pk)

    with before("SELECT .*messaging_suppressionimport", overtake, skip=2) as met:
        stopped = files.take_in(source.pk)
    assert (len(met), stopped.state, stopped.added) == (1, "reading", 3)
    assert counts(files.take_in(source.pk)) == (6, 6, 0, 0, 0, 0)


def test_the_queries_do_not_grow_with_the_rows(house: Any) -> None:
    house.make_dispatch(phones(3))

    def queries(n: int, start: int) -> int:
        source = upload(lines(phones(n, start=start)))
        with CaptureQueriesContext(connection) as context:
            files.take_in(source.pk)
        return len(context)

    assert queries(200, 13700000000) == queries(400, 13900000000)


def test_support_imports_and_exports_and_others_do_not(house: Any, run_queue: Any) -> None:
    client = signed_in(roles.SUPPORT)
    answer = client.post(f"{BASE}import/", {"file": SimpleUploadedFile("名单.csv", FILE.encode()), "scope": "all"})
    page = answer.headers["Location"]
    assert "正在读取" in read(client.get(page)).text
    assert client.get(f"{page}state.json").json()["final"] is False
    run_queue()
    assert client.get(f"{page}state.json").json()["reload"] is True
    shown = read(client.get(page)).text
    assert "与文件行数一致" in shown
    assert "不是 11 位" in shown
    bad = b"".join(client.get(f"{page}problems.csv").streaming_content).decode("utf-8-sig")
    assert bad.splitlines()[1].startswith("4,12345,")
    assert AuditEvent.objects.get(action="suppression.imported").detail["added"] == 2
    text = b"".join(client.get(f"{BASE}export.csv").streaming_content).decode("utf-8-sig")
    assert "13800000001" in text
    assert "'=SUM(1)" in text
    assert AuditEvent.objects.get(action="suppression.exported").detail["file"].endswith(".csv")
    masked = b"".join(signed_in(roles.CAMPAIGNS).get(f"{BASE}export.csv").streaming_content).decode()
    assert "13800000001" not in masked
    assert "138****0001" in masked
    for url in (f"{BASE}import/", page, f"{page}problems.csv"):
        assert signed_in(roles.CAMPAIGNS).get(url).status_code == 403
    assert signed_in(roles.MARKETING).get(f"{BASE}export.csv").status_code == 403


def test_the_form_says_what_is_wrong_with_the_file(house: Any) -> None:
    client = signed_in(roles.SUPPORT)
    file = SimpleUploadedFile("名单.csv", b"name\nx\n")
    assert "没有找到手机号列" in read(client.post(f"{BASE}import/", {"file": file, "scope": "all"})).text
