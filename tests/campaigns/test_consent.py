"""Consent by number: read from the file, planned by, and told in the evidence; a file without it is as before."""

import csv
import io
import zipfile
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns import preflight, roles
from campaigns.audiences import imports
from campaigns.audiences.imports.consents import parsed
from campaigns.lifecycle import steps
from campaigns.models import Audience, AudienceImport, AudienceMember
from campaigns.reports import evidence
from campaigns.reports.verify import failed, verify
from tests.campaigns.api.conftest import Caller
from tests.forms import saved

pytestmark = pytest.mark.django_db

FILE = """手机号,姓名,余额,同意日期,同意来源
13800000001,甲,1,2026-05-01,门店
13800000002,乙,2,2026/5/2 10:30,小程序
13800000003,丙,3,,门店
13800000004,丁,4,20260504,
13800000005,戊,5,昨天,门店
13800000006,己,6,2999-01-01,门店
138,庚,7,2026-05-01,门店
13800000001,甲,8,2020-01-01,旧表
"""


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def zhang(db):
    roles.ensure()
    user = get_user_model().objects.create_user("张三", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
    return user


def taken_in(text=FILE, audience=None, mapping=None, confirm=True):
    audience = audience or Audience.objects.create(name=f"人群{Audience.objects.count()}")
    source = imports.start_import(audience, SimpleUploadedFile("名单.csv", text.encode()), None)
    imports.choose_columns(source, mapping or source.mapping, None)
    source = imports.check_and_store(source.pk)
    if confirm:
        imports.confirm(source, None)
    return source


class TestImport:
    def test_each_number_keeps_its_own(self):
        source = taken_in()
        assert source.mapping == {
            "phone": 0,
            "variables": {"姓名": 1, "余额": 2},
            "consent_on": 3,
            "consent_source": 4,
        }
        rows = AudienceMember.objects.order_by("phone").values_list("phone", "consent_on", "consent_source", "line")
        assert list(rows) == [
            ("13800000001", date(2026, 5, 1), "门店", 2),
            ("13800000002", date(2026, 5, 2), "小程序", 3),
            ("13800000003", None, "门店", 4),
            ("13800000004", date(2026, 5, 4), "", 5),
        ]

    def test_a_date_that_is_none_is_a_problem_row_and_the_sum_closes(self):
        source = taken_in()
        assert (source.rows, source.stored, source.invalid, source.duplicate) == (8, 4, 3, 1)
        bad = source.problems.filter(reason="consent_date").order_by("line")
        assert [(row.line, row.column, row.value) for row in bad] == [
            (6, "同意日期", "昨天"),
            (7, "同意日期", "2999-01-01"),
        ]
        assert all(imports.words(row) for row in source.problems.all())

    def test_a_file_without_such_columns_is_as_before(self):
        taken_in("手机号,姓名\n13800000001,甲\n")
        member = AudienceMember.objects.get()
        assert (member.consent_on, member.consent_source, member.has_own_consent) == (None, None, False)

    def test_columns_may_be_used_as_variables_instead(self):
        taken_in(mapping={"phone": 0, "variables": {"姓名": 1, "同意日期": 3}})
        member = AudienceMember.objects.order_by("phone").first()
        assert (member.variables, member.consent_source) == ({"姓名": "甲", "同意日期": "2026-05-01"}, None)

    def test_many_rows_in_pieces(self, monkeypatch):
        monkeypatch.setattr("campaigns.audiences.imports.job.PIECE", 7)
        lines = [f"{13800000001 + n},客,{n},2026-05-{n % 28 + 1:02},来源{n}" for n in range(40)]
        taken_in("手机号,姓名,余额,同意日期,同意来源\n" + "\n".join(reversed(lines)))
        rows = AudienceMember.objects.order_by("phone")
        assert [(row.consent_on.day, row.consent_source) for row in rows] == [
            (n % 28 + 1, f"来源{n}") for n in range(40)
        ]

    @pytest.mark.parametrize(
        "mapping",
        [
            {"consent_source": 4},
            {"consent_on": 0},
            {"consent_on": 3, "consent_source": 3},
            {"consent_on": 99},
        ],
    )
    def test_columns_that_prove_nothing_are_refused(self, mapping):
        with pytest.raises(imports.ImportRefused):
            taken_in(mapping={"phone": 0, "variables": {}, **mapping})
        assert not AudienceMember.objects.exists()

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("2026-05-01", date(2026, 5, 1)),
            ("2026/5/1", date(2026, 5, 1)),
            ("2026.05.1", date(2026, 5, 1)),
            ("2026年5月1日", date(2026, 5, 1)),
            ("20260501", date(2026, 5, 1)),
            ("2026-05-01T08:00:00+08:00", date(2026, 5, 1)),
            ("2026-05-01 08:00", date(2026, 5, 1)),
            ("2026-13-01", None),
            ("2026-02-30", None),
            ("05/01/2026", None),
            ("26-5-1", None),
            ("2026", None),
            ("１", None),
            ("2026-05-01x", None),
        ],
    )
    def test_dates(self, text, wanted):
        assert parsed(text) == wanted


