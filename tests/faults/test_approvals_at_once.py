"""Two people at one approval: threads with connections of their own, on both databases. Nothing starts without a word that
holds for what it starts, and nothing is decided or started twice."""

from collections import Counter

import pytest
from django.contrib.auth.models import User

from campaigns import preflight
from campaigns.approvals import campaign_approvals, follow_up_approvals
from campaigns.approvals import decide as approvals_decide
from campaigns.lifecycle import edit, follow_ups, steps
from campaigns.lifecycle.forms import CampaignForm
from campaigns.models import Approval, AuditEvent, Campaign
from campaigns.states import ApprovalState, CampaignState
from messaging.models import Batch, Delivery, SendingPolicy
from messaging.sending import dispatches
from messaging.states import BatchState, OwnStatus
from tests.builders import stored
from tests.faults.scenes import at_once

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

ROUNDS = 4
REFUSALS = (
    approvals_decide.CannotDecide,
    follow_ups.CannotFollow,
    preflight.NotNow,
    steps.CannotStart,
)


@pytest.fixture
def limited(scene):
    """More than 6 people need a colleague's word."""
    SendingPolicy(
        approve_people=6, approve_cost=None, approve_first_use=False, approve_outside_hours=False, same_content_days=0
    ).save()
    yield scene
    SendingPolicy(
        approve_people=None,
        approve_cost=None,
        approve_first_use=False,
        approve_outside_hours=False,
        same_content_days=0,
    ).save()


def people(scene, *names):
    return [User.objects.create_user(f"{name}{scene.make.number}") for name in names]


def checked(scene, maker=None):
    campaign = scene.make.campaign(scene.make.people(7, first=13700000000 + scene.make.number), created_by=maker)
    preflight.check(campaign)
    return campaign


def fresh(campaign):
    return Campaign.objects.get(pk=campaign.pk)


def told(act, *args):
    """The act on these, whose refusal is a result like another."""

    def run():
        try:
            return act(*args)
        except REFUSALS as refusal:
            return type(refusal)

    return run


def start(campaign, who):
    return steps.confirm_and_start(fresh(campaign), "", who)


def decide(verb, approval, who):
    return verb(Approval.objects.get(pk=approval.pk), who, "看过")


def send_again(campaign, who):
    return follow_ups.resend(fresh(campaign), ["failed"], 7, who)


def withdraw_and_change(campaign, who):
    campaign_approvals.withdraw(fresh(campaign), who)
    return change(campaign, who)


def change(campaign, actor):
    """Another cap, as somebody saves it in the form."""
    row = fresh(campaign)
    values = {name: getattr(row, f"{name}_id", getattr(row, name)) for name in CampaignForm.Meta.fields}
    values = {name: value for name, value in values.items() if value is not None and value is not False}
    values["_loaded"] = CampaignForm(instance=row).loaded
    form = CampaignForm({**values, "cap_count": 2}, instance=row)
    assert form.is_valid(), form.errors
    return edit.save(form, actor)


def test_of_two_who_start_what_was_approved_one_does(limited):
    for _dispatch in range(ROUNDS):
        zhang, li, wang = people(limited, "张三", "李四", "王五")
        campaign = checked(limited, zhang)
        approvals_decide.grant(campaign_approvals.ask(campaign, zhang), li)
        acts = [told(start, campaign, who) for who in (zhang, wang)]
        results = at_once(*acts)
        assert results.count(steps.CannotStart) == 1
        assert stored(campaign).dispatches.count() == 1
        assert stored(campaign).deliveries.count() == 7
        confirmed = AuditEvent.objects.filter(action="campaign.confirmed", target_id=str(campaign.pk))
        assert confirmed.count() == 1


