"""What is left when whoever checks, lays out or reads a file dies on the way: the tick asks for it again."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import preflight
from campaigns.audiences import imports
from campaigns.lifecycle import steps
from campaigns.models import AudienceImport, Campaign
from campaigns.preflight import report
from campaigns.states import CampaignState, ImportState
from messaging.models import PendingJob
from tests.database import failing

pytestmark = pytest.mark.django_db


def jobs():
    return [(job.task["func"].rpartition(".")[2], job.task["args"]) for job in OrmQ.objects.order_by("pk")]


def long_ago():
    return timezone.now() - timedelta(
        seconds=1 + max(settings.SONGDA[name] for name in ("STUCK_SECONDS", "JOB_LOST_SECONDS"))
    )


def test_a_check_that_breaks_leaves_the_campaign_as_it_was(make):
    campaign = make.campaign(make.people(3))

    with failing("SELECT .*campaigns_audiencemember", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        preflight.begin_check(campaign)
    assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.DRAFT


def test_a_big_check_whose_job_is_lost_is_asked_for_again_once(make, monkeypatch, run_queue):
    monkeypatch.setattr(report, "INLINE_PEOPLE", 2)
    campaign = make.campaign(make.people(3))
    assert preflight.begin_check(campaign) is False
    assert jobs() == [("check_campaign", (campaign.pk,))]
    OrmQ.objects.all().delete()
    steps.tick()
    assert jobs() == [], "its worker may still be busy"
    PendingJob.objects.filter(name=f"count:{campaign.pk}").update(since=long_ago())
    steps.tick()
    steps.tick()
    assert jobs() == [("check_campaign", (campaign.pk,))]
    run_queue()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.report.to_send) == (CampaignState.CHECKED, 3)
    steps.tick()
    assert jobs() == []


def test_a_confirmed_campaign_without_rows_is_asked_for_once_at_a_time(make, monkeypatch, run_queue):
    monkeypatch.setattr(steps, "INLINE_PEOPLE", 2)
    campaign = make.campaign(make.people(3))
    preflight.check(campaign)
    steps.confirm_and_start(campaign, "3", None)
    OrmQ.objects.all().delete()
    Campaign.objects.update(confirmed_at=long_ago())
    for _tick in range(3):
        steps.tick()
    assert jobs() == [("launch_campaign", (campaign.pk,))]
    run_queue()
    campaign.refresh_from_db()
    assert campaign.dispatch.total == 3


def test_a_file_that_has_not_got_on_is_asked_for_once_in_a_while(make):
    source = make.audience([], state=ImportState.CHECKING).imports.get()
    AudienceImport.objects.update(moved_at=timezone.now())
    assert imports.wake_stuck() == 0
    AudienceImport.objects.update(moved_at=long_ago())
    assert (imports.wake_stuck(), imports.wake_stuck()) == (1, 0)
    assert jobs() == [("check_import", (source.pk,))]
