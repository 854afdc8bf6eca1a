"""Two versions side by side, a follow-up to those not reached, one fallback: never to anybody reached or perhaps reached."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import preflight, roles
from campaigns.approvals import decide, follow_up_approvals
from campaigns.lifecycle import follow_ups, progress, steps
from campaigns.models import Approval, AuditEvent, VariantCount
from campaigns.reports.verify import failed, verify
from campaigns.states import CampaignState
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy, Suppression
from messaging.sending import claim, dispatches
from messaging.states import BatchState, DispatchState, OwnStatus

pytestmark = pytest.mark.django_db
OTHER = {"kind": "text", "text": "另一种说法，${姓名}", "suggestions": []}


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


@pytest.fixture
def zhang(db):
    roles.ensure()
    user = get_user_model().objects.create_user("张三", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
    return user


def begin(campaign, actor):
    preflight.check(campaign)
    return steps.confirm_and_start(campaign, "", actor)


def outcome(dispatch, **by_own):
    """Hand over everything; the first people get the named own statuses, the rest stay handed over."""
    owns = [OwnStatus[name.upper()] for name, count in by_own.items() for _ in range(count)]
    people = list(dispatch.deliveries.filter(own_status__isnull=True, batch__state="queued").order_by("phone"))
    for person, own in zip(people, owns, strict=False):
        Delivery.objects.filter(pk=person.pk).update(own_status=own)
        column = f"n_{OwnStatus(own).name.lower()}"
        batch = Batch.objects.get(pk=person.batch_id)
        Batch.objects.filter(pk=batch.pk).update(**{column: getattr(batch, column) + 1})
    dispatch.batches.filter(state="queued").update(
        state=BatchState.SUBMITTED, submitted_at=timezone.now(), claimed_at=timezone.now()
    )
    dispatches.finish(dispatch)


def phones(dispatch):
    return sorted(dispatch.deliveries.filter(batch__isnull=False).values_list("phone", flat=True))


def proven(campaign):
    campaign.refresh_from_db()
    return [str(equation) for equation in failed(verify(campaign))]


class TestTwoVersions:
    @pytest.fixture
    def campaign(self, make, zhang):
        account = make.account()
        other = make.version(OTHER)
        make.approve(other, account)
        Suppression.objects.create(phone="13800000005", scope="all", source="hand")
        return begin(make.campaign(make.people(100), account=account, version_b=other, share_b=30), zhang)

    def test_everybody_gets_one_of_them(self, campaign):
        first, second = Dispatch.objects.order_by("pk")
        assert (first.leg, second.leg, first.run_id, first.state, second.state) == (
            "main",
            "main",
            second.run_id,
            "running",
            "running",
        )
        assert (first.version, second.version) == (campaign.version, campaign.version_b)
        assert sorted(phones(first) + phones(second)) == [
            p for p in (str(13800000001 + n) for n in range(100)) if p != "13800000005"
        ]
        assert 20 <= len(phones(second)) <= 40
        assert campaign.report.variants == [
            VariantCount(first.version_id, len(phones(first))),
            VariantCount(second.version_id, len(phones(second))),
        ]
        assert campaign.report.requests == Batch.objects.count()
        assert progress.progress(campaign).people == 99
        assert proven(campaign) == []

    def test_the_same_people_are_drawn_again_for_the_same_campaign(self, campaign):
        _first, second = Dispatch.objects.order_by("pk")
        from campaigns.preflight import audience_query, counts

        variant = preflight.variants(campaign)[1]
        query = audience_query.query_for(campaign, variant, campaign.report.imports, timezone.now())
        assert sorted(phone for phone, _values in counts.people(query, variant.spec, "", 200)) == phones(second)

    def test_both_start_pause_and_end_together(self, campaign, zhang):
        assert steps.pause(campaign, zhang)
        assert set(Dispatch.objects.values_list("state", flat=True)) == {DispatchState.PAUSED}
        assert steps.resume(campaign, zhang)
        first, second = Dispatch.objects.order_by("pk")
        outcome(first, delivered=len(phones(first)))
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.RUNNING
        outcome(second, delivered=len(phones(second)))
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.DONE
        assert proven(campaign) == []

    def test_side_by_side(self, campaign, django_assert_num_queries):
        first, second = Dispatch.objects.order_by("pk")
        outcome(first, delivered=10, failed=2)
        outcome(second, read=3, failed=4)
        with django_assert_num_queries(4):
            left, right = progress.side_by_side(campaign)
        assert (left.delivered, left.failed, left.with_result) == (10, 2, 12)
        assert (right.delivered, right.read, right.failed, right.people) == (3, 3, 4, len(phones(second)))
        assert progress.counts_by_campaign([campaign])[campaign.pk] == progress.progress(campaign).counts

    def test_a_version_that_is_not_approved_blocks(self, make):
        campaign = make.campaign(version_b=make.version(OTHER))
        preflight.check(campaign)
        assert "not_approved" in [found.key for found in campaign.report.obstacles if found.blocks]


class TestFollowUp:
    @pytest.fixture
    def done(self, make, zhang):
        """12 people: 3 failed, 2 silent, 4 delivered, 3 handed over without a receipt."""
        campaign = begin(make.campaign(make.people(12)), zhang)
        outcome(campaign.dispatch, failed=3, no_receipt=2, delivered=4)
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.SETTLING
        return campaign

    def test_only_those_not_reached(self, done, zhang):
        assert follow_ups.preview(done, ["failed"]).people == 3
        assert follow_ups.preview(done, ["failed", "no_receipt"]).people == 5
        (dispatch,) = follow_ups.resend(done, ["failed"], 3, zhang)
        assert phones(dispatch) == ["13800000001", "13800000002", "13800000003"]
        assert (dispatch.leg, dispatch.kind, dispatch.run_id) == ("resend-1", "resend", done.run_id)
        done.refresh_from_db()
        assert done.state == CampaignState.RUNNING
        assert proven(done) == []
        assert AuditEvent.objects.get(action="follow_up.sent").detail == {
            "leg": "resend-1",
            "groups": ["failed"],
            "people": 3,
        }

    def test_nobody_twice_while_the_first_follow_up_is_open_or_has_reached_them(self, done, zhang):
        (first,) = follow_ups.resend(done, ["failed"], 3, zhang)
        assert follow_ups.preview(done, ["failed"]).people == 0
        outcome(first, delivered=2, failed=1)
        steps.tick()
        done.refresh_from_db()
        (second,) = follow_ups.resend(done, ["failed"], 1, zhang)
        assert (second.leg, phones(second)) == ("resend-2", ["13800000003"])
        assert proven(done) == []

    def test_unknown_people_never(self, done, zhang):
        Batch.objects.filter(number=4).update(state=BatchState.UNKNOWN)
        everybody = list(follow_ups.GROUPS)
        assert follow_ups.preview(done, everybody).people == 5
        Batch.objects.filter(number=4).update(state=BatchState.REJECTED)
        assert follow_ups.preview(done, ["rejected"]).people == 3

    def test_new_in_the_list(self, done, make, zhang):
        make.audience(make.people(2, first=13900000001), audience=done.audience)
        (dispatch,) = follow_ups.resend(done, ["new"], 2, zhang)
        assert phones(dispatch) == ["13900000001", "13900000002"]
        assert proven(done) == []

    def test_who_opted_out_meanwhile_is_left_out(self, done, zhang):
        Suppression.objects.create(phone="13800000001", scope="all", source="reply")
        assert follow_ups.preview(done, ["failed"]).left_out == 1
        (dispatch,) = follow_ups.resend(done, ["failed"], 3, zhang)
        assert len(phones(dispatch)) == 2
        assert proven(done) == []

    def test_more_than_confirmed_starts_nothing(self, done, zhang):
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed", "no_receipt"], 3, zhang)
        assert Dispatch.objects.count() == 1

    def test_the_lock_of_the_leg(self, done, zhang):
        (dispatch,) = follow_ups.resend(done, ["failed"], 3, zhang)
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.create(
                dispatch=dispatch, run_id=done.run_id, leg="resend-1", phone="13800000001", own_status=OwnStatus.SKIPPED
            )

    def test_by_hand_and_once(self, done, zhang):
        client = Client()
        client.force_login(zhang)
        start = reverse("admin:campaigns_campaign_again", args=[done.pk])
        assert start in client.get(reverse("admin:campaigns_campaign_progress", args=[done.pk])).content.decode()
        assert client.get(start).status_code == 200
        where = client.post(start, {"groups": ["failed"]}).url
        page = client.get(where).content.decode()
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        client.post(where, {"token": token})
        client.post(where, {"token": token})
        assert Dispatch.objects.filter(leg="resend-1").count() == 1
        assert not Dispatch.objects.filter(leg="resend-2").exists()
        page = client.get(reverse("admin:campaigns_campaign_progress", args=[done.pk])).content.decode()
        assert Dispatch.objects.get(leg="resend-1").title in page

    @pytest.mark.parametrize("role", [roles.MARKETING, roles.SUPPORT, roles.ADMINISTRATORS])
    def test_who_may_not(self, done, role):
        user = get_user_model().objects.create_user("某人", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        for name in ("again", "again_confirm"):
            address = reverse(f"admin:campaigns_campaign_{name}", args=[done.pk])
            assert client.post(f"{address}?group=failed", {"groups": ["failed"]}).status_code == 403
        assert Dispatch.objects.count() == 1


class TestFollowUpAboveALimit:
    @pytest.fixture
    def done(self, make, zhang):
        """12 people: 3 failed, 2 silent, 7 delivered; more than 2 need a colleague's approval."""
        campaign = begin(make.campaign(make.people(12), created_by=zhang), zhang)
        outcome(campaign.dispatch, failed=3, no_receipt=2, delivered=7)
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.DONE
        SendingPolicy(approve_people=2, approve_first_use=False, approve_outside_hours=False).save()
        return campaign

    @pytest.fixture
    def li(self, zhang):
        user = get_user_model().objects.create_user("李四", is_staff=True)
        user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
        return user

    def ask(self, campaign, actor, groups=("failed",)):
        found = follow_ups.preview(campaign, groups)
        return follow_up_approvals.ask(
            campaign, groups, None, people=found.people, left_out=0, cost=found.cost, actor=actor
        )

    def test_from_asking_to_the_round(self, done, zhang, li):
        with pytest.raises(follow_ups.CannotFollow, match="2"):
            follow_ups.resend(done, ["failed"], 3, zhang)
        approval = self.ask(done, zhang)
        assert (approval.kind, approval.state, approval.snapshot["covers"]["to_send"]) == ("follow_up", "pending", 3)
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed"], 3, zhang)
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, zhang)
        decide.grant(approval, li, "看过")
        done.refresh_from_db()
        assert done.state == CampaignState.DONE
        (dispatch,) = follow_ups.resend(done, ["failed"], 3, zhang)
        assert len(phones(dispatch)) == 3
        approval.refresh_from_db()
        assert approval.spent_at is not None
        assert AuditEvent.objects.get(action="follow_up.sent").detail["approval"] == approval.pk
        assert AuditEvent.objects.get(action="follow_up.approved").actor == li
        assert proven(done) == []

    def test_it_holds_for_one_follow_up_alone(self, done, zhang, li):
        decide.grant(self.ask(done, zhang), li)
        (dispatch,) = follow_ups.resend(done, ["failed"], 3, zhang)
        outcome(dispatch, failed=3)
        steps.tick()
        done.refresh_from_db()
        assert follow_ups.preview(done, ["failed"]).people == 3
        with pytest.raises(follow_ups.CannotFollow, match="2"):
            follow_ups.resend(done, ["failed"], 3, zhang)

    def test_for_the_chosen_groups_and_time_alone(self, done, zhang, li):
        decide.grant(self.ask(done, zhang), li)
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed", "no_receipt"], 5, zhang)
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed"], 3, zhang, timezone.now() + timedelta(hours=1))
        assert Dispatch.objects.count() == 1

    def test_fewer_are_covered_and_more_are_not(self, done, zhang, li):
        decide.grant(self.ask(done, zhang), li)
        late = done.dispatch.deliveries.filter(own_status=OwnStatus.DELIVERED).first()
        Delivery.objects.filter(pk=late.pk).update(own_status=OwnStatus.FAILED)
        assert follow_ups.preview(done, ["failed"]).people == 4
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed"], 4, zhang)
        Delivery.objects.filter(pk=late.pk).update(own_status=OwnStatus.READ)
        Suppression.objects.create(phone="13800000001", scope="all", source="reply")
        SendingPolicy(approve_people=1, approve_first_use=False, approve_outside_hours=False).save()
        (dispatch,) = follow_ups.resend(done, ["failed"], 2, zhang)
        assert phones(dispatch) == ["13800000002", "13800000003"]

    def test_a_higher_cost_is_not_covered(self, done, zhang, li):
        type(done.account).objects.update(prices={"rcs": "0.10"})
        done = type(done).objects.get(pk=done.pk)
        SendingPolicy(approve_people=None, approve_cost="0.2", approve_first_use=False).save()
        decide.grant(self.ask(done, zhang), li)
        type(done.account).objects.update(prices={"rcs": "0.11"})
        done = type(done).objects.get(pk=done.pk)
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(done, ["failed"], 3, zhang)

    def test_a_changed_content_voids_it(self, done, zhang, li):
        approval = self.ask(done, zhang)
        version = done.version
        type(version).objects.filter(pk=version.pk).update(content={**version.content, "text": "别的"})
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, li)
        approval.refresh_from_db()
        done.refresh_from_db()
        assert (approval.state, done.state) == ("void", CampaignState.DONE)

    def test_granted_and_then_changed_it_does_not_hold(self, done, zhang, li):
        decide.grant(self.ask(done, zhang), li)
        version = done.version
        type(version).objects.filter(pk=version.pk).update(content={**version.content, "text": "别的"})
        with pytest.raises(follow_ups.CannotFollow):
            follow_ups.resend(type(done).objects.get(pk=done.pk), ["failed"], 3, zhang)

    def test_withdrawn_and_asked_anew(self, done, zhang, li):
        first = self.ask(done, zhang)
        assert follow_up_approvals.withdraw(first, zhang)
        assert not follow_up_approvals.withdraw(first, zhang)
        with pytest.raises(decide.CannotDecide):
            decide.grant(first, li)
        second, third = self.ask(done, zhang), self.ask(done, zhang)
        second.refresh_from_db()
        assert (second.state, third.state) == ("void", "pending")

    def test_of_a_cancelled_campaign_nothing_is_approved(self, done, zhang, li):
        approval = self.ask(done, zhang)
        type(done).objects.update(state=CampaignState.CANCELLED)
        with pytest.raises(decide.CannotDecide):
            decide.grant(approval, li)
        with pytest.raises(decide.CannotDecide):
            self.ask(done, zhang)

    def test_by_hand(self, done, zhang, li):
        asker, decider = Client(), Client()
        asker.force_login(zhang)
        decider.force_login(li)
        where = asker.post(reverse("admin:campaigns_campaign_again", args=[done.pk]), {"groups": ["failed"]}).url
        page = asker.get(where).content.decode()
        assert 'value="ask"' in page
        assert not re.search(r"\sstyle=|\son\w+=", page)
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        asker.post(where, {"token": token})
        assert Dispatch.objects.count() == 1
        asker.post(where, {"act": "ask", "token": token})
        approval = Approval.objects.get()
        page = asker.get(where).content.decode()
        assert 'value="withdraw"' in page
        assert 'value="ask"' not in page
        address = reverse("admin:campaigns_approval_change", args=[approval.pk])
        assert address in decider.get(reverse("admin:index")).content.decode()
        assert 'value="grant"' in decider.get(address).content.decode()
        decider.post(address, {"decision": "grant"})
        progress_page = asker.get(reverse("admin:campaigns_campaign_progress", args=[done.pk])).content.decode()
        assert where.replace("&", "&amp;") in progress_page
        page = asker.get(where).content.decode()
        assert "李四" in page
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        asker.post(where, {"token": token})
        asker.post(where, {"token": token})
        assert Dispatch.objects.filter(leg="resend-1").count() == 1
        assert not Dispatch.objects.filter(leg="resend-2").exists()

    def test_who_has_no_result_yet_is_named(self, make, zhang):
        campaign = begin(make.campaign(make.people(12)), zhang)
        outcome(campaign.dispatch, failed=3)
        campaign.dispatch.batches.filter(number=4).update(state=BatchState.UNKNOWN)
        steps.tick()
        client = Client()
        client.force_login(zhang)
        client.cookies["django_language"] = "en"
        page = client.get(reverse("admin:campaigns_campaign_again", args=[campaign.pk])).content.decode()
        assert "6 people wait for a receipt" in page
        assert "3 people have an unknown outcome" in page


