"""A colleague's word before a big, costly or new campaign goes out: asked for, given on a frozen snapshot, void after any
change of what the snapshot covers."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Approval, AuditEvent, Campaign, SendingRules
from campaigns.states import ApprovalState, CampaignState
from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging.models import Dispatch
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze

BECAUSE = {
    "people": gettext_lazy("more than %(limit)s people"),
    "cost": gettext_lazy("may cost more than %(limit)s"),
    "first_use": gettext_lazy("this template version was never sent before"),
    "outside_hours": gettext_lazy("marketing outside %(window)s"),
}
_OPEN = (ApprovalState.PENDING, ApprovalState.GRANTED)
_FIELDS = (
    "audience_id",
    "account_id",
    "signature_id",
    "chatbot_id",
    "options",
    "operators",
    "start_at",
    "useless_after",
    "window_from",
    "window_until",
    "cap_count",
    "cap_days",
    "skip_same_days",
    "needs_consent",
    "per_second",
    "canary_people",
    "canary_percent",
    "canary_minutes",
    "stop_failed",
    "stop_unknown",
    "stop_opted_out",
    "share_b",
    "fallback_account_id",
    "fallback_on_silence",
)
_NUMBERS = ("imports", "rows", "excluded", "to_send", "arms", "canary", "requests", "units", "cost", "holidays")

Because = dict[str, Any]


class CannotDecide(Exception):
    """Nothing was asked or decided. str() says why and what to do."""


def reasons(campaign: Campaign) -> list[Because]:
    """Why a colleague has to approve this checked campaign: [{"key", "params"}], empty where nobody has to."""
    if not campaign.sheet:
        return []
    rules = SendingRules.current()
    found = above_limits(rules, campaign.sheet["to_send"], campaign.sheet["cost"]["high"])
    if rules.approve_first_use and _is_new(campaign):
        found.append(_because("first_use"))
    if rules.approve_outside_hours and _outside_hours(campaign, rules):
        found.append(_because("outside_hours", window=_window_words(rules)))
    return found


def above_limits(rules: SendingRules, people: int, cost: str | None) -> list[Because]:
    """The limits of people and of cost that are passed; a cost that is not known passes none."""
    found = []
    if rules.approve_people is not None and people > rules.approve_people:
        found.append(_because("people", limit=show.count(rules.approve_people)))
    if rules.approve_cost is not None and cost is not None and Decimal(cost) > rules.approve_cost:
        found.append(_because("cost", limit=show.money(rules.approve_cost)))
    return found


def _because(key: str, **params: Any) -> Because:
    return {"key": key, "params": params}


def sentence(because: Because) -> str:
    return str(BECAUSE[because["key"]]) % because["params"]


def _versions(campaign: Campaign) -> list[TemplateVersion]:
    versions = (campaign.version, campaign.version_b, campaign.fallback_version)
    return [version for version in versions if version is not None]


def _is_new(campaign: Campaign) -> bool:
    """Whether any of its versions went out in no round but tests."""
    wanted = TemplateVersion.objects.filter(pk__in={version.pk for version in _versions(campaign)})
    sent = Dispatch.objects.filter(version=OuterRef("pk"), started_at__isnull=False).exclude(kind=Dispatch.Kind.TEST)
    return wanted.exclude(Exists(sent)).exists()


def _outside_hours(campaign: Campaign, rules: SendingRules) -> bool:
    """Only marketing: without a window it may go out at any hour."""
    allowed = rules.window_for("marketing")
    if campaign.version.template.purpose != "marketing" or allowed is None:
        return False
    if campaign.window_from is None or campaign.window_until is None:
        return True
    return campaign.window_from < allowed[0] or campaign.window_until > allowed[1]


def _window_words(rules: SendingRules) -> str:
    return f"{rules.marketing_from:%H:%M}–{rules.marketing_until:%H:%M}"


def snapshot(campaign_id: int) -> dict[str, Any]:
    """Everything that decides who gets what, when and at which cost, as JSON, from the stored row."""
    related = ("version__template", "version_b", "fallback_version")
    campaign = Campaign.objects.select_related(*related).get(pk=campaign_id)
    covers = {name: _plain(getattr(campaign, name)) for name in _FIELDS}
    covers["versions"] = [[version.pk, _digest(version)] for version in _versions(campaign)]
    covers.update({name: campaign.sheet.get(name) for name in _NUMBERS})
    return covers


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(version: TemplateVersion) -> str:
    text = json.dumps([version.content, version.fallback], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def granted(campaign: Campaign) -> Approval | None:
    """The approval that holds for the campaign as it is stored now."""
    rows = campaign.approvals.filter(kind=Approval.Kind.CAMPAIGN, state=ApprovalState.GRANTED)
    given = rows.select_related("decided_by").order_by("-pk").first()
    return given if given is not None and given.snapshot["covers"] == snapshot(campaign.pk) else None


def missing(campaign: Campaign) -> list[str]:
    """Why the campaign may not be confirmed yet, in words; empty when it needs no approval or has a valid one."""
    found = reasons(campaign)
    return [] if not found or granted(campaign) else [sentence(because) for because in found]


@transaction.atomic
def ask(campaign: Campaign, actor: Any) -> Approval:
    """CHECKED -> AWAITING, with the snapshot that the colleague decides on. Its versions are frozen. Raises CannotDecide."""
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.state != CampaignState.CHECKED or locked.checked_at != campaign.checked_at:
        raise CannotDecide(_("The campaign was changed or checked again meanwhile. Look at the new sheet first."))
    because = reasons(locked)
    if not because or any(found["blocks"] for found in locked.sheet["obstacles"]):
        raise CannotDecide(_("There is nothing to approve: look at the sheet first."))
    for version in _versions(locked):
        freeze(version)
    locked.approvals.filter(kind=Approval.Kind.CAMPAIGN, state__in=_OPEN).update(state=ApprovalState.VOID)
    given = {"covers": snapshot(locked.pk), "because": because}
    approval = Approval.objects.create(campaign=locked, snapshot=given, asked_by=actor)
    Campaign.objects.filter(pk=locked.pk).update(state=CampaignState.AWAITING, state_note="")
    audit.record(gettext_noop("Asked for approval"), actor=actor, target=locked, detail=detail_of(approval))
    campaign.refresh_from_db()
    return approval


def detail_of(approval: Approval) -> dict[str, Any]:
    """What the audit trail says of it."""
    covers = approval.snapshot["covers"]
    return {"approval": approval.pk, "people": covers["to_send"], "cost": covers["cost"]["high"]}


def is_own(approval: Approval, user: Any) -> bool:
    """Whoever asked, made the campaign or changed it does not decide."""
    if user.pk in (approval.asked_by_id, approval.campaign.created_by_id):
        return True
    acts = AuditEvent.objects.filter(target_type="campaigns.campaign", target_id=str(approval.campaign_id), actor=user)
    return acts.filter(action__in=("Made a campaign", "Changed a campaign")).exists()


@transaction.atomic
def _decide(approval: Approval, actor: Any, state: ApprovalState, reason: str) -> bool:
    """False when what was asked for is no longer what the campaign is; it is void then. Raises CannotDecide."""
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=approval.campaign_id)
    approval.refresh_from_db()
    if is_own(approval, actor):
        raise CannotDecide(_("A colleague decides: whoever asked for it, made the campaign or changed it does not."))
    if approval.state != ApprovalState.PENDING or not _waits(approval, campaign):
        raise CannotDecide(_already(approval))
    if not holds(approval):
        _give_back(approval, "")
        Approval.objects.filter(pk=approval.pk).update(state=ApprovalState.VOID)
        _record_void(approval)
        return False
    approval.state, approval.decided_by, approval.decided_at, approval.reason = state, actor, timezone.now(), reason
    approval.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    _give_back(approval, "sent_back" if state == ApprovalState.REFUSED else "")
    words = _WORDS[Approval.Kind(approval.kind), state]
    audit.record(words, actor=actor, target=campaign, detail={**detail_of(approval), "reason": reason})
    return True


def holds(approval: Approval) -> bool:
    """Whether the campaign is still what the request was made for. A follow-up's own numbers are asked for at its start."""
    covers = approval.snapshot["covers"]
    of_campaign = covers["campaign"] if approval.kind == Approval.Kind.FOLLOW_UP else covers
    return bool(of_campaign == snapshot(approval.campaign_id))


