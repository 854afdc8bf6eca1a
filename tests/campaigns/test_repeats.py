"""The same content to the same people: counted by the check, listed, typed before a start, and counted again in that moment."""

import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight, roles
from campaigns.approvals import campaign_approvals, decide
from campaigns.lifecycle import steps
from campaigns.models import Approval, AuditEvent, Campaign
from campaigns.states import ApprovalState, CampaignState
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy, Suppression
from messaging.states import BatchState, OwnStatus
from tests.campaigns.conftest import CARD, TEXT, Maker
from tests.markup import read

pytestmark = pytest.mark.django_db

FIRST, SECOND, THIRD = "13800000001", "13800000002", "13800000003"
SMS = {"kind": "sms", "text": TEXT["text"]}


def rules(**values):
    given = {"approve_people": None, "approve_cost": None, "approve_first_use": False, "approve_outside_hours": False}
    made = SendingPolicy(**{**given, **values})
    made.save()
    return made


@pytest.fixture(autouse=True)
def a_week(db):
    rules()


@pytest.fixture
def zhang(db):
    roles.ensure()
    user = get_user_model().objects.create_user("张三", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
    return user


@pytest.fixture
def manager(client, zhang):
    client.force_login(zhang)
    client.cookies["django_language"] = "en"
    return client


def sent(version, account, phones=(FIRST,), *, days=1.0, state=BatchState.SUBMITTED, own_status=None, **values):
    """An earlier round of this version to these numbers, so many days ago."""
    at = timezone.now() - timedelta(days=days)
    given = {"title": "早先", "version": version, "account": account, "started_at": at, "state": "running", **values}
    dispatch = Dispatch.objects.create(total=len(phones), **given)
    if state in (BatchState.SUBMITTED, BatchState.REJECTED):
        Dispatch.objects.filter(pk=dispatch.pk).update(state="done", finished_at=at)
    batch = Batch.objects.create(
        dispatch=dispatch,
        account=account,
        number=1,
        size=len(phones),
        state=state,
        claimed_at=None if state == BatchState.QUEUED else at,
        submitted_at=at if state == BatchState.SUBMITTED else None,
    )
    for phone in phones:
        Delivery.objects.create(
            dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone, own_status=own_status
        )
    return dispatch


def again(campaign):
    """(people, campaign -> people) of a new check."""
    found = preflight.check(campaign).again
    return found.people, found.by_campaign


class TestWhatCounts:
    @pytest.mark.parametrize(
        ("days", "state", "own_status", "people"),
        [
            (1, BatchState.SUBMITTED, None, 1),
            (6.9, BatchState.SUBMITTED, None, 1),
            (7.1, BatchState.SUBMITTED, None, 0),
            (1, BatchState.SUBMITTED, OwnStatus.DELIVERED, 1),
            (1, BatchState.SUBMITTED, OwnStatus.FAILED, 1),
            (1, BatchState.SUBMITTED, OwnStatus.SKIPPED, 0),
            (1, BatchState.SUBMITTED, OwnStatus.REJECTED, 0),
            (1, BatchState.SENDING, None, 1),
            (1, BatchState.UNKNOWN, None, 1),
            (30, BatchState.UNKNOWN, None, 0),
            (1, BatchState.QUEUED, None, 1),
            (30, BatchState.QUEUED, None, 1),  # paused for a month, but it may still go out
            (1, BatchState.CLAIMED, None, 1),
            (1, BatchState.REJECTED, None, 0),
            (1, BatchState.CANCELLED, None, 0),
            (1, BatchState.TOO_LATE, None, 0),
        ],
    )
    def test_states_and_days(self, make, days, state, own_status, people):
        campaign = make.campaign()
        sent(campaign.version, campaign.account, days=days, state=state, own_status=own_status)
        assert again(campaign) == (people, {0: 1} if people else {})

    def test_what_waits_in_a_cancelled_round_does_not_count(self, make):
        campaign = make.campaign()
        dispatch = sent(campaign.version, campaign.account, state=BatchState.QUEUED)
        Dispatch.objects.filter(pk=dispatch.pk).update(state="cancelled")
        assert again(campaign) == (0, {})

    def test_a_test_does_not_count(self, make):
        campaign = make.campaign()
        sent(campaign.version, campaign.account, kind=Dispatch.Kind.TEST)
        assert again(campaign) == (0, {})

    @pytest.mark.parametrize(
        ("content", "other", "people"),
        [
            (TEXT, TEXT, 1),
            (TEXT, SMS, 1),
            (SMS, TEXT, 1),
            (TEXT, {**TEXT, "text": "${姓名}您好，余额${余额}！"}, 0),
            (CARD, CARD, 1),
            (CARD, {**CARD, "card": {**CARD["card"], "title": "周年庆"}}, 0),
            (CARD, TEXT, 0),
        ],
    )
    def test_another_template_that_says_the_same(self, make, content, other, people):
        campaign = make.campaign(content=content)
        sent(make.version(other), campaign.account)
        assert again(campaign)[0] == people

    def test_another_version_of_the_same_template(self, make):
        campaign = make.campaign()
        version = campaign.version
        older = version.template.versions.create(number=7, kind="text", content={**TEXT, "text": "旧的"})
        sent(older, campaign.account)
        assert again(campaign)[0] == 1

    def test_a_free_text_with_the_same_words(self, make):
        campaign = make.campaign(content={**TEXT, "text": "周末满减"})
        sent(None, campaign.account, kind=Dispatch.Kind.ANSWER, text="周末满减")
        sent(None, campaign.account, (SECOND,), kind=Dispatch.Kind.ANSWER, text="好的")
        assert again(campaign) == (1, {0: 1})

    def test_who_is_not_sent_to_is_not_counted(self, make):
        campaign = make.campaign()
        sent(campaign.version, campaign.account, (FIRST, SECOND, "13999999999"))
        Suppression.objects.create(phone=FIRST, scope="all", source="hand")
        assert again(campaign) == (1, {0: 1})

    def test_people_are_counted_once_and_in_each_campaign(self, make, zhang):
        first = make.campaign(make.people(3))
        preflight.check(first)
        steps.confirm_and_start(first, "", zhang)
        second = make.campaign(make.people(2), version=first.version, account=first.account)
        preflight.check(second)
        steps.confirm_and_start(second, "", zhang, typed_again="2")
        third = make.campaign(make.people(7), version=first.version, account=first.account)
        assert again(third) == (3, {first.pk: 3, second.pk: 2})

    @pytest.mark.parametrize(("purpose", "people"), [("marketing", 1), ("notice", 0)])
    def test_the_days_are_the_policys_by_purpose(self, make, purpose, people):
        rules(same_content_days=30, notice_same_content_days=2)
        campaign = make.campaign(purpose=purpose)
        sent(campaign.version, campaign.account, days=20)
        assert again(campaign)[0] == people

    def test_zero_days_ask_nothing(self, make):
        rules(same_content_days=0)
        campaign = make.campaign()
        sent(campaign.version, campaign.account)
        assert again(campaign) == (0, {})

    def test_two_versions_each_by_its_own_content(self, make):
        other = make.version(CARD)
        campaign = make.campaign(make.people(60), version_b=other, share_b=50)
        make.approve(other, campaign.account)
        sent(other, campaign.account, [phone for phone, _values in make.people(60)])
        preflight.check(campaign)
        shares = {one.version: one.to_send for one in campaign.report.variants}
        assert campaign.report.again.people == shares[other.pk] > 0


class TestPlanned:
    @pytest.fixture
    def two(self, make):
        """Two campaigns with one content; four people are in both."""
        one = make.campaign(make.people(7))
        other = make.campaign(make.people(7, first=13800000004), version=one.version, account=one.account)
        preflight.check(other)
        return one, other

    @pytest.mark.parametrize(
        ("state", "people"),
        [
            (CampaignState.DRAFT, 0),
            (CampaignState.CHECKED, 0),
            (CampaignState.AWAITING, 4),
            (CampaignState.SCHEDULED, 4),
            (CampaignState.CANCELLED, 0),
        ],
    )
    def test_before_it_has_rows(self, two, state, people):
        one, other = two
        Campaign.objects.filter(pk=other.pk).update(state=state)
        assert again(one) == (people, {other.pk: people} if people else {})

    @pytest.mark.parametrize(("state", "people"), [(ApprovalState.GRANTED, 4), (ApprovalState.VOID, 0)])
    def test_approved(self, two, zhang, state, people):
        one, other = two
        Approval.objects.create(campaign=other, snapshot={}, asked_by=zhang, state=state)
        assert again(one)[0] == people

    def test_more_campaigns_than_are_named(self, make, zhang):
        one = make.campaign(make.people(7))
        audience = make.audience(make.people(2))
        for _number in range(15):
            other = make.campaign(version=one.version, account=one.account, audience=audience)
            preflight.check(other)
            Campaign.objects.filter(pk=other.pk).update(state=CampaignState.SCHEDULED)
        people, by_campaign = again(one)
        assert (people, len(by_campaign), by_campaign[-1]) == (2, 13, 2)

    def test_scheduled_with_rows_then_cancelled(self, two, zhang):
        one, other = two
        Campaign.objects.filter(pk=other.pk).update(start_at=timezone.now() + timedelta(days=20))
        other.refresh_from_db()
        steps.confirm_and_start(other, "", zhang)
        assert again(one) == (4, {other.pk: 4})
        assert steps.cancel(other, zhang)
        assert again(one) == (0, {})


class TestConfirm:
    @pytest.fixture
    def repeated(self, make):
        campaign = make.campaign()
        sent(campaign.version, campaign.account, (FIRST, SECOND))
        preflight.check(campaign)
        return campaign

    @pytest.mark.parametrize("typed", ["", "1", "7", "二"])
    def test_the_number_is_asked(self, repeated, zhang, typed):
        with pytest.raises(steps.SameContent, match="2"):
            steps.confirm_and_start(repeated, "7", zhang, typed_again=typed)
        repeated.refresh_from_db()
        assert (repeated.state, Dispatch.objects.filter(run_id=repeated.run_id).count()) == (CampaignState.CHECKED, 0)

    def test_typed_it_starts_and_stands_in_the_trail(self, repeated, zhang):
        steps.confirm_and_start(repeated, "", zhang, typed_again="２")
        assert repeated.state == CampaignState.RUNNING
        assert AuditEvent.objects.get(action="campaign.confirmed").detail["again"] == 2

    def test_more_than_were_typed(self, repeated, zhang):
        sent(repeated.version, repeated.account, (THIRD,), days=0)
        with pytest.raises(steps.SameContent, match="3"):
            steps.confirm_and_start(repeated, "", zhang, typed_again="2")
        repeated.refresh_from_db()
        assert repeated.state == CampaignState.CHECKED
        preflight.check(repeated)
        steps.confirm_and_start(repeated, "", zhang, typed_again="3")
        assert repeated.state == CampaignState.RUNNING

    def test_somebody_confirmed_the_same_after_the_check(self, make, zhang):
        one = make.campaign(make.people(3))
        other = make.campaign(make.people(3), version=one.version, account=one.account)
        for campaign in (one, other):
            preflight.check(campaign)
            assert campaign.report.again.people == 0
        steps.confirm_and_start(one, "", zhang)
        with pytest.raises(steps.SameContent, match="3"):
            steps.confirm_and_start(other, "", zhang)

    def test_an_approval_is_of_this_number_too(self, repeated, zhang):
        rules(approve_people=1)
        approval = campaign_approvals.ask(repeated, zhang)
        li = get_user_model().objects.create_user("李四")
        decide.grant(approval, li)
        sent(repeated.version, repeated.account, (THIRD,))
        repeated.refresh_from_db()
        preflight.check(repeated)
        approval.refresh_from_db()
        assert approval.state == ApprovalState.VOID

    def test_check_list_and_confirmation(self, manager, repeated):
        page = manager.get(reverse("admin:campaigns_campaign_check", args=[repeated.pk]))
        text = read(page).text
        assert "2 people get the same content again" in text
        assert "2 of these people got the same content in the last 7 days" in text
        address = reverse("admin:campaigns_campaign_people", args=[repeated.pk, "again"])
        assert address in read(page).links
        people = read(manager.get(address)).text
        assert "138****0001" in people
        assert "138****0002" in people
        assert "138****0003" not in people
        assert "Also in: Sent through the API, or as an answer" in people
        url = reverse("admin:campaigns_campaign_confirm", args=[repeated.pk])
        page = read(manager.get(url))
        inputs = page.inputs
        assert "2 people, who are also in: Sent through the API, or as an answer (2)" in page.text
        assert "of these people got the same content" not in page.text
        assert re.findall(r"\b2\b", page.text.replace("(2)", "")) == ["2", "2"], "the fact, and what to type"
        assert {"typed", "typed_again"} & set(inputs) == {"typed_again"}
        answer = manager.post(url, {"token": inputs["token"]["value"], "typed_again": "7"})
        assert list(answer.context["form"].errors) == ["typed_again"]
        token = read(answer).inputs["token"]["value"]
        assert manager.post(url, {"token": token, "typed_again": "2"}).status_code == 302
        repeated.refresh_from_db()
        assert repeated.state == CampaignState.RUNNING

    def test_the_other_campaign_is_named_with_its_page(self, manager, make, zhang):
        one = make.campaign(make.people(3))
        preflight.check(one)
        steps.confirm_and_start(one, "", zhang)
        other = make.campaign(make.people(3), version=one.version, account=one.account)
        preflight.check(other)
        page = read(manager.get(reverse("admin:campaigns_campaign_check", args=[other.pk])))
        assert reverse("admin:campaigns_campaign_progress", args=[one.pk]) in page.links
        people = manager.get(reverse("admin:campaigns_campaign_people", args=[other.pk, "again"]))
        assert f"Also in: {one.name}" in read(people).text
        facts = read(manager.get(reverse("admin:campaigns_campaign_confirm", args=[other.pk]))).text
        assert f"3 people, who are also in: {one.name} (3)" in facts

    def test_nothing_is_asked_where_nobody_got_it(self, manager, make):
        campaign = make.campaign()
        preflight.check(campaign)
        assert "again" not in [one.key for one in campaign.report.obstacles]
        inputs = read(manager.get(reverse("admin:campaigns_campaign_confirm", args=[campaign.pk]))).inputs
        assert "typed_again" not in inputs


@pytest.mark.django_db(transaction=True)
def test_of_two_confirmed_in_one_moment_the_second_sees_the_first(transactional_db):
    rules()
    make = Maker()
    one = make.campaign(make.people(3))
    twin = make.version(TEXT)  # another template that says the same
    make.approve(twin, one.account)
    other = make.campaign(make.people(3), version=twin, account=one.account)
    for campaign in (one, other):
        preflight.check(campaign)
    gate, outcomes = threading.Barrier(2), []

    def confirm(campaign):
        try:
            gate.wait(10)
            steps.confirm_and_start(Campaign.objects.get(pk=campaign.pk), "", None)
            outcomes.append("started")
        except steps.SameContent:
            outcomes.append("asked")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=confirm, args=[campaign]) for campaign in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["asked", "started"]
    assert Delivery.objects.count() == 3
