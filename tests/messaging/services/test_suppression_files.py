"""The do-not-send list in and out of a file."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.models import Suppression
from messaging.services import suppression_files
from tests.builders import phones
from tests.people import signed_in

pytestmark = pytest.mark.django_db
FILE = "姓名,手机号,原因\n王芳,138 0000 0001,投诉\n李雷,13800000002,=SUM(1)\n,12345,\n,13800000001,又一次\n"
BASE = "/admin/messaging/suppression/"


def test_rows_add_up_and_a_second_time_changes_nothing(house: Any) -> None:
    rows = suppression_files.read(FILE.encode("gb18030"))
    first = suppression_files.take_in(rows)
    assert first == (4, 2, 1, 0, 1, 0, [4])
    assert first.rows == first.added + first.known + first.lifted + first.invalid
    again = suppression_files.take_in(rows)
    assert (again.added, again.known) == (0, 3)
    found = dict(Suppression.objects.values_list("phone", "note"))
    assert found == {"13800000001": "投诉", "13800000002": "=SUM(1)"}


def test_what_is_queued_within_the_scope_is_not_sent(house: Any) -> None:
    numbers = phones(30, start=13800000001)
    dispatch = house.make_dispatch(numbers, per_batch=10)
    other = house.make_dispatch(numbers[:5], account=house.make_account("备用"))
    rows = [suppression_files.Row(n, phone, "", False) for n, phone in enumerate(numbers[5:15], start=2)]
    taken = suppression_files.take_in(rows, scope="account", account=house.account)
    assert (taken.added, taken.stopped) == (10, 10)
    assert [batch.n_skipped for batch in dispatch.batches.order_by("number")] == [5, 5, 0]
    assert dispatch.deliveries.filter(own=20, reason="opted_out").count() == 10
    assert other.deliveries.filter(own=20).count() == 0


def test_the_scopes_do_not_hide_each_other(house: Any) -> None:
    rows = suppression_files.read(b"phone\n13800000001\n")
    assert suppression_files.take_in(rows, scope="account", account=house.account).added == 1
    assert suppression_files.take_in(rows, scope="all").added == 1
    assert suppression_files.take_in(rows, scope="signature", signature=house.signature).added == 1
    assert suppression_files.take_in(rows, scope="signature", signature=house.signature).added == 0


def test_our_own_export_comes_back_in_without_what_was_lifted(house: Any) -> None:
    from django.utils import timezone

    from config.kit.sheets import csv_lines

    Suppression.objects.create(phone="13800000001", source="hand", note="-投诉")
    Suppression.objects.create(phone="13800000002", source="hand", lifted_at=timezone.now(), lift_reason="要求")
    text = "".join(csv_lines(suppression_files.export_header(), suppression_files.export_rows(full_numbers=True)))
    Suppression.objects.all().delete()
    rows = suppression_files.read(text.replace("Number", "phone").encode())
    taken = suppression_files.take_in(rows)
    assert (taken.added, taken.lifted) == (1, 1)
    assert Suppression.objects.get().note == "-投诉"


@pytest.mark.parametrize("body", [b"", b"name\nx\n", b"\xff\xff\x81,\n"])
def test_a_file_without_numbers_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(ValidationError):
        suppression_files.read(body)


def test_support_imports_and_exports_and_others_do_not(house: Any) -> None:
    client = signed_in(roles.SUPPORT)
    file = SimpleUploadedFile("名单.csv", FILE.encode())
    answer = client.post(f"{BASE}import/", {"file": file, "scope": "all"})
    assert answer.status_code == 302
    assert Suppression.objects.count() == 2
    assert AuditEvent.objects.get(action="Imported a do-not-send list").detail["added"] == 2
    text = b"".join(client.get(f"{BASE}export.csv").streaming_content).decode("utf-8-sig")
    assert "13800000001" in text
    assert "'=SUM(1)" in text
    masked = b"".join(signed_in(roles.CAMPAIGNS).get(f"{BASE}export.csv").streaming_content).decode()
    assert "13800000001" not in masked
    assert "138****0001" in masked
    assert signed_in(roles.CAMPAIGNS).get(f"{BASE}import/").status_code == 403
    assert signed_in(roles.MARKETING).get(f"{BASE}export.csv").status_code == 403
