"""Every number with its outcome leaves as CSV or XLSX: all legs, closing, masked, in the same memory whatever the number."""

import csv
import io
import tracemalloc

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from campaigns import preflight, roles
from campaigns.lifecycle import follow_ups, progress, steps
from campaigns.models import AudienceImport, AuditEvent, ImportProblem
from campaigns.reports import export
from messaging.models import Batch, Delivery, Dispatch, Suppression
from messaging.states import BatchState, OwnStatus
from tests.campaigns.test_following import outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhang(db):
    roles.ensure()
    user = get_user_model().objects.create_user("张三", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
    return user


@pytest.fixture
def campaign(make, zhang):
    """12 people and 3 bad rows: 1 opted out, then 3 failed, 2 silent, 5 read, 1 without a receipt; 3 followed up, 1 of
    these delivered."""
    with translation.override("en"):
        Suppression.objects.create(phone="13800000012", scope="all", source="hand")
        made = make.campaign(audience=make.audience(make.people(12), invalid=1, duplicate=2), created_by=zhang)
        source = AudienceImport.objects.get()
        for line, reason in ((14, "length"), (15, "duplicate"), (16, "already")):
            ImportProblem.objects.create(source=source, line=line, reason=reason, value="138****0003")
        preflight.check(made)
        steps.confirm_and_start(made, "", zhang)
        outcome(made.dispatch, failed=3, no_receipt=2, read=5)
        Delivery.objects.filter(own_status=OwnStatus.FAILED).update(
            reason="handset", vendor_message="=EXPIRED", units=1
        )
        Delivery.objects.filter(own_status=OwnStatus.FAILED).update(reported_at=timezone.now(), channel="sms")
        steps.tick()
        made.refresh_from_db()
        (again,) = follow_ups.resend(made, ["failed"], 3, zhang)
        outcome(again, delivered=1)
    made.refresh_from_db()
    return made


def table(campaign, full=True):
    with translation.override("en"):
        return [dict(zip(export.header(), row, strict=True)) for row in export.rows(campaign, full_numbers=full)]


class TestRows:
    def test_every_leg_every_person_and_every_bad_row(self, campaign):
        rows = table(campaign)
        assert len(rows) == export.size(campaign) == 12 + 3 + 3
        by_dispatch = {}
        for row in rows:
            by_dispatch.setdefault(row["Dispatch"], []).append((row["Number"], row["Status"]))
        assert list(by_dispatch) == ["Main", "Follow-up 1", *(f"名单.csv, line {n}" for n in (14, 15, 16))]
        assert by_dispatch["Main"][0] == ("13800000001", "Not delivered")
        assert by_dispatch["Main"][11] == ("13800000012", "Not sent")
        assert [status for _phone, status in by_dispatch["Follow-up 1"]] == ["Delivered", "Handed over", "Handed over"]

    def test_they_add_up_to_the_page_and_to_the_file(self, campaign):
        rows = table(campaign)
        counts = progress.progress(campaign).counts
        main = [row["Status"] for row in rows if row["Dispatch"] == "Main"]
        assert (main.count("Not delivered"), main.count("Read"), main.count("No receipt")) == (3, 5, 2)
        assert (counts["failed"], counts["read"], counts["no_receipt"]) == (3, 5, 2)
        of_file = [row for row in rows if "line" in row["Dispatch"]]
        assert len(main) + len(of_file) == campaign.report.rows == 15
        assert [row["Reason"] for row in of_file] == ["Invalid number", "Duplicate number", "Duplicate number"]

    def test_the_outcome_in_words(self, campaign):
        row = table(campaign)[0]
        assert row["Vendor's own words"] == "=EXPIRED"
        version = f"{campaign.version.template.name}, version 1"
        assert (row["Channel"], row["Billable units"], row["Template version"]) == ("SMS", 1, version)
        assert row["Reported at"][:2] == row["Handed over at"][:2] == "20"
        assert row["Reason"] not in ("", "handset")

    def test_a_batch_tells_for_those_with_nothing_of_their_own(self, campaign):
        Batch.objects.filter(dispatch__leg="resend-1").update(state=BatchState.REJECTED, reason="content_refused")
        words = [(row["Status"], bool(row["Reason"])) for row in table(campaign) if row["Dispatch"] == "Follow-up 1"]
        assert words == [("Delivered", False), ("Hand-over rejected", True), ("Hand-over rejected", True)]

    def test_masked_unless_permitted(self, campaign):
        assert {row["Number"][3:7] for row in table(campaign, full=False)} == {"****"}
        assert table(campaign, full=True)[0]["Number"] == "13800000001"

    def test_a_page_at_a_time_loses_and_repeats_nobody(self, campaign, monkeypatch):
        whole = table(campaign)
        for page in (1, 2, 5, 12):
            monkeypatch.setattr(export, "PAGE", page)
            assert table(campaign) == whole

    def test_before_the_start_it_is_the_bad_rows_alone(self, make, zhang):
        made = make.campaign()
        preflight.check(made)
        assert table(made) == []
        assert export.size(made) == 0


def big_dispatch(make, people):
    """A laid-out dispatch of so many, without a plan: one statement for each kind of row."""
    campaign = make.campaign(make.people(1))
    dispatch = Dispatch.objects.create(account=campaign.account, version=campaign.version, title="大", total=people)
    batch = Batch.objects.create(dispatch=dispatch, account=campaign.account, number=1, size=people, state="submitted")
    Delivery.objects.bulk_create(
        (Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=str(13800000000 + n)))
        for n in range(people)
    )
    type(campaign).objects.filter(pk=campaign.pk).update(run_id=dispatch.run_id, dispatch=dispatch)
    campaign.refresh_from_db()
    return campaign


