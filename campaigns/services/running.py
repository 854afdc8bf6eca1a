"""Start, pause, resume, cancel. Each is one counted UPDATE on the state: of two people who press, one does it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.hooks import campaign_finished
from campaigns.models import Campaign, SendingRules
from campaigns.services import approving, following, planning, watching
from campaigns.states import CampaignState
from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging import selectors
from messaging.models import Dispatch
from messaging.queue import nudge, nudge_once
from messaging.services import claiming, dispatching
from messaging.states import DispatchState

# Up to this many people the rows are laid out at once; more are left to a worker, so that the page answers.
INLINE_PEOPLE = 5_000

CAN_START = (CampaignState.CHECKED,)
CAN_PAUSE = (CampaignState.RUNNING, CampaignState.HOLDING, CampaignState.CANARY)
CAN_RESUME = (CampaignState.PAUSED, CampaignState.STOPPED)
CAN_CANCEL = (CampaignState.SCHEDULED, *CAN_PAUSE, *CAN_RESUME)
CAN_EDIT = (CampaignState.DRAFT, CampaignState.CHECKED)
FINAL = (CampaignState.DONE, CampaignState.CANCELLED)
# What still changes by itself.
ALIVE = (CampaignState.SCHEDULED, *CAN_PAUSE, *CAN_RESUME, CampaignState.SETTLING)


class CannotStart(Exception):
    """Nothing was started. str() says why and what to do."""


def needs_typed_count(campaign: Campaign) -> bool:
    return bool(campaign.sheet.get("to_send", 0) > SendingRules.current().type_above)


@transaction.atomic
def confirm_and_start(campaign: Campaign, typed_count: str, actor: Any) -> Campaign:
    """CHECKED -> SCHEDULED, then the rows, then RUNNING if it is time. `typed_count` is what the person typed ("45200" and
    "45,200" both pass), asked only above the limit of the rules. Where a limit asks for a colleague's approval, one that holds
    for the campaign as it is stored must be there. Raises CannotStart."""
    _require_sound(campaign, typed_count)
    mine = Campaign.objects.filter(pk=campaign.pk, state__in=CAN_START, checked_at=campaign.checked_at)
    if not mine.update(state=CampaignState.SCHEDULED, confirmed_by=actor, confirmed_at=timezone.now(), state_note=""):
        raise _too_late(Campaign.objects.select_related("confirmed_by").get(pk=campaign.pk))
    audit.record(
        gettext_noop("Confirmed a campaign"),
        actor=actor,
        target=campaign,
        detail={"people": campaign.sheet["to_send"], "cost": campaign.sheet["cost"]["high"]},
    )
    if campaign.sheet["to_send"] <= INLINE_PEOPLE:
        launch(campaign.pk)
    else:
        nudge("campaigns.tasks.launch_campaign", campaign.pk, queue="import")
    campaign.refresh_from_db()
    return campaign


def _require_sound(campaign: Campaign, typed_count: str) -> None:
    sheet = campaign.sheet
    if not sheet:
        raise CannotStart(_("This campaign has not been checked yet. Check it first."))
    blocking = [planning.sentence(found) for found in sheet["obstacles"] if found["blocks"]]
    if campaign.state in CAN_START and blocking:
        raise CannotStart(" ".join(blocking))
    because = approving.missing(campaign) if campaign.state in CAN_START else []
    if because:
        words = _("A colleague has to approve this first: %(because)s. Submit it for approval.")
        raise CannotStart(words % {"because": "；".join(because)})
    typed = "".join(sign for sign in typed_count if sign not in ",， ")
    if needs_typed_count(campaign) and typed != str(sheet["to_send"]):
        raise CannotStart(_("Type the number of people, %(n)s, to confirm.") % {"n": show.count(sheet["to_send"])})


def _too_late(campaign: Campaign) -> CannotStart:
    if campaign.confirmed_at is None:
        return CannotStart(_("The campaign was changed or checked again meanwhile. Look at the new sheet first."))
    at = timezone.localtime(campaign.confirmed_at).strftime("%H:%M:%S")
    who = show.person(campaign.confirmed_by) if campaign.confirmed_by else _("the system")
    return CannotStart(_("The campaign was already started by %(who)s at %(time)s.") % {"who": who, "time": at})


def launch(campaign_id: int) -> None:
    """Task. Lay out a confirmed campaign and start it if it is time. Twice does no harm: the row lock and the dispatch
    that is there already stop the second."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)
        if campaign.state != CampaignState.SCHEDULED or campaign.dispatch_id is not None:
            return
        try:
            with transaction.atomic():
                planning.lay_out(campaign)
        except planning.MoreThanConfirmed:
            _back_to_draft(campaign)
            return
        _start_if_due(campaign)


