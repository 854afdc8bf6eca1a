"""Two people: who asks does not decide, and a word holds only for what it was given on."""

import re
from datetime import time
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from campaigns import preflight, roles
from campaigns.approvals import campaign_approvals, decide
from campaigns.lifecycle import edit, steps
from campaigns.lifecycle.forms import CampaignForm
from campaigns.models import Approval, AuditEvent, Campaign
from campaigns.reports.verify import failed, verify
from campaigns.states import ApprovalState, CampaignState
from messaging.models import Dispatch, SendingPolicy, Suppression
from messaging.sending import dispatches
from tests.forms import saved

pytestmark = pytest.mark.django_db

NONE = {"approve_people": None, "approve_cost": None, "approve_first_use": False, "approve_outside_hours": False}


def rules(**values):
    made = SendingPolicy(**{**NONE, **values})
    made.save()
    return made


def person(name, role=roles.CAMPAIGNS):
    user = get_user_model().objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def zhang(db):
    roles.ensure()
    return person("张三")


@pytest.fixture
def li(zhang):
    return person("李四")


@pytest.fixture
def checked(make, zhang):
    campaign = make.campaign(make.people(7), created_by=zhang)
    preflight.check(campaign)
    return campaign


class TestWhenNeeded:
    def keys(self, campaign):
        return [found.key for found in campaign_approvals.reasons(campaign)]

    def test_without_limits_never(self, checked):
        rules()
        assert self.keys(checked) == []

    @pytest.mark.parametrize(("limit", "found"), [(7, []), (6, ["people"])])
    def test_people(self, checked, limit, found):
        rules(approve_people=limit)
        assert self.keys(checked) == found

    @pytest.mark.parametrize(("limit", "found"), [("0.70", []), ("0.69", ["cost"])])
    def test_cost(self, make, limit, found):
        campaign = make.campaign(make.people(7), account=make.account(prices={"rcs": "0.10"}))
        preflight.check(campaign)
        rules(approve_cost=Decimal(limit))
        assert self.keys(campaign) == found

    def test_first_use_ends_with_the_first_real_round_of_the_version(self, make, checked, zhang):
        rules(approve_first_use=True)
        assert self.keys(checked) == ["first_use"]
        Dispatch.objects.create(
            kind="test", version=checked.version, account=checked.account, started_at="2026-01-01T00:00Z"
        )
        assert self.keys(checked) == ["first_use"]
        rules()
        steps.confirm_and_start(checked, "", zhang)
        rules(approve_first_use=True)
        again = make.campaign(version=checked.version, account=checked.account)
        preflight.check(again)
        assert self.keys(again) == []

    @pytest.mark.parametrize(
        ("opens", "closes", "purpose", "found"),
        [
            (None, None, "marketing", ["outside_hours"]),
            (time(9), time(20, 30), "marketing", []),
            (time(8, 59), time(20), "marketing", ["outside_hours"]),
            (time(10), time(20, 31), "marketing", ["outside_hours"]),
            (None, None, "notice", ["outside_hours"]),
            (time(8), time(22), "notice", []),
            (time(7, 59), time(22), "notice", ["outside_hours"]),
            (time(21), time(22, 1), "notice", ["outside_hours"]),
        ],
    )
    def test_outside_hours(self, make, opens, closes, purpose, found):
        rules(approve_outside_hours=True)
        campaign = make.campaign(purpose=purpose, window_from=opens, window_until=closes)
        preflight.check(campaign)
        assert self.keys(campaign) == found

    def test_a_fresh_house_asks_for_a_new_template_and_open_windows(self):
        fresh = SendingPolicy(pk=1)
        assert (fresh.approve_people, fresh.approve_cost) == (20_000, Decimal(2000))
        assert fresh.approve_first_use
        assert fresh.approve_outside_hours


