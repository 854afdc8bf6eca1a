"""The pages: the whole job by hand, who may not, and forms that start nothing twice."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight, roles
from campaigns.audiences import imports
from campaigns.lifecycle import steps
from campaigns.models import Audience, AudienceImport, Campaign
from campaigns.states import CampaignState, ImportState
from messaging.models import Delivery, Dispatch, SendingPolicy, Suppression
from tests.forms import saved

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def login(client, db):
    def as_role(role, name="某人"):
        roles.ensure()
        user = get_user_model().objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return as_role


@pytest.fixture
def manager(login):
    return login(roles.CAMPAIGNS, "王经理")


def look(client, name, *args, status=200):
    answer = client.get(reverse(f"admin:campaigns_{name}", args=args))
    assert answer.status_code == status
    if status == 200:
        text = answer.content.decode()
        assert not INLINE.search(text), INLINE.search(text)
        return text
    return answer


def post(client, page, *args, **data):
    return client.post(reverse(f"admin:campaigns_{page}", args=args), data)


def token_in(text):
    return re.search(r'name="token" value="([^"]+)"', text)[1]


@pytest.fixture
def checked(make):
    campaign = make.campaign()
    preflight.check(campaign)
    return campaign


class TestImportPages:
    def upload(self, client, data, **values):
        fields = {"name": "会员日", "consent_source": "门店", "consent_on": "2026-11-01", **values}
        file = SimpleUploadedFile("名单.csv", data.encode())
        return client.post(reverse("admin:campaigns_audience_add"), {**fields, "file": file})

    def test_from_the_upload_to_the_confirmation(self, manager, run_queue):
        assert "enctype" in look(manager, "audience_add")
        answer = self.upload(manager, "手机号,姓名,备注\n13800000001,张三,x\n123,李四,y\n")
        source = AudienceImport.objects.get()
        assert answer.url == reverse("admin:campaigns_audience_file", args=[source.pk])
        text = look(manager, "audience_file", source.pk)
        assert "13800000001" not in text
        assert "${姓名}" in text
        post(manager, "audience_file", source.pk, phone="0", use_1="1")
        source.refresh_from_db()
        assert (source.state, source.mapping) == (ImportState.CHECKING, {"phone": 0, "variables": {"姓名": 1}})
        moving = manager.get(reverse("admin:campaigns_audience_file_state", args=[source.pk])).json()
        assert (moving["final"], moving["reload"]) == (False, False)
        look(manager, "audience_file", source.pk)
        assert run_queue() >= 1
        assert manager.get(reverse("admin:campaigns_audience_file_state", args=[source.pk])).json()["reload"]
        look(manager, "audience_file", source.pk)
        problems = manager.get(reverse("admin:campaigns_audience_file_problems", args=[source.pk]))
        assert b"".join(problems.streaming_content).decode("utf-8-sig").splitlines()[1].startswith("3,手机号,123")
        post(manager, "audience_file_confirm", source.pk)
        audience = Audience.objects.get()
        assert (audience.size, audience.columns, audience.consent_source) == (1, ["姓名"], "门店")
        look(manager, "audience_change", audience.pk)
        look(manager, "audience_changelist")
        look(manager, "audience_file", source.pk)

    def test_a_refused_file_stands_beside_the_field_and_leaves_nothing(self, manager):
        answer = self.upload(manager, "姓名\n张三\n")
        assert answer.status_code == 200
        assert "姓名" in answer.context["form"].errors["file"][0]
        assert not Audience.objects.exists()

    def test_consent_needs_its_date(self, manager):
        answer = self.upload(manager, "手机号\n13800000001\n", consent_on="")
        assert list(answer.context["form"].errors) == ["consent_on"]

    def test_a_failed_file_says_why(self, manager, make):
        audience = make.audience([])
        source = AudienceImport.objects.create(
            audience=audience,
            file_name="a.csv",
            sha256="1",
            header=["手机号"],
            state=ImportState.FAILED,
            error=imports.ImportRefused("quotes", line=7).dump(),
        )
        assert "7" in look(manager, "audience_file", source.pk)

    def test_a_second_file_and_discarding_it(self, manager, make, run_queue):
        audience = make.audience(make.people(2))
        file = SimpleUploadedFile("b.csv", "手机号\n13900000009\n".encode())
        look(manager, "audience_upload", audience.pk)
        manager.post(reverse("admin:campaigns_audience_upload", args=[audience.pk]), {"file": file})
        source = AudienceImport.objects.exclude(state=ImportState.DONE).get()
        post(manager, "audience_file_discard", source.pk)
        assert not AudienceImport.objects.filter(pk=source.pk).exists()
        assert audience.members.count() == 2

    def test_a_get_changes_nothing(self, manager, make):
        audience = make.audience(make.people(1), state=ImportState.READY)
        source = audience.imports.get()
        manager.get(reverse("admin:campaigns_audience_file_confirm", args=[source.pk]))
        manager.get(reverse("admin:campaigns_audience_file_discard", args=[source.pk]))
        source.refresh_from_db()
        assert source.state == ImportState.READY


class TestCampaignForm:
    def values(self, make, **changes):
        account, version = make.account(), make.version()
        make.approve(version, account)
        return {
            "name": "双十二",
            "version": version.pk,
            "audience": make.audience(make.people(3)).pk,
            "account": account.pk,
            "signature": make.signature().pk,
            "cap_days": 7,
            "skip_same_days": 0,
            "needs_consent": "on",
            **changes,
        }

    def test_saving_checks_at_once(self, manager, make):
        look(manager, "campaign_add")
        answer = post(manager, "campaign_add", **self.values(make, operators=["cmcc", "cucc"]))
        campaign = Campaign.objects.get()
        assert answer.url == reverse("admin:campaigns_campaign_check", args=[campaign.pk])
        assert (campaign.state, campaign.report.to_send) == (CampaignState.CHECKED, 3)
        assert (campaign.operators, campaign.created_by.username) == (["cmcc", "cucc"], "王经理")
        text = look(manager, "campaign_check", campaign.pk)
        assert reverse("admin:campaigns_campaign_confirm", args=[campaign.pk]) in text

    def test_a_change_voids_the_report(self, manager, make, checked):
        look(manager, "campaign_change", checked.pk)
        values = {**self.values(make), "name": "改名", "audience": checked.audience_id, "account": checked.account_id}
        saved(manager, reverse("admin:campaigns_campaign_change", args=[checked.pk]), values)
        old = checked.checked_at
        checked.refresh_from_db()
        assert (checked.name, checked.state) == ("改名", CampaignState.CHECKED)
        assert checked.checked_at > old

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"window_from": "10:00"}, "window_until"),
            ({"window_from": "10:00", "window_until": "09:00"}, "window_until"),
            ({"send_until": "2020-01-01T10:00"}, "send_until"),
            ({"start_at": "2036-01-01T10:00", "send_until": "2036-01-01T09:00"}, "send_until"),
            ({"operators": ["nobody"]}, "operators"),
            ({"name": ""}, "name"),
        ],
    )
    def test_what_does_not_fit_is_said_beside_its_field(self, manager, make, changes, field):
        answer = post(manager, "campaign_add", **self.values(make, **changes))
        assert list(answer.context["form"].errors) == [field]

    def test_a_campaign_that_is_under_way_cannot_be_edited(self, manager, make, checked):
        steps.confirm_and_start(checked, "", None)
        answer = post(manager, "campaign_change", checked.pk, **self.values(make))
        assert answer.url == reverse("admin:campaigns_campaign_progress", args=[checked.pk])
        checked.refresh_from_db()
        assert checked.name != "双十二"

    def test_the_list_behind_each_number(self, manager, checked):
        Suppression.objects.create(phone="13800000001", scope="all", source="hand")
        preflight.check(checked)
        assert "138****0001" in look(manager, "campaign_people", checked.pk, "suppressed")
        text = look(manager, "campaign_people", checked.pk, "to_send")
        assert "138****0001" not in text
        assert "客1" in text
        look(manager, "campaign_people", checked.pk, "nonsense", status=404)
        steps.confirm_and_start(Campaign.objects.get(pk=checked.pk), "", None)
        assert "138****0001" in look(manager, "campaign_people", checked.pk, "suppressed")
        assert "138****0002" in look(manager, "campaign_people", checked.pk, "queued")


class TestSending:
    def test_confirm_once(self, manager, checked):
        text = look(manager, "campaign_confirm", checked.pk)
        token = token_in(text)
        answer = post(manager, "campaign_confirm", checked.pk, token=token)
        assert answer.url == reverse("admin:campaigns_campaign_progress", args=[checked.pk])
        assert Dispatch.objects.count() == 1
        again = post(manager, "campaign_confirm", checked.pk, token=token)
        assert again.url == answer.url
        assert Delivery.objects.count() == 7
        look(manager, "campaign_progress", checked.pk)

    def test_a_form_of_an_older_report_starts_nothing(self, manager, checked):
        token = token_in(look(manager, "campaign_confirm", checked.pk))
        preflight.check(checked)
        post(manager, "campaign_confirm", checked.pk, token=token)
        assert not Dispatch.objects.exists()

    def test_without_a_token_nothing_starts(self, manager, checked):
        post(manager, "campaign_confirm", checked.pk)
        assert not Dispatch.objects.exists()

    def test_the_number_is_asked_above_the_limit(self, manager, checked):
        SendingPolicy(type_above=5, approve_first_use=False, approve_outside_hours=False).save()
        token = token_in(look(manager, "campaign_confirm", checked.pk))
        answer = post(manager, "campaign_confirm", checked.pk, token=token, typed="8")
        assert "typed" in answer.context["form"].errors
        assert not Dispatch.objects.exists()
        post(manager, "campaign_confirm", checked.pk, token=token_in(answer.content.decode()), typed="7")
        assert Dispatch.objects.count() == 1

    def test_the_second_person_sees_who_started(self, manager, client, login, checked):
        token = token_in(look(manager, "campaign_confirm", checked.pk))
        steps.confirm_and_start(Campaign.objects.get(pk=checked.pk), "", get_user_model().objects.create_user("李四"))
        answer = manager.post(
            reverse("admin:campaigns_campaign_confirm", args=[checked.pk]), {"token": token}, follow=True
        )
        assert "李四" in answer.content.decode()
        assert Dispatch.objects.count() == 1

    def test_progress_as_numbers(self, manager, checked):
        steps.confirm_and_start(checked, "", None)
        news = manager.get(reverse("admin:campaigns_campaign_progress_state", args=[checked.pk])).json()
        assert (news["counts"], news["total"], news["closes"], news["final"]) == ({"queued": 7}, 7, True, False)
        assert not INLINE.search(news["html"])

    def test_pause_resume_cancel(self, manager, checked):
        steps.confirm_and_start(checked, "", None)
        for name, state in (("pause", "paused"), ("resume", "running")):
            post(manager, f"campaign_{name}", checked.pk)
            checked.refresh_from_db()
            assert checked.state == state
            look(manager, "campaign_progress", checked.pk)
        token = token_in(look(manager, "campaign_cancel", checked.pk))
        post(manager, "campaign_cancel", checked.pk, token="x")
        checked.refresh_from_db()
        assert checked.state == "running"
        post(manager, "campaign_cancel", checked.pk, token=token)
        checked.refresh_from_db()
        assert checked.state == "cancelled"
        news = manager.get(reverse("admin:campaigns_campaign_progress_state", args=[checked.pk])).json()
        assert (news["counts"], news["final"]) == ({"cancelled": 7}, True)
        look(manager, "campaign_progress", checked.pk)
        look(manager, "campaign_changelist")

    def test_waiting_for_the_check_of_a_big_audience(self, manager, checked):
        Campaign.objects.update(state=CampaignState.CHECKING)
        look(manager, "campaign_check", checked.pk)
        news = manager.get(reverse("admin:campaigns_campaign_check_state", args=[checked.pk])).json()
        assert (news["final"], news["reload"]) == (False, False)

    def test_every_state_has_a_page(self, manager, make):
        for state in CampaignState.values:
            campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1))
            preflight.check(campaign)
            if state not in ("draft", "checking", "checked"):
                steps.confirm_and_start(campaign, "", None)
            Campaign.objects.filter(pk=campaign.pk).update(state=state)
            address = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
            assert manager.get(address, follow=True).status_code == 200


class TestRoles:
    PAGES = {
        "campaign_changelist": {roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS},
        "campaign_add": {roles.CAMPAIGNS},
        "audience_changelist": {roles.MARKETING, roles.CAMPAIGNS, roles.ADMINISTRATORS},
        "audience_add": {roles.CAMPAIGNS},
        "auditevent_changelist": {roles.ADMINISTRATORS},
        "exportrecord_changelist": {roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS},
        "operatorprefix_changelist": {roles.ADMINISTRATORS},
    }
    CAMPAIGN_PAGES = {
        "campaign_check": {roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS},
        "campaign_confirm": {roles.CAMPAIGNS},
        "campaign_export": {roles.CAMPAIGNS},
        "campaign_cancel": {roles.CAMPAIGNS},
    }

    @pytest.mark.parametrize("role", list(roles.PERMISSIONS))
    def test_who_may_open_what(self, login, role, checked):
        client = login(role)
        for name, allowed in self.PAGES.items():
            assert client.get(reverse(f"admin:campaigns_{name}")).status_code == (200 if role in allowed else 403), name
        for name, allowed in self.CAMPAIGN_PAGES.items():
            more = ["csv"] if name == "campaign_export" else []
            answer = client.get(reverse(f"admin:campaigns_{name}", args=[checked.pk, *more]))
            assert (answer.status_code != 403) is (role in allowed), name

    @pytest.mark.parametrize("role", [roles.MARKETING, roles.SUPPORT, roles.ADMINISTRATORS])
    @pytest.mark.parametrize("act", ["check_again", "confirm", "pause", "resume", "cancel"])
    def test_who_may_not_act(self, login, role, act, checked):
        assert post(login(role), f"campaign_{act}", checked.pk).status_code == 403

    def test_the_trail_shows_words(self, login, checked):
        steps.confirm_and_start(checked, "", None)
        text = look(login(roles.ADMINISTRATORS), "auditevent_changelist")
        assert checked.name in text

    def test_the_workbench_shows_what_runs(self, manager, checked):
        steps.confirm_and_start(checked, "", None)
        text = manager.get(reverse("admin:index")).content.decode()
        assert checked.name in text
        assert not INLINE.search(text)
