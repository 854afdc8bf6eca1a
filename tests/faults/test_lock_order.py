"""Two who want the same rows in a different order: nobody is thrown out, and nothing is left lying. On both databases."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from campaigns import preflight
from campaigns.lifecycle import follow_ups, steps
from campaigns.models import Campaign
from messaging.models import Batch, Delivery, Dispatch
from messaging.sending import dispatches
from messaging.states import BatchState, DispatchState, OwnStatus
from tests.builders import stored
from tests.database import before
from tests.faults.scenes import at_once

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]


def test_a_round_is_not_done_while_batches_are_being_added(scene):
    dispatch = scene.dispatch(1, 1)
    Batch.objects.filter(dispatch=dispatch).update(state=BatchState.SUBMITTED)
    added = threading.Event()

    def add():
        with transaction.atomic():
            Dispatch.objects.select_for_update().get(pk=dispatch.pk)
            Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=2, size=0)
            assert not dispatches.start(Dispatch.objects.get(pk=dispatch.pk))
            added.set()
            threading.Event().wait(0.3)

    def finish():
        added.wait(10)
        return dispatches.finish(Dispatch.objects.get(pk=dispatch.pk))

    assert at_once(add, finish)[1] is False
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.RUNNING


@pytest.fixture
def falling_back(scene):
    """A campaign whose fallback dispatch runs while one more person has failed; and who may pause it."""
    make = scene.make
    actor = User.objects.create_user(f"张三{make.number}")
    second, version = make.account(), make.version()
    make.approve(version, second)
    people = make.people(3, first=13_700_000_000 + make.number)
    campaign = make.campaign(people, fallback_account=second, fallback_version=version)
    preflight.check(campaign)
    steps.confirm_and_start(campaign, "", actor)
    fail(campaign, 0)
    assert follow_ups.fall_back(campaign) == 1
    fail(campaign, 1)
    return campaign, actor


def fail(campaign, nth):
    main = stored(campaign).dispatches.get(leg="main")
    Batch.objects.filter(dispatch=main).update(state=BatchState.SUBMITTED, n_failed=nth + 1)
    person = Delivery.objects.filter(dispatch=main).order_by("phone")[nth]
    Delivery.objects.filter(pk=person.pk).update(own_status=OwnStatus.FAILED)


@pytest.mark.parametrize("act", [steps.pause, steps.cancel], ids=["pause", "cancel"])
def test_a_person_acts_while_the_campaign_falls_back(falling_back, act):
    campaign, actor = falling_back
    locked = threading.Event()

    def take_a_while():
        locked.set()
        threading.Event().wait(0.3)

    def fall_back():
        """It holds the campaign while it counts who failed."""
        with before("FROM .*campaigns_audiencemember", take_a_while) as counted:
            follow_ups.fall_back(campaign)
        assert len(counted) == 1

    def person():
        locked.wait(10)
        return act(Campaign.objects.get(pk=campaign.pk), actor)

    assert at_once(fall_back, person)[1] is True
    states = set(stored(campaign).dispatches.values_list("state", flat=True))
    assert states == {"paused" if act is steps.pause else "cancelled"}
