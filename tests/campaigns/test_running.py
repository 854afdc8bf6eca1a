"""From the confirmed report to the last receipt, and the equations that must hold at every step."""

from datetime import time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import progress, steps
from campaigns.lifecycle.breakdown import breakdown
from campaigns.models import AuditEvent, Campaign
from campaigns.reports.verify import verify
from campaigns.states import CampaignState
from messaging.deliveries import status
from messaging.models import Attempt, Batch, Delivery, Dispatch, Receipt, SendingPolicy, Suppression
from messaging.sending import dispatches
from messaging.sentences import SENTENCES
from messaging.states import BatchState, Channel, DispatchState, OwnStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhang(db):
    return get_user_model().objects.create_user("张三")


@pytest.fixture
def ready(make):
    campaign = make.campaign(make.people(7))
    preflight.check(campaign)
    return campaign


def assert_proven(campaign):
    campaign.refresh_from_db()
    equations = verify(campaign)
    assert [str(equation) for equation in equations if not equation.holds] == []
    assert [equation.number for equation in equations] == [1, 2, 3, 4, 5, 6, 7]


class TestStart:
    def test_confirming_lays_out_and_starts(self, ready, zhang):
        steps.confirm_and_start(ready, "", zhang)
        assert (ready.state, ready.confirmed_by, ready.dispatch.state) == (CampaignState.RUNNING, zhang, "running")
        assert ready.started_at is not None
        assert_proven(ready)
        words = list(AuditEvent.objects.order_by("id").values_list("action", "actor__username", "target_type"))
        assert words == [
            ("campaign.confirmed", "张三", "campaigns.campaign"),
            ("dispatch.started", "张三", "messaging.dispatch"),
        ]

    def test_of_two_people_one_starts_and_the_other_is_told_who_and_when(self, ready, zhang):
        theirs = Campaign.objects.get(pk=ready.pk)
        steps.confirm_and_start(ready, "", zhang)
        with pytest.raises(steps.CannotStart) as caught:
            steps.confirm_and_start(theirs, "", get_user_model().objects.create_user("李四"))
        at = timezone.localtime(ready.confirmed_at).strftime("今天 %H:%M")
        assert "张三" in str(caught.value)
        assert at in str(caught.value)
        assert Dispatch.objects.count() == 1
        assert Delivery.objects.count() == 7

    def test_a_report_that_is_no_longer_the_newest(self, ready, zhang):
        seen = Campaign.objects.get(pk=ready.pk)
        preflight.check(ready)
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(seen, "", zhang)
        assert not Dispatch.objects.exists()

    @pytest.mark.parametrize(
        ("typed", "passes"), [("7", True), (" 7 ", True), ("", False), ("8", False), ("７", True), ("７．", False)]
    )
    def test_the_number_is_typed_above_the_limit(self, ready, zhang, typed, passes):
        SendingPolicy(type_above=6, approve_first_use=False, approve_outside_hours=False).save()
        if passes:
            steps.confirm_and_start(ready, typed, zhang)
        else:
            with pytest.raises(steps.CannotStart, match="7"):
                steps.confirm_and_start(ready, typed, zhang)
        ready.refresh_from_db()
        assert (ready.state == CampaignState.RUNNING) is passes

    def test_an_obstacle_stops_the_start_with_its_sentence(self, make, zhang):
        campaign = make.campaign(account=make.account(status="off"))
        preflight.check(campaign)
        with pytest.raises(steps.CannotStart) as caught:
            steps.confirm_and_start(campaign, "", zhang)
        assert str(caught.value) == preflight.sentence(campaign.report.obstacles[0])

    def test_an_unchecked_campaign(self, make, zhang):
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(make.campaign(), "", zhang)

    def test_many_people_are_laid_out_by_a_worker_once(self, ready, zhang, monkeypatch, run_queue):
        monkeypatch.setattr(steps, "INLINE_PEOPLE", 6)
        steps.confirm_and_start(ready, "", zhang)
        assert (ready.state, ready.dispatch) == (CampaignState.SCHEDULED, None)
        steps.launch(ready.pk)
        steps.launch(ready.pk)
        ready.refresh_from_db()
        assert ready.state == CampaignState.RUNNING
        assert Delivery.objects.count() == 7

    def test_more_people_than_confirmed_gives_the_campaign_back(self, make, zhang):
        campaign = make.campaign()
        Suppression.objects.create(phone="13800000001", scope="all", source="hand")
        preflight.check(campaign)
        Suppression.objects.update(lifted_at=timezone.now())
        steps.confirm_and_start(campaign, "", zhang)
        assert (campaign.state, campaign.state_note) == (CampaignState.DRAFT, "more_than_confirmed")
        assert not Dispatch.objects.exists()

    def test_a_later_start_waits_for_its_time(self, make, zhang):
        campaign = make.campaign(start_at=timezone.now() + timedelta(hours=1))
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", zhang)
        steps.tick()
        campaign.refresh_from_db()
        assert (campaign.state, campaign.dispatch.state) == (CampaignState.SCHEDULED, DispatchState.READY)
        Campaign.objects.update(start_at=timezone.now() - timedelta(seconds=1))
        steps.tick()
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.RUNNING
        assert Dispatch.objects.get().state == DispatchState.RUNNING