class TestTwoPeople:
    @pytest.fixture(autouse=True)
    def limit(self, db):
        rules(approve_people=6)

    def test_from_asking_to_the_start(self, checked, zhang, li):
        with pytest.raises(steps.CannotStart, match="6"):
            steps.confirm_and_start(checked, "", zhang)
        assert not Dispatch.objects.exists()
        approval = campaign_approvals.ask(checked, zhang)
        assert (checked.state, approval.state) == (CampaignState.AWAITING, ApprovalState.PENDING)
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(checked, "", zhang)
        decide.grant(approval, li, "看过")
        checked.refresh_from_db()
        assert (checked.state, approval.state, approval.decided_by) == (
            CampaignState.CHECKED,
            ApprovalState.GRANTED,
            li,
        )
        steps.confirm_and_start(checked, "", zhang)
        assert checked.state == CampaignState.RUNNING
        assert list(failed(verify(checked))) == []
        words = list(AuditEvent.objects.order_by("id").values_list("action", "actor__username"))
        assert words[:3] == [
            ("approval.asked", "张三"),
            ("campaign.approved", "李四"),
            ("campaign.confirmed", "张三"),
        ]
        assert AuditEvent.objects.get(action="campaign.approved").detail == {
            "approval": approval.pk,
            "people": 7,
            "cost": None,
            "reason": "看过",
        }

    def test_nobody_decides_on_their_own(self, checked, zhang, li):
        approval = campaign_approvals.ask(checked, li)
        for own in (zhang, li):  # made it; asked for it
            with pytest.raises(decide.CannotDecide):
                decide.grant(approval, own)
        wang = person("王五")
        checked.editors.add(wang)
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, wang)
        approval.refresh_from_db()
        assert approval.state == ApprovalState.PENDING

    def test_sent_back_needs_a_reason_and_can_be_asked_again(self, checked, zhang, li):
        approval = campaign_approvals.ask(checked, zhang)
        with pytest.raises(decide.CannotDecide):
            decide.refuse(approval, li, "  ")
        decide.refuse(approval, li, "标题有错字")
        checked.refresh_from_db()
        assert (checked.state, checked.state_note) == (CampaignState.CHECKED, "sent_back")
        assert approval.reason == "标题有错字"
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(checked, "", zhang)
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        checked.refresh_from_db()
        steps.confirm_and_start(checked, "", zhang)
        assert checked.approvals.count() == 2

    def test_the_second_decision_is_told_of_the_first(self, checked, zhang, li):
        approval = campaign_approvals.ask(checked, zhang)
        same = Approval.objects.get(pk=approval.pk)
        decide.grant(approval, li)
        with pytest.raises(decide.CannotDecide, match="李四"):
            decide.refuse(same, person("王五"), "晚了")
        approval.refresh_from_db()
        assert approval.state == ApprovalState.GRANTED

    CHANGES = {
        "window": {"window_from": time(9), "window_until": time(20)},
        "consent": {"needs_consent": False},
        "canary": {"canary_people": 2},
        "limit": {"stop_failed": Decimal(50)},
        "cap": {"cap_count": 3},
        "options": {"options": {"x": 1}},
        "pace": {"per_second": Decimal(2)},
    }

    @pytest.mark.parametrize("change", list(CHANGES))
    def test_any_change_voids_it(self, checked, zhang, li, change):
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        Campaign.objects.filter(pk=checked.pk).update(**self.CHANGES[change])
        checked.refresh_from_db()
        assert campaign_approvals.granted(checked) is None
        preflight.check(checked)
        assert Approval.objects.get().state == ApprovalState.VOID
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(checked, "", zhang)
        assert not Dispatch.objects.exists()

    def test_a_person_more_voids_it(self, checked, make, zhang, li):
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        make.audience(make.people(1, first=13900000001), audience=checked.audience)
        preflight.check(checked)
        assert checked.report.to_send == 8
        assert campaign_approvals.granted(checked) is None

    def test_a_check_that_finds_the_same_keeps_it(self, checked, zhang, li):
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        preflight.check(checked)
        steps.confirm_and_start(checked, "", zhang)
        assert checked.state == CampaignState.RUNNING

    def test_who_opts_out_after_the_approval_is_left_out(self, checked, zhang, li):
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        Suppression.objects.create(phone="13800000001", scope="all", source="hand")
        checked.refresh_from_db()
        steps.confirm_and_start(checked, "", zhang)
        assert sum(checked.dispatch.batches.values_list("size", flat=True)) == 6
        assert list(failed(verify(checked))) == []

    def test_a_content_changed_behind_the_request_is_not_approved(self, checked, zhang, li):
        approval = campaign_approvals.ask(checked, zhang)
        version = checked.version
        type(version).objects.filter(pk=version.pk).update(content={**version.content, "text": "别的"})
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, li)
        approval.refresh_from_db()
        checked.refresh_from_db()
        assert (approval.state, checked.state) == (ApprovalState.VOID, CampaignState.CHECKED)

    def test_the_version_is_frozen_by_asking(self, checked, zhang):
        campaign_approvals.ask(checked, zhang)
        checked.version.refresh_from_db()
        assert checked.version.frozen_at is not None

    def test_nothing_changes_while_it_waits_and_it_can_be_withdrawn(self, checked, zhang, li):
        approval = campaign_approvals.ask(checked, zhang)
        with pytest.raises(preflight.NotNow):
            preflight.check(checked)
        assert campaign_approvals.withdraw(checked, zhang)
        assert not campaign_approvals.withdraw(checked, zhang)
        approval.refresh_from_db()
        assert (checked.state, approval.state) == (CampaignState.CHECKED, ApprovalState.VOID)
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, li)

    def test_saving_the_form_voids_it(self, checked, zhang, li):
        decide.grant(campaign_approvals.ask(checked, zhang), li)
        checked.refresh_from_db()
        names = CampaignForm.Meta.fields
        data = {name: getattr(checked, f"{name}_id", getattr(checked, name)) for name in names}
        data = {name: value for name, value in data.items() if value is not None and value is not False} | {
            "cap_count": 2
        }
        data["_loaded"] = CampaignForm(instance=checked).loaded
        form = CampaignForm(data, instance=checked)
        assert form.is_valid(), form.errors
        edit.save(form, zhang)
        assert Approval.objects.get().state == ApprovalState.VOID

    def test_the_questions_do_not_grow_with_the_people(self, make):
        small, big = make.campaign(make.people(7)), make.campaign(make.people(14, first=13700000001))
        counts = []
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        for campaign in (small, big):
            preflight.check(campaign)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                campaign_approvals.missing(campaign)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 4


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