def _waits(approval: Approval, campaign: Campaign) -> bool:
    """A campaign waits in its own state; beside a follow-up that waits, it goes its way until it is cancelled."""
    if approval.kind == Approval.Kind.FOLLOW_UP:
        return campaign.state != CampaignState.CANCELLED
    return campaign.state == CampaignState.AWAITING


def _give_back(approval: Approval, note: str) -> None:
    if approval.kind == Approval.Kind.CAMPAIGN:
        Campaign.objects.filter(pk=approval.campaign_id).update(state=CampaignState.CHECKED, state_note=note)


_WORDS = {
    (Approval.Kind.CAMPAIGN, ApprovalState.GRANTED): gettext_noop("Approved a campaign"),
    (Approval.Kind.CAMPAIGN, ApprovalState.REFUSED): gettext_noop("Sent a campaign back"),
    (Approval.Kind.FOLLOW_UP, ApprovalState.GRANTED): gettext_noop("Approved a follow-up"),
    (Approval.Kind.FOLLOW_UP, ApprovalState.REFUSED): gettext_noop("Sent a follow-up back"),
}


def _already(approval: Approval) -> str:
    if approval.decided_by is None or approval.decided_at is None:
        return _("This request is no longer open.")
    at = timezone.localtime(approval.decided_at).strftime("%H:%M:%S")
    return _("%(who)s decided already at %(time)s.") % {"who": show.person(approval.decided_by), "time": at}


