"""Files of any bytes through the pages: no 5xx, each row stored or named, and whoever is there already stays as they are."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns import roles
from campaigns.audiences import imports
from campaigns.models import Audience, AudienceImport
from campaigns.states import ImportState
from messaging import queue
from messaging.models import Suppression, SuppressionImport
from tests.campaigns.doors import AUDIENCES, SUPPRESSIONS
from tests.config.test_fuzz_files import books, texts
from tests.fuzzing import EXAMPLES
from tests.people import signed_in

pytestmark = pytest.mark.fuzz
# Each example is a few requests, a worker's job and, for a workbook, a process.
fuzzed = settings(
    max_examples=max(EXAMPLES // 10, 20),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
FILES = st.one_of(texts(), texts(), texts(), books(), st.binary(max_size=200))


class TestDoors(TestCase):
    @pytest.fixture(autouse=True)
    def media(self, settings: Any, tmp_path: Any) -> None:
        settings.MEDIA_ROOT = tmp_path

    @fuzzed
    @given(data=FILES, hidden=st.sampled_from(["take", "leave"]))
    def test_recipients(self, data: bytes, hidden: str) -> None:
        audience = Audience.objects.create(name="人群")
        first = imports.start_import(audience, SimpleUploadedFile("a.csv", "手机号\n13800138001\n".encode()), None)
        imports.choose_columns(first, first.mapping, None)
        queue.run_waiting()
        first.refresh_from_db()
        imports.confirm(first, None)
        client = signed_in(roles.CAMPAIGNS)
        answer = client.post(f"{AUDIENCES}{audience.pk}/upload/", {"file": SimpleUploadedFile("名单.xlsx", data)})
        assert answer.status_code in (200, 302)
        queue.run_waiting()
        source = AudienceImport.objects.exclude(pk=first.pk).first()
        if source is not None and source.state == ImportState.UPLOADED:
            assert source.header
            page = f"{AUDIENCES}file/{source.pk}/"
            assert client.get(page).status_code == 200
            used = {f"use_{index}": "1" for index in source.mapping["variables"].values()}
            assert (
                client.post(page, {"phone": source.mapping["phone"], "hidden_rows": hidden, **used}).status_code == 302
            )
            queue.run_waiting()
            source.refresh_from_db()
            assert source.state in (ImportState.READY, ImportState.FAILED)
            assert client.get(page).status_code == 200
            assert b"".join(client.get(f"{page}problems.csv").streaming_content)
        if source is not None and source.state == ImportState.READY:
            assert source.rows == source.stored + source.problems.count()
            assert source.rows == source.stored + sum(rows for _word, rows in imports.by_reason(source))
            assert source.stored == audience.members.filter(source=source).count()
        assert list(audience.members.filter(source=first).values_list("phone", flat=True)) == ["13800138001"]

    @fuzzed
    @given(data=FILES, hidden=st.sampled_from(["", "take", "leave"]))
    def test_do_not_send_lists(self, data: bytes, hidden: str) -> None:
        Suppression.objects.create(phone="13800138001", source="hand", note="早就在")
        client = signed_in(roles.SUPPORT)
        file = SimpleUploadedFile("拒收.csv", data)
        answer = client.post(f"{SUPPRESSIONS}import/", {"file": file, "scope": "all", "hidden_rows": hidden})
        assert answer.status_code in (200, 302)
        queue.run_waiting()
        source = SuppressionImport.objects.first()
        if source is not None:
            assert source.state in ("done", "failed")
            assert (
                source.rows == source.added + source.known + source.lifted + source.problems.count()
                or source.state == "failed"
            )
            page = f"{SUPPRESSIONS}file/{source.pk}/"
            assert client.get(page).status_code == 200
            assert b"".join(client.get(f"{page}problems.csv").streaming_content)
        kept = Suppression.objects.filter(source="hand", lifted_at__isnull=True)
        assert list(kept.values_list("phone", "note")) == [("13800138001", "早就在")]
        added = Suppression.objects.filter(source="import").values_list("phone", flat=True)
        assert all(len(number) == 11 and number.isascii() and number.isdigit() for number in added)