class TestPages:
    @pytest.fixture(autouse=True)
    def limit(self, db):
        rules(approve_people=6)

    def url(self, name, *args):
        return reverse(f"admin:campaigns_{name}", args=args)

    def test_the_whole_way_by_hand(self, checked, zhang, li):
        asker, decider = signed_in(zhang), signed_in(li)
        page = asker.get(self.url("campaign_check", checked.pk)).content.decode()
        assert self.url("campaign_ask", checked.pk) in page
        assert self.url("campaign_confirm", checked.pk) not in page
        asker.post(self.url("campaign_ask", checked.pk))
        approval = Approval.objects.get()
        address = self.url("approval_change", approval.pk)
        assert 'name="decision"' not in asker.get(address).content.decode()
        page = decider.get(address).content.decode()
        assert 'value="grant"' in page
        assert not re.search(r"\sstyle=|\son\w+=", page)
        assert self.url("approval_changelist") in decider.get(reverse("admin:index")).content.decode()
        assert address in decider.get(reverse("admin:index")).content.decode()
        assert address not in asker.get(reverse("admin:index")).content.decode()
        asker.post(address, {"decision": "grant"})
        approval.refresh_from_db()
        assert approval.state == ApprovalState.PENDING
        decider.post(address, {"decision": "refuse"})
        approval.refresh_from_db()
        assert approval.state == ApprovalState.PENDING
        decider.post(address, {"decision": "grant"})
        approval.refresh_from_db()
        assert (approval.state, approval.decided_by) == (ApprovalState.GRANTED, li)
        page = asker.get(self.url("campaign_confirm", checked.pk)).content.decode()
        assert "李四" in page
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        asker.post(self.url("campaign_confirm", checked.pk), {"token": token})
        checked.refresh_from_db()
        assert checked.state == CampaignState.RUNNING
        assert asker.get(self.url("approval_changelist")).status_code == 200

    def test_the_confirm_page_has_no_button_without_it(self, checked, zhang):
        client = signed_in(zhang)
        page = client.get(self.url("campaign_confirm", checked.pk)).content.decode()
        assert 'type="submit" class="primary"' not in page
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        client.post(self.url("campaign_confirm", checked.pk), {"token": token})
        assert not Dispatch.objects.exists()

    @pytest.mark.parametrize(
        ("role", "list_status", "post_status"),
        [
            (roles.MARKETING, 403, 403),
            (roles.SUPPORT, 403, 403),
            (roles.ADMINISTRATORS, 200, 403),
            (roles.CAMPAIGNS, 200, 302),
        ],
    )
    def test_roles(self, checked, zhang, role, list_status, post_status):
        approval = campaign_approvals.ask(checked, zhang)
        client = signed_in(person("某人", role))
        assert client.get(self.url("approval_changelist")).status_code == list_status
        assert client.get(self.url("approval_change", approval.pk)).status_code == list_status
        answer = client.post(self.url("approval_change", approval.pk), {"decision": "grant"})
        assert answer.status_code == post_status
        approval.refresh_from_db()
        assert (approval.state == ApprovalState.GRANTED) is (post_status == 302)
        for name in ("campaign_ask", "campaign_withdraw"):
            assert client.post(self.url(name, checked.pk)).status_code == (302 if role == roles.CAMPAIGNS else 403)


