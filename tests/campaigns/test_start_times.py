"""A start time that has passed means nothing by itself: whether it starts at once is asked wherever it matters."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight, roles
from campaigns.approvals import campaign_approvals, decide
from campaigns.lifecycle import steps
from campaigns.models import AuditEvent, Campaign
from campaigns.states import ApprovalState, CampaignState
from kit import whole_numbers
from messaging.models import Dispatch, SendingPolicy
from messaging.states import DispatchState
from tests.database import on_the_hosts_clock
from tests.markup import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    roles.ensure()

    def one(name):
        user = get_user_model().objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
        return user

    return one("张三"), one("李四")


@pytest.fixture
def manager(client, people):
    client.force_login(people[0])
    client.cookies["django_language"] = "en"
    return client


def url(page, *args):
    return reverse(f"admin:campaigns_{page}", args=args)


def let_it_pass(campaign):
    """Its start time was a minute ago, however far away it was when it was checked."""
    Campaign.objects.filter(pk=campaign.pk).update(start_at=timezone.now() - timedelta(minutes=1))
    campaign.refresh_from_db()


@pytest.fixture
def late(make, people):
    campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1), created_by=people[0])
    preflight.check(campaign)
    let_it_pass(campaign)
    return campaign


def fields_of(make, **changes):
    account, version = make.account(), make.version()
    make.approve(version, account)
    return {
        "name": "双十二",
        "version": version.pk,
        "audience": make.audience(make.people(3)).pk,
        "account": account.pk,
        "signature": make.signature().pk,
        "cap_days": "7",
        "skip_same_days": "0",
        **changes,
    }


class TestForm:
    def test_a_past_time_is_refused_with_a_choice(self, manager, make):
        values = fields_of(make, start_at="2025-12-01T10:00")
        answer = manager.post(url("campaign_add"), values)
        assert list(answer.context["form"].errors) == ["start_at"]
        assert "1 Dec 2025 10:00" in answer.context["form"].errors["start_at"][0]
        assert "at_once" in read(answer).inputs
        assert not Campaign.objects.exists()
        manager.post(url("campaign_add"), {**values, "at_once": "on"})
        assert Campaign.objects.get().start_at is None

    def test_the_choice_is_not_shown_while_nothing_has_passed(self, manager, make):
        assert "at_once" not in read(manager.get(url("campaign_add"))).inputs

    def test_a_future_time_is_kept(self, manager, make):
        at = timezone.localtime(timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
        manager.post(url("campaign_add"), fields_of(make, start_at=at.strftime("%Y-%m-%dT%H:%M")))
        assert Campaign.objects.get().start_at == at


class TestCheck:
    def test_the_report_says_that_it_has_passed(self, make):
        campaign = make.campaign(start_at=timezone.now() - timedelta(days=3))
        preflight.check(campaign)
        found = [one for one in campaign.report.obstacles if one.key == "start_past"]
        assert [one.blocks for one in found] == [False]

    @pytest.mark.parametrize(
        ("hours", "words"),
        [(None, "as soon as it is confirmed"), (5, ":"), (-5, "has passed: whether it starts at once")],
    )
    def test_start_and_window_always_have_a_line(self, manager, make, hours, words):
        start = None if hours is None else timezone.now() + timedelta(hours=hours)
        campaign = make.campaign(start_at=start)
        preflight.check(campaign)
        page = manager.get(url("campaign_check", campaign.pk))
        assert words in page.context["start_words"]
        assert page.context["window_words"] == "at any hour, day and night"
        assert "at any hour, day and night" in page.content.decode()


class TestConfirm:
    def test_the_service_refuses_what_was_not_said(self, late, people):
        with pytest.raises(steps.StartPassed):
            steps.confirm_and_start(late, "", people[0])
        late.refresh_from_db()
        assert (late.state, Dispatch.objects.count()) == (CampaignState.CHECKED, 0)

    def test_said_it_starts_and_the_trail_has_the_time_that_was_planned(self, late, people):
        steps.confirm_and_start(late, "", people[0], at_once=True)
        assert late.state == CampaignState.RUNNING
        detail = AuditEvent.objects.get(action="campaign.confirmed").detail
        assert detail["at_once_instead_of"] == late.start_at.isoformat()

    def test_a_time_to_come_still_waits(self, make, people):
        campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1))
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", people[0], at_once=True)
        assert Dispatch.objects.get().state == DispatchState.READY

    def test_the_page_asks(self, manager, late):
        page = manager.get(url("campaign_confirm", late.pk))
        inputs = read(page).inputs
        assert "at_once" in inputs
        data = {"token": inputs["token"]["value"]}
        answer = manager.post(url("campaign_confirm", late.pk), data)
        assert list(answer.context["form"].errors) == ["at_once"]
        assert not Dispatch.objects.exists()
        token = read(answer).inputs["token"]["value"]
        answer = manager.post(url("campaign_confirm", late.pk), {"token": token, "at_once": "on"})
        assert answer.url == url("campaign_progress", late.pk)
        assert Dispatch.objects.get().state == DispatchState.RUNNING

    def test_it_passes_while_the_page_is_open(self, manager, make):
        campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1))
        preflight.check(campaign)
        inputs = read(manager.get(url("campaign_confirm", campaign.pk))).inputs
        assert "at_once" not in inputs
        let_it_pass(campaign)
        answer = manager.post(url("campaign_confirm", campaign.pk), {"token": inputs["token"]["value"]})
        assert list(answer.context["form"].errors) == ["at_once"]
        assert not Dispatch.objects.exists()

    def test_nothing_is_asked_of_one_that_starts_when_confirmed(self, manager, make):
        campaign = make.campaign()
        preflight.check(campaign)
        inputs = read(manager.get(url("campaign_confirm", campaign.pk))).inputs
        assert not {"at_once", "typed"} & set(inputs)


class TestApproval:
    @pytest.fixture(autouse=True)
    def one_clock(self):
        with on_the_hosts_clock():
            yield

    @pytest.fixture
    def asked(self, make, people):
        SendingPolicy(approve_people=3, approve_first_use=False, approve_outside_hours=False).save()
        campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1), created_by=people[0])
        preflight.check(campaign)
        return campaign, campaign_approvals.ask(campaign, people[0])

    def pass_by(self, monkeypatch):
        """Two hours later; the rows stay as they are, since an approval is of them."""
        later = timezone.now() + timedelta(hours=2)
        monkeypatch.setattr(timezone, "now", lambda: later)

    def test_granted_too_late_only_if_said(self, asked, people, monkeypatch):
        campaign, approval = asked
        self.pass_by(monkeypatch)
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, people[1])
        approval.refresh_from_db()
        assert approval.state == ApprovalState.PENDING
        decide.grant(approval, people[1], at_once=True)
        campaign.refresh_from_db()
        with pytest.raises(steps.StartPassed):
            steps.confirm_and_start(campaign, "", people[0])
        steps.confirm_and_start(campaign, "", people[0], at_once=True)
        assert campaign.state == CampaignState.RUNNING

    def test_refusing_asks_nothing(self, asked, people, monkeypatch):
        _campaign, approval = asked
        self.pass_by(monkeypatch)
        decide.refuse(approval, people[1], "改时间")
        approval.refresh_from_db()
        assert approval.state == ApprovalState.REFUSED

    def test_the_page_of_the_approval_asks(self, asked, people, client, monkeypatch):
        _campaign, approval = asked
        client.force_login(people[1])
        page = url("approval_change", approval.pk)
        assert "at_once" not in read(client.get(page)).inputs
        self.pass_by(monkeypatch)
        assert "at_once" in read(client.get(page)).inputs
        client.post(page, {"decision": "grant"})
        approval.refresh_from_db()
        assert approval.state == ApprovalState.PENDING
        client.post(page, {"decision": "grant", "at_once": "on"})
        approval.refresh_from_db()
        assert approval.state == ApprovalState.GRANTED


class TestHours:
    def test_the_reason_says_when_it_may_go_out(self, make):
        SendingPolicy(approve_people=None, approve_cost=None, approve_first_use=False).save()
        campaign = make.campaign(purpose="notice")
        preflight.check(campaign)
        (because,) = campaign_approvals.missing(campaign)
        assert because == "通知超出 08:00–22:00：可能在全天任何时间发出"

    def test_a_new_notice_campaign_begins_with_the_hours_of_notices(self, manager, make):
        account, version = make.account(), make.version(purpose="notice")
        make.approve(version, account)
        values = fields_of(make, version=version.pk, account=account.pk)
        manager.post(url("campaign_add"), {**values, "window_from": "09:00", "window_until": "20:30"})
        campaign = Campaign.objects.get()
        assert (f"{campaign.window_from:%H:%M}", f"{campaign.window_until:%H:%M}") == ("08:00", "22:00")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("60000", 60000),
        ("60,000", 60000),
        ("６０，０００", 60000),
        (" ６０ ０００ ", 60000),
        ("", None),
        ("6e4", None),
        ("-5", None),
        ("60.0", None),
        ("٦٠", None),
        ("六万", None),
        ("9" * 30, None),
    ],
)
def test_numbers_as_people_type_them(typed, number):
    assert whole_numbers.whole(typed) == number