def checked(make, audience, **values):
    content = {"kind": "text", "text": "您好${姓名}，余额${余额}", "suggestions": []}
    campaign = make.campaign(audience=audience, content=content, **values)
    preflight.check(campaign)
    return campaign


class TestPlanning:
    def test_who_has_no_date_or_no_source_is_left_out(self, make):
        campaign = checked(make, taken_in().audience)
        assert (campaign.report.to_send, campaign.report.excluded) == (
            2,
            {"invalid": 3, "duplicate": 1, "no_consent": 2},
        )
        assert campaign.report.difference == 0
        steps.confirm_and_start(campaign, "", None)
        sent = campaign.dispatch.deliveries.filter(batch__isnull=False).order_by("phone")
        assert [row.phone for row in sent] == ["13800000001", "13800000002"]
        assert list(failed(verify(campaign))) == []

    def test_the_audiences_source_stands_for_one_that_is_not_named(self, make):
        audience = Audience.objects.create(name="a", consent_source="会员章程", consent_on=date(2026, 1, 1))
        taken_in(audience=audience)
        audience.refresh_from_db()
        campaign = checked(make, audience)
        # The empty date stays no consent, whatever the audience says.
        assert campaign.report.to_send == 3
        assert campaign.report.excluded["no_consent"] == 1

    def test_not_asked_where_the_campaign_needs_none(self, make):
        assert checked(make, taken_in().audience, needs_consent=False).report.to_send == 4

    @pytest.mark.parametrize(("source", "wanted"), [("会员章程", 4), ("", 2)])
    def test_files_with_and_without_in_one_audience(self, make, source, wanted):
        audience = Audience.objects.create(
            name="a", consent_source=source, consent_on=date(2026, 1, 1) if source else None
        )
        taken_in(audience=audience)
        taken_in("手机号,姓名,余额\n13900000001,甲,1\n", audience=audience)
        audience.refresh_from_db()
        assert checked(make, audience).report.to_send == wanted


class TestStillToCome:
    """A consent of a later day is none, however it was stored."""

    def test_the_audiences_own(self, make):
        tomorrow = timezone.localdate() + timedelta(days=1)
        audience = make.audience(make.people(3))
        for day, to_send in ((tomorrow, 0), (timezone.localdate(), 3)):
            Audience.objects.update(consent_on=day)
            audience.refresh_from_db()
            report = checked(make, audience).report
            assert (report.to_send, report.excluded.get("no_consent", 0)) == (to_send, 3 - to_send)

    def test_of_one_number(self, make):
        source = taken_in()
        first = AudienceMember.objects.filter(phone="13800000001")
        first.update(consent_on=timezone.localdate() + timedelta(days=1))
        campaign = checked(make, source.audience)
        assert (campaign.report.to_send, campaign.report.excluded["no_consent"]) == (1, 3)
        first.update(consent_on=timezone.localdate())
        assert checked(make, source.audience).report.to_send == 2

    def test_it_counts_from_its_day_on(self, make):
        audience = make.audience(make.people(2))
        Audience.objects.update(consent_on=timezone.localdate() + timedelta(days=1))
        audience.refresh_from_db()
        campaign = checked(make, audience)
        assert preflight.make_report(campaign, timezone.now()).to_send == 0
        assert preflight.make_report(campaign, timezone.now() + timedelta(days=1)).to_send == 2

    @pytest.mark.parametrize("late", [True, False])
    def test_the_form_refuses_it(self, zhang, late):
        client = Client()
        client.force_login(zhang)
        day = timezone.localdate() + timedelta(days=1 if late else 0)
        fields = {"name": "会员", "consent_source": "门店", "consent_on": day.isoformat()}
        file = SimpleUploadedFile("名单.csv", b"phone\n13800000001\n")
        answer = client.post(reverse("admin:campaigns_audience_add"), {**fields, "file": file})
        assert Audience.objects.exists() is not late
        if late:
            assert list(answer.context["form"].errors) == ["consent_on"]
            return
        audience = Audience.objects.get()
        later = {**fields, "consent_on": (day + timedelta(days=1)).isoformat()}
        answer = saved(client, reverse("admin:campaigns_audience_change", args=[audience.pk]), later)
        assert list(answer.context["adminform"].form.errors) == ["consent_on"]

    def test_so_does_the_api(self):
        system = Caller("audiences")
        day = (timezone.localdate() + timedelta(days=1)).isoformat()
        file = SimpleUploadedFile("名单.csv", b"phone\n13800000001\n")
        answer = system.upload(name="会员", file=file, consent_source="门店", consent_on=day)
        assert (answer.status_code, answer.json()["error"]["path"]) == (400, "consent_on")
        assert not Audience.objects.exists()

    def test_the_list_calls_it_not_proven(self, zhang):
        client = Client()
        client.force_login(zhang)
        address = reverse("admin:campaigns_audience_changelist")
        Audience.objects.create(name="a", consent_source="门店", consent_on=timezone.localdate())
        assert "没有同意记录" not in client.get(address).content.decode()
        Audience.objects.update(consent_on=timezone.localdate() + timedelta(days=1))
        assert "没有同意记录" in client.get(address).content.decode()