class TestMany:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_memory_stays_flat(self, make, zhang, monkeypatch, kind):
        monkeypatch.setattr(export, "PAGE", 200)
        client = Client()
        client.force_login(zhang)
        peaks = []
        for people in (400, 400, 4_000):
            address = reverse("admin:campaigns_campaign_export", args=[big_dispatch(make, people).pk, kind])
            tracemalloc.start()
            size = sum(map(len, client.get(address).streaming_content))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert size > 10_000
        assert peaks[2] < peaks[1] + 300_000

    def test_the_questions_grow_with_the_pages_alone(self, make, monkeypatch):
        monkeypatch.setattr(export, "PAGE", 100)
        counts = []
        for people in (1_000, 2_000):
            campaign = big_dispatch(make, people)
            with CaptureQueriesContext(connection) as asked:
                assert sum(1 for _row in export.rows(campaign, full_numbers=False)) == people
            counts.append(len(asked))
        assert counts[1] - counts[0] == 10
        assert counts[0] <= 14


class TestPages:
    @pytest.fixture
    def client(self, zhang):
        client = Client()
        client.force_login(zhang)
        client.cookies["django_language"] = "en"
        return client

    def take(self, client, campaign, kind):
        return client.get(reverse("admin:campaigns_campaign_export", args=[campaign.pk, kind]))

    def test_csv(self, client, campaign, zhang):
        answer = self.take(client, campaign, "csv")
        lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert len(lines) == 1 + 18
        assert lines[1][0] == "138****0001"
        assert lines[1][7] == "'=EXPIRED"
        assert all(len(line) == len(lines[0]) for line in lines)
        event = AuditEvent.objects.order_by("-id").first()
        assert (event.action, event.actor) == ("recipients.exported", zhang)
        name = event.detail.pop("file")
        assert event.detail == {"full_numbers": False, "rows": 18}
        assert name.startswith(f"campaign-{campaign.pk}-张三-")
        assert name.endswith(".csv")

    def test_xlsx_with_a_cover(self, client, campaign):
        data = b"".join(self.take(client, campaign, "xlsx").streaming_content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        assert book.sheet_names == ["About this file", "Recipients"]
        cover = book.get_sheet_by_index(0).to_python()
        assert cover[0][:2] == ["Campaign", campaign.name]
        assert cover[1][:2] == ["Taken by", "张三"]
        assert [row for row in cover if row[1] == "Not delivered"] == [[campaign.dispatch.title, "Not delivered", "3"]]
        rows = book.get_sheet_by_index(1).to_python()
        assert (len(rows), rows[1][0], rows[1][7]) == (19, "138****0001", "'=EXPIRED")

    def test_in_full_for_who_may_see_numbers(self, client, campaign, zhang):
        zhang.user_permissions.add(Permission.objects.get(codename="reveal_phone"))
        text = b"".join(self.take(client, campaign, "csv").streaming_content).decode()
        assert "13800000001" in text
        assert AuditEvent.objects.order_by("-id").first().detail["full_numbers"] is True

    def test_no_other_kind(self, client, campaign):
        assert self.take(client, campaign, "exe").status_code == 404

    def test_the_list_of_exports_is_ones_own_or_all_for_administrators(self, client, campaign, zhang):
        AuditEvent.objects.create(action="report.downloaded", detail={})
        AuditEvent.objects.create(action="campaign.paused", actor=zhang)
        self.take(client, campaign, "csv")
        page = client.get(reverse("admin:campaigns_exportrecord_changelist"))
        assert [row.action for row in page.context["cl"].result_list] == ["recipients.exported"]
        text = page.content.decode()
        assert "masked" in text
        assert ">18<" in text
        chief = get_user_model().objects.create_user("管", is_staff=True)
        chief.groups.add(Group.objects.get(name=roles.ADMINISTRATORS))
        client.force_login(chief)
        page = client.get(reverse("admin:campaigns_exportrecord_changelist"))
        assert len(page.context["cl"].result_list) == 2

    def test_people_with_the_reason_and_the_vendors_word(self, client, campaign):
        page = client.get(reverse("admin:campaigns_campaign_people", args=[campaign.pk, "failed"])).content.decode()
        assert page.count("=EXPIRED") == 3
        page = client.get(reverse("admin:campaigns_campaign_people", args=[campaign.pk, "read"])).content.decode()
        assert "138****0006" in page