class TestFallback:
    @pytest.fixture
    def campaign(self, make, zhang):
        second, version = make.account(), make.version(OTHER)
        make.approve(version, second)
        campaign = make.campaign(make.people(9), fallback_account=second, fallback_version=version)
        return begin(campaign, zhang)

    def test_only_after_a_final_failure_and_only_once(self, campaign):
        outcome(campaign.dispatch, failed=2, no_receipt=1, delivered=3)
        assert follow_ups.fall_back(campaign) == 2
        dispatch = Dispatch.objects.get(leg="fallback-1")
        assert (dispatch.account, dispatch.version, dispatch.state) == (
            campaign.fallback_account,
            campaign.fallback_version,
            "running",
        )
        assert phones(dispatch) == ["13800000001", "13800000002"]
        assert follow_ups.fall_back(campaign) == 0
        assert isinstance(claim.claim_next(dispatch.pk), claim.Claimed)
        assert proven(campaign) == []

    def test_later_failures_join_the_same_round(self, campaign):
        outcome(campaign.dispatch, failed=1)
        follow_ups.fall_back(campaign)
        dispatch = Dispatch.objects.get(leg="fallback-1")
        outcome(dispatch, delivered=1)
        dispatch.refresh_from_db()
        assert dispatch.state == DispatchState.DONE
        late = campaign.dispatch.deliveries.get(phone="13800000002")
        Delivery.objects.filter(pk=late.pk).update(own_status=OwnStatus.FAILED)
        Batch.objects.filter(pk=late.batch_id).update(n_failed=2)
        assert follow_ups.fall_back(campaign) == 1
        dispatch.refresh_from_db()
        assert (dispatch.state, dispatch.total) == (DispatchState.RUNNING, 2)
        assert list(dispatch.batches.order_by("number").values_list("number", flat=True)) == [1, 2]
        assert proven(campaign) == []

    def test_after_silence_only_by_the_setting(self, campaign):
        outcome(campaign.dispatch, no_receipt=2)
        assert follow_ups.fall_back(campaign) == 0
        type(campaign).objects.update(fallback_on_silence=True)
        campaign.refresh_from_db()
        assert follow_ups.fall_back(campaign) == 2

    def test_unknown_and_handed_over_people_never(self, campaign):
        outcome(campaign.dispatch)
        campaign.dispatch.batches.filter(number=1).update(state=BatchState.UNKNOWN)
        assert follow_ups.fall_back(campaign) == 0

    def test_a_refused_batch_falls_back(self, campaign):
        campaign.dispatch.batches.filter(number=1).update(state=BatchState.REJECTED, reason="content_refused")
        assert follow_ups.fall_back(campaign) == 3

    def test_the_campaign_is_not_done_before_its_fallback(self, campaign):
        outcome(campaign.dispatch, failed=2, delivered=7)
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.SETTLING
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.RUNNING
        outcome(Dispatch.objects.get(leg="fallback-1"), delivered=2)
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.DONE
        assert proven(campaign) == []

    def test_a_late_delivery_beside_the_fallback_is_shown(self, campaign):
        outcome(campaign.dispatch, failed=1)
        follow_ups.fall_back(campaign)
        outcome(Dispatch.objects.get(leg="fallback-1"), delivered=1)
        assert follow_ups.reached_twice(campaign) == 0
        first = campaign.dispatch.deliveries.get(phone="13800000001")
        Delivery.objects.filter(pk=first.pk).update(own_status=OwnStatus.DELIVERED)
        assert follow_ups.reached_twice(campaign) == 1

    def test_a_follow_up_and_a_fallback_never_meet(self, campaign, zhang):
        outcome(campaign.dispatch, failed=2, delivered=7)
        follow_ups.fall_back(campaign)
        assert follow_ups.preview(campaign, list(follow_ups.GROUPS)).people == 0

    def test_a_cancelled_campaign_does_not_fall_back(self, campaign, zhang):
        campaign.dispatch.batches.filter(number=1).update(state=BatchState.REJECTED)
        steps.cancel(campaign, zhang)
        assert follow_ups.fall_back(campaign) == 0

    def test_one_that_could_not_be_sent_blocks_the_start(self, make):
        campaign = make.campaign(fallback_account=make.account(status="off"))
        preflight.check(campaign)
        assert "fallback_not_ready" in [found.key for found in campaign.report.obstacles]