class TestSteps:
    @pytest.fixture
    def sending(self, ready, zhang):
        return steps.confirm_and_start(ready, "", zhang)

    def test_pause_resume_cancel(self, sending, zhang):
        assert steps.pause(sending, zhang)
        assert (sending.state, sending.dispatch.state) == (CampaignState.PAUSED, DispatchState.PAUSED)
        assert not steps.pause(sending, zhang)
        assert steps.resume(sending, zhang)
        assert sending.state == CampaignState.RUNNING
        assert steps.cancel(sending, zhang)
        assert sending.state == CampaignState.CANCELLED
        assert sending.finished_at is not None
        assert not steps.resume(sending, zhang)
        assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.CANCELLED}
        assert_proven(sending)

    def test_cancel_before_the_rows_are_there(self, ready, zhang, monkeypatch):
        monkeypatch.setattr(steps, "INLINE_PEOPLE", 0)
        steps.confirm_and_start(ready, "", zhang)
        assert steps.cancel(ready, zhang)
        steps.launch(ready.pk)
        ready.refresh_from_db()
        assert (ready.state, ready.dispatch) == (CampaignState.CANCELLED, None)

    def test_outside_the_window_it_holds(self, sending):
        hour = 2 if timezone.localtime().hour >= 12 else 20  # at least six hours from now, and not over midnight
        Dispatch.objects.update(window_from=time(hour), window_until=time(hour + 1))
        steps.refresh_state(sending)
        assert (sending.state, sending.state_note) == (CampaignState.HOLDING, "window")

    def test_a_stopped_account_holds_and_says_why(self, sending):
        sending.account.__class__.objects.update(status="stopped", stop_reason="balance")
        steps.refresh_state(sending)
        assert (sending.state, sending.state_note) == (CampaignState.HOLDING, "balance")

    def test_a_stopped_round_stops_the_campaign(self, sending):
        from messaging.sending import outcomes

        outcomes.stop_dispatch(sending.dispatch, "template_unusable", "")
        sending.refresh_from_db()
        assert (sending.state, sending.state_note) == (CampaignState.STOPPED, "template_unusable")

    def test_handed_over_is_not_done_until_everybody_has_a_result(self, sending):
        Batch.objects.update(state=BatchState.SUBMITTED, submitted_at=timezone.now())
        assert dispatches.finish(sending.dispatch)
        sending.refresh_from_db()
        assert sending.state == CampaignState.SETTLING
        Delivery.objects.update(own_status=OwnStatus.DELIVERED)
        for batch in Batch.objects.all():
            Batch.objects.filter(pk=batch.pk).update(n_delivered=batch.size)
        steps.tick()
        sending.refresh_from_db()
        assert sending.state == CampaignState.DONE
        assert_proven(sending)


class TestVerify:
    @pytest.fixture
    def sending(self, ready, zhang):
        return steps.confirm_and_start(ready, "", zhang)

    def failing(self, campaign):
        campaign.refresh_from_db()
        return [equation.number for equation in verify(campaign) if not equation.holds]

    def test_before_the_start_it_holds(self, ready):
        assert self.failing(ready) == []

    def test_a_lost_problem_row(self, make, zhang):
        campaign = make.campaign(audience=make.audience(make.people(3), invalid=1))
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", zhang)
        assert self.failing(campaign) == [1]

    def test_a_lost_person(self, sending):
        lost = Delivery.objects.filter(batch__number=1).first()
        lost.delete()
        assert self.failing(sending) == [2, 4]

    def test_a_person_in_no_batch(self, sending):
        Delivery.objects.filter(phone="13800000001").update(batch=None)
        assert self.failing(sending) == [3, 4, 7]

    def test_a_wrong_counter(self, sending):
        Batch.objects.filter(number=1).update(n_failed=1)
        assert self.failing(sending) == [4]

    def test_a_batch_twice_on_the_wire(self, sending, zhang):
        batch = Batch.objects.get(number=1)
        values = {"batch": batch, "account": batch.account, "started_at": timezone.now()}
        Attempt.objects.create(number=1, reference="a", outcome="not_taken", **values)
        Attempt.objects.create(number=2, reference="b", outcome="unknown", **values)
        Attempt.objects.create(number=3, reference="c", outcome="accepted", is_vendor_check=True, **values)
        Attempt.objects.create(number=4, reference="d", outcome="accepted", signed_by=zhang, **values)
        assert self.failing(sending) == []
        Attempt.objects.create(number=5, reference="e", outcome="accepted", **values)
        assert self.failing(sending) == [5]

    def test_a_delivery_behind_its_receipt(self, sending):
        batch = Batch.objects.get(number=1)
        attempt = Attempt.objects.create(
            batch=batch, account=batch.account, number=1, reference="a", outcome="accepted", started_at=timezone.now()
        )
        Receipt.objects.create(
            account=batch.account, key="k", state="matched", phone="13800000001", status="delivered", attempt=attempt
        )
        assert self.failing(sending) == [6]
        Delivery.objects.filter(phone="13800000001").update(own_status=OwnStatus.READ)
        Batch.objects.filter(pk=batch.pk).update(n_read=1)
        assert self.failing(sending) == []

    def test_a_wrong_total(self, sending):
        Dispatch.objects.update(total=8)
        assert self.failing(sending) == [7]

    def test_the_command(self, sending, capsys):
        call_command("verify", str(sending.pk))
        printed = capsys.readouterr().out
        assert printed.count("ok") == 7
        assert "members=7  deliveries=7" in printed
        Dispatch.objects.update(total=8)
        with pytest.raises(SystemExit) as caught:
            call_command("verify", sending.name)
        assert caught.value.code == 1
        with pytest.raises(CommandError):
            call_command("verify", "没有")