def _settle(approval: Approval, actor: Any, state: ApprovalState, reason: str) -> None:
    if not _decide(approval, actor, state, reason):
        raise CannotDecide(_("The campaign was changed after it was submitted, so the request is void."))


def grant(approval: Approval, actor: Any, reason: str = "") -> None:
    """PENDING -> GRANTED, the campaign back to CHECKED, to be confirmed. Raises CannotDecide."""
    _settle(approval, actor, ApprovalState.GRANTED, reason)


def refuse(approval: Approval, actor: Any, reason: str) -> None:
    """PENDING -> REFUSED with what has to change. Raises CannotDecide."""
    if not reason.strip():
        raise CannotDecide(_("Say what has to change."))
    _settle(approval, actor, ApprovalState.REFUSED, reason.strip())


@transaction.atomic
def withdraw(campaign: Campaign, actor: Any) -> bool:
    """AWAITING -> CHECKED: it is not to be decided any more. False if it was decided meanwhile."""
    waiting = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.AWAITING)
    if not waiting.update(state=CampaignState.CHECKED):
        return False
    asked = Approval.objects.filter(campaign=campaign, kind=Approval.Kind.CAMPAIGN, state=ApprovalState.PENDING)
    asked.update(state=ApprovalState.VOID)
    audit.record(gettext_noop("Withdrew a request for approval"), actor=actor, target=campaign)
    campaign.refresh_from_db()
    return True


def void_changed(campaign: Campaign) -> int:
    """After a change or a new check: what no longer covers the campaign as it is stored is void. Returns how many."""
    still_open = list(Approval.objects.filter(campaign=campaign, kind=Approval.Kind.CAMPAIGN, state__in=_OPEN))
    if not still_open:
        return 0
    now = snapshot(campaign.pk)
    changed = [approval for approval in still_open if approval.snapshot["covers"] != now]
    Approval.objects.filter(pk__in=[approval.pk for approval in changed]).update(state=ApprovalState.VOID)
    for approval in changed:
        _record_void(approval)
    return len(changed)


def _record_void(approval: Approval) -> None:
    audit.record(
        gettext_noop("An approval became void by a change"), target=approval.campaign, detail={"approval": approval.pk}
    )