def test_the_whole_way_with_everything_at_once(house, make, zhang, run_queue):
    """Over HTTP: a canary of two versions, then the others; the vendor takes each person once."""
    other = house.make_version({**OTHER, "text": "另一种说法，拒收请回复R"}, name="乙")
    campaign = make.campaign(
        audience=make.audience(make.people(60)),
        version=house.version,
        version_b=other,
        account=house.account,
        signature=house.signature,
        chatbot=house.chatbot,
        canary_people=4,
        canary_minutes=0,
    )
    begin(campaign, zhang)
    assert campaign.state == CampaignState.CANARY
    run_queue()
    assert 0 < sum(house.accepted().values()) <= 8
    steps.tick()
    run_queue()
    assert set(house.accepted().values()) == {1}
    assert len(house.accepted()) == 60
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SETTLING
    assert proven(campaign) == []


def test_two_versions_share_the_pace_of_the_campaign(make, zhang):
    account, other = make.account(), make.version(OTHER)
    make.approve(other, account)
    campaign = make.campaign(make.people(100), account=account, version_b=other, share_b=30, per_second="2.50")
    begin(campaign, zhang)
    assert [str(pace) for pace in Dispatch.objects.order_by("pk").values_list("per_second", flat=True)] == [
        "1.75",
        "0.75",
    ]
    assert campaign.report.per_second == Decimal("2.5")


def test_a_fallback_keeps_the_ceiling_of_its_campaign(make, zhang):
    second = make.account()
    campaign = make.campaign(make.people(9), fallback_account=second, per_second="2.50")
    make.approve(campaign.version, second)
    begin(campaign, zhang)
    outcome(campaign.dispatch, failed=2)
    follow_ups.fall_back(campaign)
    assert str(Dispatch.objects.get(leg="fallback-1").per_second) == "2.50"
