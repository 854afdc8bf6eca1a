"""Statuses of campaigns and imports as badges, and the reasons of planning in words."""

from django.utils.safestring import SafeString

from campaigns.models import Approval, AudienceImport, Campaign, FirstUse, RoleGrant
from campaigns.sentences import NOTES, STOPS
from campaigns.states import ApprovalState, CampaignState, ImportState
from kit import display
from messaging.sentences import SENTENCES

CAMPAIGN_ROLES = {
    CampaignState.DRAFT: "idle",
    CampaignState.CHECKING: "moving",
    CampaignState.CHECKED: "idle",
    CampaignState.AWAITING: "attention",
    CampaignState.SCHEDULED: "moving",
    CampaignState.CANARY: "moving",
    CampaignState.RUNNING: "moving",
    CampaignState.HOLDING: "attention",
    CampaignState.PAUSED: "attention",
    CampaignState.STOPPED: "problem",
    CampaignState.SETTLING: "moving",
    CampaignState.DONE: "good",
    CampaignState.CANCELLED: "idle",
}
IMPORT_ROLES = {
    ImportState.UPLOADED: "attention",
    ImportState.CHECKING: "moving",
    ImportState.READY: "attention",
    ImportState.DONE: "good",
    ImportState.FAILED: "problem",
}
APPROVAL_ROLES = {
    ApprovalState.PENDING: "attention",
    ApprovalState.GRANTED: "good",
    ApprovalState.REFUSED: "problem",
    ApprovalState.VOID: "attention",
}


def approval(row: Approval | FirstUse | RoleGrant) -> SafeString:
    return display.badge(row.get_state_display(), APPROVAL_ROLES[ApprovalState(row.state)])


def campaign(row: Campaign) -> SafeString:
    return display.badge(row.get_state_display(), CAMPAIGN_ROLES[CampaignState(row.state)])


def recipient_file(row: AudienceImport) -> SafeString:
    return display.badge(row.get_state_display(), IMPORT_ROLES[ImportState(row.state)])


def note(key: str) -> tuple[str, str]:
    """(why a campaign holds or stopped, what to do) for its `state_note`: a key, after bars the values of its sentence."""
    name, *values = key.split("|")
    if name in STOPS:
        why, todo = STOPS[name]
        return str(why) % dict(zip(("value", "limit"), values, strict=False)), str(todo)
    if key in NOTES:
        return str(NOTES[key]), ""
    found = SENTENCES.get(key)
    return (str(found.what), str(found.do)) if found else (key, "")
