"""Campaigns while sending is held after a restore: nothing is laid out or started; what was not laid out is confirmed anew."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import steps
from campaigns.models import Campaign
from campaigns.states import CampaignState
from messaging import fence
from messaging.fence import decisions
from messaging.models import FenceHold
from messaging.states import DispatchState
from messaging.worker import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(db):
    return lambda: fence.hold(fence.Rule.FILE_AHEAD, {"host": "a"})


def scheduled(make, monkeypatch, *, laid_out=True):
    if not laid_out:
        monkeypatch.setattr(steps, "INLINE_PEOPLE", 0)
    campaign = make.campaign(make.people(3), start_at=timezone.now() + timedelta(hours=1))
    preflight.check(campaign)
    steps.confirm_and_start(campaign, "3", None)
    Campaign.objects.filter(pk=campaign.pk).update(start_at=timezone.now() - timedelta(minutes=1))
    campaign.refresh_from_db()
    return campaign


def test_a_scheduled_campaign_does_not_start_while_held_and_does_after(make, monkeypatch, held):
    campaign = scheduled(make, monkeypatch)
    hold = held()
    tasks.tick()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.dispatch.state) == (CampaignState.SCHEDULED, DispatchState.READY)
    decisions.opt_outs(hold, "waived")
    decisions.let_go(hold)
    assert decisions.finish(hold)
    tasks.tick()
    campaign.refresh_from_db()
    assert campaign.dispatch.state == DispatchState.RUNNING


def test_its_batches_are_in_doubt_and_can_be_said_to_have_been_sent(make, monkeypatch, held):
    campaign = scheduled(make, monkeypatch)
    hold = held()
    decisions.opt_outs(hold, "waived")
    assert decisions.mark_all_sent(hold) == 3
    assert decisions.finish(hold)
    tasks.tick()
    assert set(campaign.dispatch.batches.values_list("state", flat=True)) == {"submitted"}


def test_nothing_is_laid_out_while_held(make, monkeypatch, held, run_queue):
    campaign = scheduled(make, monkeypatch, laid_out=False)
    held()
    run_queue()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.dispatch) == (CampaignState.SCHEDULED, None)


@pytest.mark.parametrize(("keep", "state"), [(False, CampaignState.DRAFT), (True, CampaignState.SCHEDULED)])
def test_what_was_confirmed_and_not_laid_out_is_a_draft_again_unless_kept(make, monkeypatch, held, keep, state):
    campaign = scheduled(make, monkeypatch, laid_out=False)
    hold = held()
    decisions.opt_outs(hold, "waived")
    assert decisions.finish(hold, keep_scheduled=keep)
    campaign.refresh_from_db()
    assert campaign.state == state
    assert campaign.state_note == ("" if keep else "restored")


def test_nobody_confirms_a_campaign_while_held(make, held):
    campaign = make.campaign(make.people(3))
    preflight.check(campaign)
    held()
    with pytest.raises(steps.CannotStart, match="停发"):
        steps.confirm_and_start(campaign, "3", None)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.CHECKED
    assert FenceHold.objects.count() == 1
