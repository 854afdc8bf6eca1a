"""A colleague's word before a big, costly or new campaign goes out: asked for, given on a frozen snapshot, void after any
change of what the snapshot covers."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.approvals import first_uses, snapshot
from campaigns.approvals.reasons import Reason, above_limits
from campaigns.approvals.snapshot import versions_of
from campaigns.approvals.subject import CannotDecide, Subject
from campaigns.audit_actions import AuditAction
from campaigns.models import Approval, Campaign
from campaigns.states import ApprovalState, CampaignState
from kit import audit, clock, display
from kit.people import Actor, Person
from messaging.models import SendingPolicy, SendingWindow
from templates_5g.services import freeze

OPEN = (ApprovalState.PENDING, ApprovalState.GRANTED)


def reasons(campaign: Campaign) -> list[Reason]:
    """Why a colleague has to approve this checked campaign; empty where nobody has to."""
    if campaign.checked_at is None:
        return []
    policy = SendingPolicy.current()
    found = above_limits(policy, campaign.report.to_send, campaign.report.cost.high)
    if policy.approve_first_use and first_uses.never_sent(versions_of(campaign)).exists():
        found.append(Reason("first_use", {}))
    if policy.approve_outside_hours and _outside_hours(campaign, policy):
        found.append(_outside_because(campaign, policy))
    return found


def _outside_hours(campaign: Campaign, policy: SendingPolicy) -> bool:
    """Without a window of its own it may go out at any hour."""
    allowed, own = policy.window_for(campaign.version.template.purpose), SendingWindow.of(campaign)
    return allowed is not None and (own is None or not allowed.covers(own))


def _outside_because(campaign: Campaign, policy: SendingPolicy) -> Reason:
    purpose = campaign.version.template.purpose
    windows = {"window": policy.window_for(purpose), "own": SendingWindow.of(campaign)}
    return Reason("outside_hours", {"purpose": purpose, **{name: str(one or "") for name, one in windows.items()}})


def granted(campaign: Campaign) -> Approval | None:
    """The approval that holds for the campaign as it is stored now."""
    rows = campaign.approvals.filter(kind=Approval.Kind.CAMPAIGN, state=ApprovalState.GRANTED)
    given = rows.select_related("decided_by").order_by("-pk").first()
    return given if given is not None and given.snapshot["covers"] == snapshot.of_campaign(campaign.pk) else None


def missing(campaign: Campaign) -> list[str]:
    """Why the campaign may not be confirmed yet, in words; empty when it needs no approval or has a valid one."""
    found = reasons(campaign)
    return [] if not found or granted(campaign) else [one.sentence for one in found]


@transaction.atomic
def ask(campaign: Campaign, actor: Person, token_holder: Actor = None) -> Approval:
    """CHECKED -> AWAITING, with the snapshot that the colleague decides on. Its versions are frozen. `token_holder` holds the API
    token by which it is asked. Raises CannotDecide."""
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.state != CampaignState.CHECKED or locked.checked_at != campaign.checked_at:
        raise CannotDecide(_("The campaign was changed or checked again meanwhile. Look at the new report first."))
    because = reasons(locked)
    if not because or locked.report.blocked:
        raise CannotDecide(_("There is nothing to approve: look at the report first."))
    for version in versions_of(locked):
        freeze(version)
    locked.approvals.filter(kind=Approval.Kind.CAMPAIGN, state__in=OPEN).update(state=ApprovalState.VOID)
    given = {"covers": snapshot.of_campaign(locked.pk), "because": [one.dumped() for one in because]}
    approval = Approval.objects.create(campaign=locked, snapshot=given, asked_by=actor, token_holder=token_holder)
    Campaign.objects.filter(pk=locked.pk).update(state=CampaignState.AWAITING, state_note="")
    audit.record(AuditAction.APPROVAL_ASKED, actor=actor, target=locked, detail=detail_of(approval))
    campaign.refresh_from_db()
    return approval


def detail_of(approval: Approval) -> Mapping[str, object]:
    """What the audit trail says of it."""
    covers = approval.snapshot["covers"]
    return {"approval": approval.pk, "people": covers["to_send"], "cost": covers["cost"]["high"]}


class CampaignSubject(Subject[Approval]):
    granted, rejected = AuditAction.CAMPAIGN_APPROVED, AuditAction.CAMPAIGN_SENT_BACK

    def locked(self, pk: int) -> Approval:
        """The campaign is locked first, as everybody locks it."""
        list(Campaign.objects.select_for_update(of=("self",)).filter(approvals=pk).values_list("pk"))
        return Approval.objects.select_related("campaign", "decided_by").get(pk=pk)

    def why_not(self, row: Approval, person: Person) -> str:
        """Whoever asked, made the campaign or changed it does not decide; nor who held the token by which that was done."""
        campaign = row.campaign
        mine = (row.asked_by_id, row.token_holder_id, campaign.created_by_id, campaign.token_holder_id)
        if person.pk not in mine and not campaign.editors.filter(pk=person.pk).exists():
            return ""
        return _("A colleague decides: whoever asked for it, made the campaign or changed it does not.")

    def is_open(self, row: Approval) -> bool:
        return super().is_open(row) and row.campaign.state == CampaignState.AWAITING

    def is_void(self, row: Approval) -> bool:
        return bool(row.snapshot["covers"] != snapshot.of_campaign(row.campaign_id))

    def settled(self, row: Approval) -> None:
        note = "sent_back" if row.state == ApprovalState.REFUSED else ""
        Campaign.objects.filter(pk=row.campaign_id).update(state=CampaignState.CHECKED, state_note=note)

    def trail(self, row: Approval) -> tuple[Campaign, dict[str, Any]]:
        return row.campaign, {**detail_of(row), "reason": row.reason}


SUBJECT = CampaignSubject()


def passed_words(approval: Approval) -> str:
    """That the start time of the campaign that waits has passed; "" where it has not."""
    start_at = approval.campaign.start_at
    if start_at is None or start_at > clock.now():
        return ""
    words = _("The start time %(at)s has passed. Approve that it starts at once, or send it back for another time.")
    return words % {"at": display.to_the_minute(start_at)}


@transaction.atomic
def withdraw(campaign: Campaign, actor: Actor) -> bool:
    """AWAITING -> CHECKED: it is not to be decided any more. False if it was decided meanwhile."""
    waiting = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.AWAITING)
    if not waiting.update(state=CampaignState.CHECKED):
        return False
    asked = Approval.objects.filter(campaign=campaign, kind=Approval.Kind.CAMPAIGN, state=ApprovalState.PENDING)
    asked.update(state=ApprovalState.VOID)
    audit.record(AuditAction.APPROVAL_WITHDRAWN, actor=actor, target=campaign)
    campaign.refresh_from_db()
    return True


def void_changed(campaign: Campaign) -> int:
    """After a change or a new check: what no longer covers the campaign as it is stored is void. Returns how many."""
    still_open = list(Approval.objects.filter(campaign=campaign, kind=Approval.Kind.CAMPAIGN, state__in=OPEN))
    if not still_open:
        return 0
    now = snapshot.of_campaign(campaign.pk)
    changed = [approval for approval in still_open if approval.snapshot["covers"] != now]
    Approval.objects.filter(pk__in=[approval.pk for approval in changed]).update(state=ApprovalState.VOID)
    for approval in changed:
        audit.record(AuditAction.APPROVAL_VOID, target=approval.campaign, detail={"approval": approval.pk})
    return len(changed)