class TestProgress:
    def test_counts_close_and_rates_name_their_denominator(self, make, zhang):
        campaign = make.campaign(audience=make.audience(make.people(10)))
        Suppression.objects.create(phone="13800000001", scope="all", source="hand")
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", zhang)
        first, second, third = Batch.objects.order_by("number")
        Batch.objects.filter(pk=first.pk).update(state="submitted", n_delivered=1, n_read=1, n_failed=1)
        Batch.objects.filter(pk=second.pk).update(state="unknown", n_skipped=1)
        phones = list(first.deliveries.order_by("phone").values_list("phone", flat=True))
        for phone, own in zip(phones, (OwnStatus.DELIVERED, OwnStatus.READ, OwnStatus.FAILED), strict=True):
            Delivery.objects.filter(phone=phone).update(
                own_status=own, channel="rcs" if own != OwnStatus.FAILED else ""
            )
        skipped = second.deliveries.first()
        Delivery.objects.filter(pk=skipped.pk).update(own_status=OwnStatus.SKIPPED, reason="opted_out")
        campaign.refresh_from_db()
        found = progress.progress(campaign)
        assert found.counts == {"read": 1, "delivered": 1, "failed": 1, "unknown": 2, "queued": 3, "skipped": 2}
        assert (found.people, found.left_out, found.later_out, found.total) == (9, 1, 1, 10)
        assert (found.handed_over, found.closes, found.delivery_rate) == (5, True, (2, 3))
        assert breakdown(campaign).channels == [(str(Channel.RCS.label), 2)]
        assert breakdown(campaign).unsent == {"suppressed": 1, "opted_out": 1}

    def test_the_list_counts_all_campaigns_in_three_queries(self, make, zhang, django_assert_num_queries):
        campaigns = []
        for _ in range(4):
            campaign = make.campaign(make.people(4))
            preflight.check(campaign)
            campaigns.append(steps.confirm_and_start(campaign, "", zhang))
            Batch.objects.filter(dispatch=campaign.dispatch, number=1).update(
                state="claimed", n_failed=len(campaigns) - 1
            )
        for some in (campaigns[:2], campaigns):
            with django_assert_num_queries(3):
                counts = progress.counts_by_campaign(some)
            assert counts == {c.pk: status.dispatch_counts([c.dispatch_id]) for c in some}

    def test_reasons_of_failure_with_what_to_do(self, ready, zhang):
        steps.confirm_and_start(ready, "", zhang)
        first, second, _third = Batch.objects.order_by("number")
        Batch.objects.filter(pk=first.pk).update(state="rejected", reason="content_refused")
        second.deliveries.update(own_status=OwnStatus.FAILED, reason="handset")
        Batch.objects.filter(pk=second.pk).update(state="submitted", n_failed=3)
        found = breakdown(Campaign.objects.get(pk=ready.pk)).failures
        assert sorted(people for _what, _todo, people in found) == [3, 3]
        assert {what for what, _todo, _n in found} == {
            str(SENTENCES[reason].what) for reason in ("content_refused", "handset")
        }


class TestWholeWay:
    def test_import_plan_send_and_prove(self, house, make, zhang, run_queue):
        people = make.people(50)
        campaign = Campaign.objects.create(
            name="双十一",
            version=house.version,
            audience=make.audience(people),
            account=house.account,
            signature=house.signature,
            chatbot=house.chatbot,
        )
        Suppression.objects.create(phone=people[3][0], scope="all", source="hand")
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", zhang)
        run_queue()
        assert house.accepted() == {phone: 1 for phone, _values in people if phone != people[3][0]}
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.SETTLING
        assert progress.progress(campaign).counts == {"submitted": 49, "skipped": 1}
        assert_proven(campaign)