class TestRulesPage:
    URL = "admin:messaging_sendingpolicy_changelist"
    VALUES = {
        "approve_people": "300",
        "approve_cost": "",
        "marketing_from": "09:00",
        "marketing_until": "21:00",
        "notice_from": "",
        "notice_until": "",
        "holidays": "2027-01-01\n2026-12-31，2027-01-01",
        "canary_percent": "1",
        "canary_minutes": "20",
        "stop_failed": "10",
        "stop_unknown": "5",
        "stop_opted_out": "1",
        "stop_results": "500",
        "type_above": "500",
        "same_content_days": "7",
        "notice_same_content_days": "1",
        "cap_days": "1",
        "notice_cap_days": "1",
    }

    @pytest.mark.parametrize(
        ("role", "look", "change"),
        [
            (roles.ADMINISTRATORS, 200, 302),
            (roles.CAMPAIGNS, 200, 403),
            (roles.MARKETING, 403, 403),
            (roles.SUPPORT, 403, 403),
        ],
    )
    def test_roles(self, zhang, role, look, change):
        client = signed_in(person("某人", role))
        assert client.get(reverse(self.URL)).status_code == look
        page = (
            saved(client, reverse(self.URL), self.VALUES)
            if look == 200
            else client.post(reverse(self.URL), self.VALUES)
        )
        assert page.status_code == change
        assert SendingPolicy.objects.exists() is (change == 302)

    def test_saved_with_the_trail_and_the_holidays_of_open_rounds(self, checked, zhang):
        rules()
        steps.confirm_and_start(checked, "", zhang)
        ended = Dispatch.objects.create(account=checked.account, state="done", purpose="marketing")
        client = signed_in(person("管", roles.ADMINISTRATORS))
        saved(client, reverse(self.URL), self.VALUES)
        stored = SendingPolicy.objects.get()
        assert (stored.approve_people, stored.approve_cost, stored.approve_first_use) == (300, None, False)
        assert stored.holidays == ["2026-12-31", "2027-01-01"]
        checked.dispatch.refresh_from_db()
        ended.refresh_from_db()
        assert (checked.dispatch.holidays, ended.holidays) == (stored.holidays, [])
        event = AuditEvent.objects.get(action="policy.changed")
        assert event.detail["approve_people"] == 300

    @pytest.mark.parametrize(
        ("name", "value", "where"),
        [
            ("holidays", "元旦", "holidays"),
            ("marketing_until", "08:00", "marketing_until"),
            ("notice_from", "08:00", "notice_until"),
            ("stop_failed", "0", "stop_failed"),
            ("stop_results", "3", "stop_results"),
        ],
    )
    def test_what_does_not_fit(self, zhang, name, value, where):
        client = signed_in(person("管", roles.ADMINISTRATORS))
        answer = saved(client, reverse(self.URL), {**self.VALUES, name: value})
        assert list(answer.context["form"].errors) == [where]
        assert not SendingPolicy.objects.exists()

    def test_a_new_campaign_begins_with_them(self, zhang, make):
        rules(canary_percent=Decimal(1), canary_minutes=20, marketing_until=time(21), stop_failed=Decimal(12))
        form = CampaignForm()
        assert (form["canary_percent"].value(), form["canary_minutes"].value()) == (Decimal(1), 20)
        assert (form["window_until"].value(), form["stop_failed"].value()) == (time(21), Decimal(12))


def test_pausing_is_no_way_around(checked, zhang):
    rules()
    steps.confirm_and_start(checked, "", zhang)
    rules(approve_people=1)
    assert steps.pause(checked, zhang)
    assert steps.resume(checked, zhang)
    assert dispatches.pause(checked.dispatch)