def _back_to_draft(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(
        state=CampaignState.DRAFT, state_note="more_than_confirmed", confirmed_by=None, confirmed_at=None
    )
    audit.record(gettext_noop("Gave a campaign back: more people than were confirmed"), target=campaign)


def _start_if_due(campaign: Campaign) -> None:
    if campaign.dispatch is None or (campaign.start_at and campaign.start_at > timezone.now()):
        return
    started = [dispatching.start(dispatch, campaign.confirmed_by) for dispatch in rounds(campaign)]
    if any(started):
        Campaign.objects.filter(pk=campaign.pk).update(started_at=timezone.now())
    refresh_state(campaign)


def rounds(campaign: Campaign) -> list[Dispatch]:
    """Every round of its run, the first one first."""
    return list(Dispatch.objects.filter(run=campaign.run).select_related("account").order_by("pk"))


def pause(campaign: Campaign, actor: Any) -> bool:
    """Acts within one batch. False if it was not running (any more)."""
    return _through(campaign, CAN_PAUSE, dispatching.pause, actor, gettext_noop("Paused a campaign"))


@transaction.atomic
def resume(campaign: Campaign, actor: Any) -> bool:
    """After a stop by a limit: goes on in spite of it, which is recorded. False if there was nothing to resume."""
    campaign.refresh_from_db()
    if campaign.state == CampaignState.STOPPED and watching.is_limit(campaign.state_note):
        watching.overrule(campaign, actor)
    return _through(campaign, CAN_RESUME, dispatching.resume, actor, gettext_noop("Resumed a campaign"))


def cancel(campaign: Campaign, actor: Any) -> bool:
    """What is not handed over yet is not sent. A campaign that is confirmed but not laid out yet is cancelled too."""
    unlaid = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.SCHEDULED, dispatch__isnull=True)
    if unlaid.update(state=CampaignState.CANCELLED, finished_at=timezone.now()):
        audit.record(gettext_noop("Cancelled a campaign"), actor=actor, target=campaign)
        campaign.refresh_from_db()
        campaign_finished.send(sender=Campaign, campaign=campaign)
        return True
    return _through(campaign, CAN_CANCEL, dispatching.cancel, actor, gettext_noop("Cancelled a campaign"))


@transaction.atomic
def _through(campaign: Campaign, states: tuple[str, ...], verb: Any, actor: Any, words: str) -> bool:
    """The campaign is locked before its rounds, as a fallback does it: the other order would be a deadlock."""
    Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    campaign.refresh_from_db()
    if campaign.state not in states or campaign.dispatch is None:
        return False
    done = [verb(dispatch, actor) for dispatch in rounds(campaign)]
    if not any(done):
        return False
    audit.record(words, actor=actor, target=campaign)
    refresh_state(campaign)
    return True


def refresh_state(campaign: Campaign) -> None:
    """The campaign's state as its rounds have it. Two reads and one counted UPDATE; nothing for a final state."""
    campaign.refresh_from_db()
    if campaign.state not in ALIVE or campaign.dispatch_id is None:
        return
    state, note = _state_of(rounds(campaign))
    if _still_to_fall_back(campaign, state):
        state = CampaignState.SETTLING
    values: dict[str, Any] = {"state": state, "state_note": note[:300]}
    if state in FINAL and campaign.finished_at is None:
        values["finished_at"] = timezone.now()
    if (campaign.state, campaign.state_note) != (state, note):
        moved = Campaign.objects.filter(pk=campaign.pk, state=campaign.state).update(**values)
        campaign.refresh_from_db()
        if moved and state in FINAL:
            campaign_finished.send(sender=Campaign, campaign=campaign)


