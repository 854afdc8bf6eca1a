"""The canary goes first and alone; past a limit a campaign stops by itself and says why; holidays wait."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from campaigns import badges, preflight
from campaigns.lifecycle import auto_stop, steps
from campaigns.models import AuditEvent, Campaign
from campaigns.reports.verify import failed, verify
from campaigns.states import CampaignState
from messaging.models import Batch, Delivery, Dispatch, Reply, SendingPolicy, SendingWindow
from messaging.sending import claim
from messaging.sending.duration import finish_time
from messaging.states import BatchState, DispatchState, OwnStatus

pytestmark = pytest.mark.django_db
SMS = {"kind": "sms", "text": "${姓名}您好，余额${余额}，拒收请回复R"}
LIMITS = {"stop_failed": Decimal(10), "stop_unknown": Decimal(5), "stop_opted_out": Decimal(1)}


@pytest.fixture
def zhang(db):
    return get_user_model().objects.create_user("张三")


def begin(make, zhang, people=12, **values):
    """Batches of three."""
    campaign = make.campaign(make.people(people), **{**LIMITS, **values})
    preflight.check(campaign)
    return steps.confirm_and_start(campaign, "", zhang)


def hand_over(dispatch, *, failed=0, delivered=0, state=BatchState.SUBMITTED, minutes_ago=0):
    """The next claimable batch, as a worker and its receipts would leave it."""
    found = claim.claim_next(dispatch.pk)
    assert isinstance(found, claim.Claimed), found
    at = timezone.now() - timedelta(minutes=minutes_ago)
    people = list(found.batch.deliveries.order_by("phone"))
    for person, own in zip(people, [OwnStatus.FAILED] * failed + [OwnStatus.DELIVERED] * delivered, strict=False):
        Delivery.objects.filter(pk=person.pk).update(own_status=own)
    values = {"n_failed": failed, "n_delivered": delivered, "submitted_at": at, "claimed_at": at}
    Batch.objects.filter(pk=found.batch.pk).update(state=state, **values)
    return found.batch


class TestLayout:
    @pytest.mark.parametrize(
        ("values", "sizes", "hold"),
        [
            ({"canary_people": 4}, [3, 1, 3, 3, 2], 2),
            ({"canary_percent": Decimal("10")}, [2, 3, 3, 3, 1], 1),
            ({"canary_people": 12}, [3, 3, 3, 3], None),
            ({}, [3, 3, 3, 3], None),
        ],
    )
    def test_the_first_batches_are_the_canary(self, make, zhang, values, sizes, hold):
        campaign = begin(make, zhang, **values)
        assert list(campaign.dispatch.batches.order_by("number").values_list("size", flat=True)) == sizes
        assert list(campaign.dispatch.batches.order_by("number").values_list("number", flat=True)) == [
            n + 1 for n in range(len(sizes))
        ]
        assert campaign.dispatch.hold_after == hold
        assert campaign.report.canary == (sum(sizes[:hold]) if hold else 0)
        assert campaign.state == (CampaignState.CANARY if hold else CampaignState.RUNNING)
        assert list(failed(verify(campaign))) == []

    def test_one_text_for_each_request_too(self, make, zhang):
        campaign = begin(make, zhang, vendor="yixintong", content=SMS, canary_people=4)
        first = Batch.objects.filter(dispatch=campaign.dispatch, number__lte=campaign.dispatch.hold_after)
        assert sum(first.values_list("size", flat=True)) == 4
        assert {batch.text for batch in first} <= {batch.text for batch in campaign.dispatch.batches.all()}
        assert list(failed(verify(campaign))) == []

    def test_the_draw_is_spread_over_the_numbers_and_always_the_same(self, make, zhang):
        campaign = begin(make, zhang, people=300, canary_people=30)
        drawn = Delivery.objects.filter(batch__number__lte=campaign.dispatch.hold_after).values_list("phone", flat=True)
        thirds = [sum(1 for phone in drawn if (int(phone) - 13800000001) // 100 == n) for n in range(3)]
        assert sum(thirds) == 30
        assert min(thirds) >= 4


class TestCanary:
    @pytest.fixture
    def sent(self, make, zhang):
        campaign = begin(make, zhang, canary_people=3, canary_minutes=30)
        return campaign

    def tick(self, campaign):
        steps.tick()
        campaign.refresh_from_db()
        return campaign.state

    def test_the_others_wait_and_then_follow(self, sent):
        hand_over(sent.dispatch, delivered=3, minutes_ago=29)
        assert claim.claim_next(sent.dispatch.pk) == claim.Held("nothing")
        assert self.tick(sent) == CampaignState.CANARY
        Batch.objects.filter(number=1).update(claimed_at=timezone.now() - timedelta(minutes=31))
        assert self.tick(sent) == CampaignState.RUNNING
        hand_over(sent.dispatch, delivered=3)
        event = AuditEvent.objects.get(action="canary.passed")
        assert event.detail == {"results": 3, "not_delivered": 0, "unknown": 0}
        assert list(failed(verify(sent))) == []

    def test_when_it_is_decided(self, sent):
        assert auto_stop.decides_at(sent) is None
        batch = hand_over(sent.dispatch, delivered=3, minutes_ago=10)
        batch.refresh_from_db()
        assert auto_stop.decides_at(sent) == batch.claimed_at + timedelta(minutes=30)

    @pytest.mark.parametrize(
        ("outcome", "note", "words"),
        [
            ({"failed": 1, "delivered": 2}, "limit_failed|33.3|10", ["33.3%", "10%"]),
            ({"state": BatchState.UNKNOWN}, "limit_unknown|100.0|5", ["100.0%", "5%"]),
            ({}, "canary_silent", []),
        ],
    )
    def test_outside_a_limit_it_stops_with_the_reason(self, sent, outcome, note, words):
        hand_over(sent.dispatch, **outcome, minutes_ago=31)
        assert self.tick(sent) == CampaignState.STOPPED
        assert sent.state_note == note
        why, todo = badges.note(note)
        assert all(word in why for word in words)
        assert todo
        assert isinstance(claim.claim_next(sent.dispatch.pk), claim.Held)
        assert list(failed(verify(sent))) == []

    def test_opt_outs_count_too(self, sent):
        batch = hand_over(sent.dispatch, delivered=3, minutes_ago=31)
        person = batch.deliveries.first()
        Reply.objects.create(
            account=batch.account, key="1", phone=person.phone, content="R", is_opt_out=True, delivery=person,
            replied_at=timezone.now(),
        )  # fmt: skip
        assert self.tick(sent) == CampaignState.STOPPED
        assert sent.state_note == "limit_opted_out|33.3|1"

    def test_a_person_goes_on_anyway_and_it_is_recorded(self, sent, zhang):
        hand_over(sent.dispatch, failed=3, minutes_ago=31)
        self.tick(sent)
        assert steps.resume(sent, zhang)
        assert sent.state == CampaignState.RUNNING
        event = AuditEvent.objects.get(action="campaign.continued")
        assert (event.actor, event.detail) == (zhang, {"reason": "limit_failed|100.0|10"})
        assert self.tick(sent) == CampaignState.RUNNING
        hand_over(sent.dispatch, delivered=3)

    def test_it_can_be_paused_and_cancelled(self, sent, zhang):
        assert steps.pause(sent, zhang)
        assert sent.state == CampaignState.PAUSED
        assert steps.resume(sent, zhang)
        assert sent.state == CampaignState.CANARY
        assert steps.cancel(sent, zhang)
        assert list(failed(verify(sent))) == []


class TestWhileRunning:
    @pytest.fixture
    def many(self, make, zhang, monkeypatch):
        return begin(make, zhang, people=180, account=make.account(batch_size=60, per_second=Decimal(100_000)))

    def test_many_failures_stop_it(self, many):
        hand_over(many.dispatch, failed=7, delivered=53)
        steps.tick()
        many.refresh_from_db()
        assert (many.state, many.state_note) == (CampaignState.STOPPED, "limit_failed|11.7|10")
        assert many.dispatch.batches.filter(state=BatchState.QUEUED).count() == 2

    @pytest.mark.parametrize(
        "outcome", [{"failed": 6, "delivered": 54}, {"failed": 40}, {"delivered": 49, "failed": 0}]
    )
    def test_inside_the_limits_or_too_few_to_say(self, many, outcome):
        hand_over(many.dispatch, **outcome)
        steps.tick()
        many.refresh_from_db()
        assert many.state == CampaignState.RUNNING

    def test_only_the_latest_results_count(self, many):
        SendingPolicy(approve_first_use=False, approve_outside_hours=False, stop_results=60).save()
        hand_over(many.dispatch, failed=60, minutes_ago=5)
        hand_over(many.dispatch, delivered=60)
        steps.tick()
        many.refresh_from_db()
        assert many.state == CampaignState.RUNNING

    def test_without_limits_nothing_is_asked(self, many, django_assert_num_queries):
        Campaign.objects.update(stop_failed=None, stop_unknown=None, stop_opted_out=None)
        many.refresh_from_db()
        hand_over(many.dispatch, failed=60)
        with django_assert_num_queries(1):
            auto_stop.look(many)

    def test_two_queries_whatever_the_size(self, many, django_assert_num_queries):
        hand_over(many.dispatch, delivered=60)
        for _ in range(2):
            with django_assert_num_queries(2):
                auto_stop.measure(many.dispatch, None, 10**6)
            hand_over(many.dispatch, delivered=60)


class TestHolidays:
    def test_a_round_waits_on_a_holiday(self, make, zhang):
        today = timezone.localdate().isoformat()
        SendingPolicy(approve_first_use=False, approve_outside_hours=False, holidays=[today]).save()
        campaign = begin(make, zhang)
        assert campaign.dispatch.holidays == [today]
        assert claim.claim_next(campaign.dispatch.pk) == claim.Held("window")
        assert campaign.state == CampaignState.HOLDING

    def test_notices_do_not_wait(self, make, zhang):
        SendingPolicy(
            approve_outside_hours=False, approve_first_use=False, holidays=[timezone.localdate().isoformat()]
        ).save()
        campaign = begin(make, zhang, purpose="notice")
        assert campaign.state == CampaignState.RUNNING
        assert isinstance(claim.claim_next(campaign.dispatch.pk), claim.Claimed)

    def test_the_end_is_reckoned_around_them(self):
        start = timezone.make_aware(datetime(2026, 12, 30, 20, 0))
        window, closed = (
            SendingWindow(time(9), time(21)),
            frozenset({datetime(2026, 12, 31).date(), datetime(2027, 1, 1).date()}),
        )
        assert finish_time(start, 7200, 1, window, closed) == timezone.make_aware(datetime(2027, 1, 2, 10, 0))
        assert finish_time(start, 5 * 3600, 1, None, closed) == timezone.make_aware(datetime(2027, 1, 2, 1, 0))

    def test_what_is_past_its_time_is_too_late_instead_of_going_out_later(self, make, zhang):
        from messaging.worker import sweep

        SendingPolicy(
            approve_first_use=False, approve_outside_hours=False, holidays=[timezone.localdate().isoformat()]
        ).save()
        campaign = begin(make, zhang, send_until=timezone.now() + timedelta(days=2))
        Dispatch.objects.filter(pk=campaign.dispatch_id).update(send_until=timezone.now() - timedelta(seconds=1))
        sweep.close_and_finish()
        assert isinstance(claim.claim_next(campaign.dispatch.pk), claim.Held)
        assert set(campaign.dispatch.batches.values_list("state", flat=True)) == {BatchState.TOO_LATE}
        assert Dispatch.objects.get(pk=campaign.dispatch_id).state == DispatchState.DONE
        assert list(failed(verify(campaign))) == []