class TestEvidence:
    def test_the_pack_names_the_numbers_own(self):
        audience = Audience.objects.create(name="a", consent_source="会员章程", consent_on=date(2026, 1, 1))
        taken_in(audience=audience)
        with translation.override("en"):
            found = {}
            for phone in ("13800000001", "13800000003", "13800000004"):
                pack = zipfile.ZipFile(io.BytesIO(evidence.pack(phone, asked_by="张三", why="查")))
                body = pack.read("1-consent.csv").decode("utf-8-sig")
                (row,) = csv.DictReader(io.StringIO(body))
                found[phone] = (row["Source of consent"], row["Date of consent"], row["Consent recorded for"])
        assert found == {
            "13800000001": ("门店", "2026-05-01", "this number"),
            "13800000003": ("", "", "this number"),
            "13800000004": ("会员章程", "2026-05-04", "this number"),
        }

    def test_of_a_file_without_it_the_audiences(self):
        audience = Audience.objects.create(name="a", consent_source="会员章程", consent_on=date(2026, 1, 1))
        taken_in("手机号\n13900000001\n", audience=audience)
        (member,) = evidence.consents("13900000001")
        assert member.consent == ("会员章程", date(2026, 1, 1))


class TestPage:
    def test_chosen_by_hand(self, zhang):
        client = Client()
        client.force_login(zhang)
        audience = Audience.objects.create(name="a")
        source = imports.start_import(audience, SimpleUploadedFile("名单.csv", FILE.encode()), zhang)
        address = reverse("admin:campaigns_audience_file", args=[source.pk])
        page = " ".join(client.get(address).content.decode().split())
        assert '<option value="3" selected>同意日期</option>' in page
        assert '<option value="4" selected>同意来源</option>' in page
        client.post(address, {"phone": "0", "use_1": "1", "consent_on": "3", "consent_source": ""})
        source.refresh_from_db()
        assert source.mapping == {"phone": 0, "variables": {"姓名": 1}, "consent_on": 3}
        imports.check_and_store(source.pk)
        page = client.get(address).content.decode()
        assert "2999-01-01" in page

    def test_without_it(self, zhang):
        client = Client()
        client.force_login(zhang)
        source = imports.start_import(
            Audience.objects.create(name="a"), SimpleUploadedFile("名单.csv", FILE.encode()), zhang
        )
        client.post(reverse("admin:campaigns_audience_file", args=[source.pk]), {"phone": "0", "consent_on": ""})
        source.refresh_from_db()
        assert source.mapping == {"phone": 0, "variables": {}}


def test_the_day_of_today_is_no_future(settings):
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    source = taken_in(f"手机号,同意日期\n13800000001,{today}\n13800000002,{tomorrow}\n", confirm=False)
    assert (source.stored, source.invalid) == (1, 1)
    assert AudienceImport.objects.get().state == "ready"


def test_a_file_that_is_not_confirmed_proves_nothing(zhang):
    source = taken_in(confirm=False)
    client = Client()
    client.force_login(zhang)
    assert evidence.consents("13800000001") == []
    page = client.get(reverse("admin:consent_records"))
    assert page.status_code == 200
    assert source.sha256[:12] not in page.content.decode()
    imports.confirm(source, zhang)
    assert [member.line for member in evidence.consents("13800000001")] == [2]
    assert source.sha256[:12] in client.get(reverse("admin:consent_records")).content.decode()
