"""A scheduled campaign that is paused does not start at its time, and a time that has passed meanwhile is asked about."""

from datetime import time, timedelta

import pytest
import time_machine
from django.utils import timezone
from django.utils.html import strip_tags

from campaigns import preflight, roles
from campaigns.lifecycle import steps
from campaigns.states import CampaignState
from kit import display
from messaging.models import Batch, SendingWindow
from messaging.sending import dispatches
from messaging.sending.duration import finish_time
from messaging.states import DispatchState
from tests.database import on_the_hosts_clock
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_clock():
    with on_the_hosts_clock():
        yield


@pytest.fixture
def zhang():
    return person(roles.CAMPAIGNS)


@pytest.fixture
def scheduled(make, zhang):
    campaign = make.campaign(make.people(7), start_at=timezone.now() + timedelta(minutes=10))
    preflight.check(campaign)
    return steps.confirm_and_start(campaign, "", zhang)


def later(hours: float):
    return time_machine.travel(timezone.now() + timedelta(hours=hours))


def states(campaign) -> tuple[str, str]:
    campaign.refresh_from_db()
    return campaign.state, campaign.dispatch.state


def test_it_does_not_start_at_its_time(scheduled, zhang):
    assert steps.pause(scheduled, zhang)
    assert states(scheduled) == (CampaignState.PAUSED, DispatchState.PAUSED)
    assert not steps.pause(scheduled, zhang)
    with later(2):
        steps.tick()
        assert states(scheduled) == (CampaignState.PAUSED, DispatchState.PAUSED)
    assert set(Batch.objects.values_list("state", flat=True)) == {"queued"}


def test_resumed_in_time_it_goes_back_to_its_schedule(scheduled, zhang):
    steps.pause(scheduled, zhang)
    assert steps.resume(scheduled, zhang)
    assert states(scheduled) == (CampaignState.SCHEDULED, DispatchState.READY)
    steps.tick()
    assert states(scheduled) == (CampaignState.SCHEDULED, DispatchState.READY)
    with later(2):
        steps.tick()
        assert states(scheduled)[1] == DispatchState.RUNNING
        scheduled.refresh_from_db()
        assert scheduled.started_at is not None


def test_a_time_that_passed_meanwhile_is_asked_about(scheduled, zhang):
    steps.pause(scheduled, zhang)
    with later(2):
        with pytest.raises(steps.StartPassed):
            steps.resume(scheduled, zhang)
        steps.tick()
        assert states(scheduled) == (CampaignState.PAUSED, DispatchState.PAUSED)
        assert dispatches.waited_too_long(scheduled.dispatch)
        assert steps.resume(scheduled, zhang, at_once=True)
        assert states(scheduled)[1] == DispatchState.RUNNING


def test_the_page_asks_and_takes_the_answer(scheduled):
    client = signed_in(roles.CAMPAIGNS)
    base = f"/admin/campaigns/campaign/{scheduled.pk}"
    assert f"{base}/pause/" in client.get(f"{base}/progress/").content.decode()
    client.post(f"{base}/pause/")
    assert states(scheduled)[0] == CampaignState.PAUSED
    with later(0.25):
        page = read(client.post(f"{base}/resume/"))
        assert "马上开始，发给 7 人" in page.text
        assert states(scheduled)[0] == CampaignState.PAUSED
        assert client.post(f"{base}/resume/", {"at_once": "yes"}).status_code == 302
        assert states(scheduled)[1] == DispatchState.RUNNING


def test_its_rounds_own_page_does_not_start_it_either(scheduled, zhang):
    steps.pause(scheduled, zhang)
    client = signed_in(superuser=True)
    with later(0.25):
        client.post(f"/admin/messaging/dispatch/{scheduled.dispatch_id}/resume/")
        assert states(scheduled) == (CampaignState.PAUSED, DispatchState.PAUSED)


def test_paused_before_its_rows_are_there(make, zhang, monkeypatch, run_queue):
    monkeypatch.setattr(steps, "INLINE_PEOPLE", 0)
    campaign = make.campaign(make.people(7), start_at=timezone.now() + timedelta(hours=1))
    preflight.check(campaign)
    steps.confirm_and_start(campaign, "", zhang)
    assert steps.pause(campaign, zhang)
    run_queue()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.dispatch_id) == (CampaignState.PAUSED, None)
    assert signed_in(roles.CAMPAIGNS).get(f"/admin/campaigns/campaign/{campaign.pk}/progress/").status_code == 200
    assert steps.resume(campaign, zhang)
    run_queue()
    assert states(campaign) == (CampaignState.SCHEDULED, DispatchState.READY)


def test_it_can_be_cancelled_while_it_is_paused(scheduled, zhang):
    steps.pause(scheduled, zhang)
    assert steps.cancel(scheduled, zhang)
    assert states(scheduled) == (CampaignState.CANCELLED, DispatchState.CANCELLED)


def test_a_window_that_ends_before_it_begins_never_opens_and_nothing_says_otherwise():
    now = timezone.now()
    assert finish_time(now, 10, 1.0, SendingWindow(time(22), time(6))) is None
    assert finish_time(now, 10, 1.0, SendingWindow(time(9), time(9))) is None
    assert finish_time(now, 10, 1.0, None) == now + timedelta(seconds=10)


def test_the_page_says_for_when_it_waits_also_while_it_is_paused(scheduled, zhang):
    page = f"/admin/campaigns/campaign/{scheduled.pk}/progress/"
    at = strip_tags(display.when(scheduled.start_at))
    assert f"开始 {at} · " in read(signed_in(roles.CAMPAIGNS).get(page)).text
    steps.pause(scheduled, zhang)
    assert f"开始 {at} · " in read(signed_in(roles.CAMPAIGNS).get(page)).text
    with later(2):
        assert f"开始 {at} · " not in read(signed_in(roles.CAMPAIGNS).get(page)).text