def test_of_two_who_decide_one_does(limited):
    seen = Counter()
    for nth in range(ROUNDS):
        zhang, li, wang = people(limited, "张三", "李四", "王五")
        approval = campaign_approvals.ask(checked(limited, zhang), zhang)
        second = approvals_decide.grant if nth % 2 else approvals_decide.refuse
        results = at_once(
            told(decide, approvals_decide.grant, approval, li),
            told(decide, second, approval, wang),
        )
        assert results.count(approvals_decide.CannotDecide) == 1
        approval.refresh_from_db()
        winner = (li, wang)[results.index(approvals_decide.CannotDecide) == 0]
        assert approval.decided_by == winner
        decisions = AuditEvent.objects.filter(
            action__in=("campaign.approved", "campaign.sent_back"), target_id=str(approval.campaign_id)
        )
        assert decisions.count() == 1
        seen[approval.state] += 1
    assert sum(seen.values()) == ROUNDS


def test_a_change_beside_the_decision_never_leaves_a_word_for_something_else(limited):
    """Withdrawn and changed while a colleague approves: either the word came first and is void by the change, or it finds
    nothing to decide. It starts in neither case."""
    for _dispatch in range(ROUNDS):
        zhang, li = people(limited, "张三", "李四")
        campaign = checked(limited, zhang)
        approval = campaign_approvals.ask(campaign, zhang)

        at_once(
            told(decide, approvals_decide.grant, approval, li),
            told(withdraw_and_change, campaign, zhang),
        )
        approval.refresh_from_db()
        row = fresh(campaign)
        assert row.cap_count == 2
        assert (approval.state, row.state) == (ApprovalState.VOID, CampaignState.DRAFT)
        preflight.check(row)
        with pytest.raises(steps.CannotStart):
            steps.confirm_and_start(row, "", zhang)
        assert not stored(campaign).dispatches.exists()


def test_a_change_beside_the_start_is_sent_as_approved_or_not_at_all(limited):
    seen = Counter()
    for _dispatch in range(ROUNDS * 2):
        zhang, li = people(limited, "张三", "李四")
        campaign = checked(limited, zhang)
        approvals_decide.grant(campaign_approvals.ask(campaign, zhang), li)
        at_once(
            told(start, campaign, zhang),
            told(change, campaign, zhang),
        )
        dispatch = stored(campaign).dispatches.first()
        row = fresh(campaign)
        if dispatch is None:
            assert (row.state, row.cap_count) == (CampaignState.DRAFT, 2)
            assert campaign_approvals.granted(row) is None
        else:
            assert (row.cap_count, dispatch.cap_count) == (None, None)
            assert campaign_approvals.granted(row) is not None
        seen[dispatch is None] += 1
    assert sum(seen.values()) == ROUNDS * 2


def test_one_word_for_a_follow_up_makes_one_follow_up(limited):
    for _dispatch in range(ROUNDS):
        zhang, li, wang = people(limited, "张三", "李四", "王五")
        campaign = checked(limited, zhang)
        approvals_decide.grant(campaign_approvals.ask(campaign, zhang), li)
        steps.confirm_and_start(fresh(campaign), "", zhang)
        _all_failed(campaign)
        row = fresh(campaign)
        found = follow_ups.preview(row, ["failed"])
        numbers = {"people": found.people, "left_out": 0, "cost": found.cost}
        approvals_decide.grant(follow_up_approvals.ask(row, ["failed"], None, **numbers, actor=zhang), li)
        acts = [told(send_again, campaign, who) for who in (zhang, wang)]
        results = at_once(*acts)
        assert results.count(follow_ups.CannotFollow) == 1
        assert stored(campaign).dispatches.filter(leg__startswith="resend").count() == 1
        assert Approval.objects.filter(campaign=campaign, kind="follow_up", spent_at__isnull=False).count() == 1


def _all_failed(campaign):
    dispatch = stored(campaign).dispatches.get()
    Delivery.objects.filter(dispatch=dispatch).update(own_status=OwnStatus.FAILED)
    for batch in Batch.objects.filter(dispatch=dispatch):
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.SUBMITTED, n_failed=batch.size)
    dispatches.finish(dispatch)
    steps.refresh_state(fresh(campaign))
