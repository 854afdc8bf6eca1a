"""A colleague's word before a follow-up that is above a limit: it is asked for and given like a campaign's, on a frozen
snapshot of the campaign, the chosen groups, the number and the cost. It holds for one follow-up to at most that number."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.approvals import snapshot
from campaigns.approvals.campaign_approvals import OPEN, CampaignSubject, detail_of
from campaigns.approvals.reasons import Reason, above_limits
from campaigns.approvals.subject import CannotDecide
from campaigns.audit_actions import AuditAction
from campaigns.models import Approval, Campaign, CostEstimate
from campaigns.states import ApprovalState, CampaignState
from kit import audit
from kit.people import Actor, Person
from messaging.models import SendingPolicy


class FollowUpSubject(CampaignSubject):
    """Beside a follow-up that waits the campaign goes its way until it is cancelled. The follow-up's own numbers are asked for at
    its start."""

    granted, rejected = AuditAction.FOLLOW_UP_APPROVED, AuditAction.FOLLOW_UP_SENT_BACK

    def is_open(self, row: Approval) -> bool:
        return row.state == ApprovalState.PENDING and row.campaign.state != CampaignState.CANCELLED

    def is_void(self, row: Approval) -> bool:
        return bool(row.snapshot["covers"]["campaign"] != snapshot.of_campaign(row.campaign_id))

    def settled(self, row: Approval) -> None:
        """Nothing: the campaign does not wait for it."""


SUBJECT = FollowUpSubject()


def reasons(people: int, cost: Decimal | None) -> list[Reason]:
    """Why a colleague has to approve a follow-up to so many; empty where nobody has to."""
    return above_limits(SendingPolicy.current(), people, cost)


def _key(groups: Sequence[str], until: datetime | None) -> Mapping[str, object]:
    return {"groups": sorted(groups), "until": until.isoformat() if until else None}


def latest(campaign: Campaign, groups: Sequence[str], until: datetime | None) -> Approval | None:
    """The newest request for this very follow-up that no follow-up has used, whatever became of it."""
    wanted = _key(groups, until)
    rows = campaign.approvals.filter(kind=Approval.Kind.FOLLOW_UP, spent_at=None)
    found = rows.select_related("asked_by", "decided_by").order_by("-pk")[:50]
    return next((row for row in found if row.snapshot["covers"]["follow_up"] == wanted), None)


def is_enough(approval: Approval | None, people: int, cost: Decimal | None) -> bool:
    """Granted, of the campaign as it is stored, and for at least this number and cost."""
    if approval is None or approval.state != ApprovalState.GRANTED or approval.spent_at is not None:
        return False
    covers = approval.snapshot["covers"]
    most = covers["cost"]["high"]
    within = people <= covers["to_send"] and (cost is None or (most is not None and cost <= Decimal(most)))
    return within and not SUBJECT.is_void(approval)


@transaction.atomic
def ask(
    campaign: Campaign,
    groups: Sequence[str],
    until: datetime | None,
    *,
    people: int,
    left_out: int,
    cost: CostEstimate,
    actor: Person,
) -> Approval:
    """A request for a follow-up with these numbers; an open one for the same groups is void. Raises CannotDecide."""
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    because = reasons(people, cost.high)
    if locked.state == CampaignState.CANCELLED or not because:
        raise CannotDecide(_("There is nothing to approve: look at the follow-up again."))
    covers: dict[str, Any] = {
        "follow_up": _key(groups, until),
        "campaign": snapshot.of_campaign(locked.pk),
        "to_send": people,
        "excluded": {"rules": left_out},
        "cost": cost.dump(),
    }
    _void(locked, covers["follow_up"])
    approval = Approval.objects.create(
        campaign=locked,
        kind=Approval.Kind.FOLLOW_UP,
        snapshot={"covers": covers, "because": [one.dumped() for one in because]},
        asked_by=actor,
    )
    audit.record(AuditAction.FOLLOW_UP_ASKED, actor=actor, target=locked, detail=detail_of(approval))
    return approval


def _void(campaign: Campaign, wanted: Mapping[str, object]) -> None:
    rows = campaign.approvals.filter(kind=Approval.Kind.FOLLOW_UP, spent_at=None, state__in=OPEN)
    same = [row.pk for row in rows if row.snapshot["covers"]["follow_up"] == wanted]
    Approval.objects.filter(pk__in=same).update(state=ApprovalState.VOID)


@transaction.atomic
def withdraw(approval: Approval, actor: Actor) -> bool:
    """It is not to be decided any more. False if it was decided meanwhile."""
    waiting = Approval.objects.filter(pk=approval.pk, kind=Approval.Kind.FOLLOW_UP, state=ApprovalState.PENDING)
    if not waiting.update(state=ApprovalState.VOID):
        return False
    audit.record(
        AuditAction.APPROVAL_WITHDRAWN, actor=actor, target=approval.campaign, detail={"approval": approval.pk}
    )
    return True


def spend(approval: Approval) -> bool:
    """For the one follow-up that it holds for. False if another has used it. Inside the transaction of that follow-up."""
    given = Approval.objects.filter(pk=approval.pk, state=ApprovalState.GRANTED, spent_at=None)
    return bool(given.update(spent_at=timezone.now()))


def unspent(campaign: Campaign) -> list[Approval]:
    """Requests that wait for a decision or for their follow-up, or were sent back, the newest first."""
    states = (*OPEN, ApprovalState.REFUSED)
    rows = campaign.approvals.filter(kind=Approval.Kind.FOLLOW_UP, spent_at=None, state__in=states)
    return list(rows.select_related("asked_by", "decided_by").order_by("-pk")[:5])