# Of rounds in different states the campaign has the first of these.
_FIRST = (
    CampaignState.STOPPED,
    CampaignState.PAUSED,
    CampaignState.CANARY,
    CampaignState.RUNNING,
    CampaignState.HOLDING,
    CampaignState.SCHEDULED,
)


def _state_of(dispatches: list[Dispatch]) -> tuple[str, str]:
    """(campaign state, note): the note is the key of a reason with its values, shown as a sentence."""
    found = dict(map(_round_state, reversed(dispatches)))
    for state in _FIRST:
        if state in found:
            return state, found[state]
    main = [dispatch.state for dispatch in dispatches if dispatch.leg == "main"]
    if all(state == DispatchState.CANCELLED for state in main):
        return CampaignState.CANCELLED, ""
    return (CampaignState.DONE if _settled(dispatches) else CampaignState.SETTLING), ""


def _still_to_fall_back(campaign: Campaign, state: str) -> bool:
    return (
        state == CampaignState.DONE
        and campaign.fallback_account_id is not None
        and bool(following.fallback_waits(campaign))
    )


def _round_state(dispatch: Dispatch) -> tuple[str, str]:
    if dispatch.state == DispatchState.RUNNING:
        return _running(dispatch)
    same = {
        DispatchState.READY: CampaignState.SCHEDULED,
        DispatchState.PAUSED: CampaignState.PAUSED,
        DispatchState.STOPPED: CampaignState.STOPPED,
        DispatchState.DONE: CampaignState.DONE,
        DispatchState.CANCELLED: CampaignState.CANCELLED,
    }
    values = f"|{dispatch.stop_detail}" if watching.is_limit(dispatch.stop_reason) and dispatch.stop_detail else ""
    return same[DispatchState(dispatch.state)], dispatch.stop_reason + values


def _running(dispatch: Dispatch) -> tuple[str, str]:
    if not dispatch.account.usable:
        return CampaignState.HOLDING, dispatch.account.stop_reason or "account"
    if not claiming.in_window(dispatch, timezone.now()):
        return CampaignState.HOLDING, "window"
    return (CampaignState.RUNNING if dispatch.hold_after is None else CampaignState.CANARY), ""


def _settled(dispatches: list[Dispatch]) -> bool:
    """Everybody has a result: nothing waits for a receipt or a decision."""
    counts = selectors.dispatch_counts([dispatch.pk for dispatch in dispatches])
    return not any(counts.get(status) for status in ("submitted", "unknown", "sending", "queued", "held"))


def tick() -> None:
    """Every few seconds: lay out what a dead worker left, start what is due, follow what runs."""
    now = timezone.now()
    confirmed = Campaign.objects.filter(state=CampaignState.SCHEDULED)
    lost = confirmed.filter(
        dispatch__isnull=True, confirmed_at__lt=now - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    )
    for pk in lost.values_list("pk", flat=True):
        nudge_once(f"launch:{pk}", "campaigns.tasks.launch_campaign", pk, queue="import")
    planning.wake_stuck()
    due = Q(start_at__isnull=True) | Q(start_at__lte=now)
    for campaign in confirmed.filter(due, dispatch__isnull=False):
        _start_if_due(campaign)
    for campaign in Campaign.objects.filter(state__in=ALIVE, dispatch__isnull=False):
        if campaign.state in CAN_PAUSE:
            watching.look(campaign)
        if campaign.state in (*CAN_PAUSE, CampaignState.SETTLING):
            following.look(campaign)
        refresh_state(campaign)


def follow(dispatch: Dispatch) -> None:
    """A dispatch changed its state: so does its campaign."""
    campaign = Campaign.objects.filter(run=dispatch.run).first()
    if campaign is not None:
        refresh_state(campaign)
