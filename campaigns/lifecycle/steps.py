"""Start, pause, resume, cancel. Each is one counted UPDATE on the state: of two people who press, one does it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import preflight
from campaigns.approvals import campaign_approvals
from campaigns.audit_actions import AuditAction
from campaigns.lifecycle import auto_stop, follow_ups, layout
from campaigns.models import Campaign
from campaigns.preflight import repeats
from campaigns.signals import campaign_finished
from campaigns.states import CampaignState
from kit import audit, clock, display, whole_numbers
from kit.people import Actor
from messaging import fence
from messaging.deliveries import status as deliveries_status
from messaging.models import Dispatch, SendingPolicy
from messaging.queue import enqueue, enqueue_once
from messaging.sending import claim, stop_switch
from messaging.sending import dispatches as sending_dispatches
from messaging.sending.create import TooManyPeople
from messaging.states import DispatchState

# Up to this many people the rows are laid out at once; more are left to a worker, so that the page answers.
INLINE_PEOPLE = 5_000

CAN_START = (CampaignState.CHECKED,)
# Started, and something may still be handed over.
UNDER_WAY = (CampaignState.RUNNING, CampaignState.HOLDING, CampaignState.CANARY)
CAN_PAUSE = (CampaignState.SCHEDULED, *UNDER_WAY)
CAN_RESUME = (CampaignState.PAUSED, CampaignState.STOPPED)
CAN_CANCEL = (*CAN_PAUSE, *CAN_RESUME)
CAN_EDIT = (CampaignState.DRAFT, CampaignState.CHECKED)
FINAL = (CampaignState.DONE, CampaignState.CANCELLED)
# What still changes by itself.
ALIVE = (*CAN_PAUSE, *CAN_RESUME, CampaignState.SETTLING)


class CannotStart(Exception):
    """Nothing was started. str() says why and what to do."""


class SameContent(CannotStart):
    """People get the same content again, and nobody has said that they shall."""


class StartPassed(CannotStart):
    """The start time has passed: at once, or another time?"""


def start_passed(campaign: Campaign) -> bool:
    return preflight.start_passed(campaign, clock.now())


def needs_typed_count(campaign: Campaign) -> bool:
    return bool(campaign.report.to_send > SendingPolicy.current().type_above)


@transaction.atomic
def confirm_and_start(
    campaign: Campaign, typed_count: str, actor: Actor, *, at_once: bool = False, typed_again: str = ""
) -> Campaign:
    """CHECKED -> SCHEDULED, then the rows, then RUNNING if it is time. `typed_count` is what the person typed ("45200" and
    "45,200" both pass), asked only above the limit of the rules. Where a limit asks for a colleague's approval, one that holds
    for the campaign as it is stored must be there. A campaign whose start time has passed starts only with `at_once`: it was
    said, not meant. `typed_again` is how many get the same content again, asked while the check counted any; if there are more
    at this moment, nothing starts. Raises CannotStart."""
    _require_sound(campaign, typed_count)
    late = campaign.state in CAN_START and start_passed(campaign)
    if late and not at_once:
        raise StartPassed(preflight.passed_words(campaign))
    if campaign.state in CAN_START:
        _require_again_typed(campaign, typed_again)
    mine = Campaign.objects.filter(pk=campaign.pk, state__in=CAN_START, checked_at=campaign.checked_at)
    if not mine.update(state=CampaignState.SCHEDULED, confirmed_by=actor, confirmed_at=timezone.now(), state_note=""):
        raise _too_late(Campaign.objects.select_related("confirmed_by").get(pk=campaign.pk))
    _require_no_more_again(campaign)
    audit.record(
        AuditAction.CAMPAIGN_CONFIRMED,
        actor=actor,
        target=campaign,
        detail=_confirmed_detail(campaign, late),
    )
    if campaign.report.to_send <= INLINE_PEOPLE:
        launch(campaign.pk)
    else:
        enqueue("campaigns.tasks.launch_campaign", campaign.pk, queue="import")
    campaign.refresh_from_db()
    return campaign


def _confirmed_detail(campaign: Campaign, late: bool) -> Mapping[str, object]:
    high = campaign.report.cost.high
    detail: dict[str, object] = {"people": campaign.report.to_send, "cost": None if high is None else str(high)}
    if people_again(campaign):
        detail["again"] = people_again(campaign)
    return {**detail, "at_once_instead_of": campaign.start_at.isoformat()} if late and campaign.start_at else detail


def _require_sound(campaign: Campaign, typed_count: str) -> None:
    if fence.everywhere() is not None:
        raise CannotStart(_("All sending is held after a restore. An administrator has to decide that first."))
    if campaign.checked_at is None:
        raise CannotStart(_("This campaign has not been checked yet. Check it first."))
    blocking = [preflight.sentence(found) for found in campaign.report.obstacles if found.blocks]
    if campaign.state in CAN_START and blocking:
        raise CannotStart(" ".join(blocking))
    because = campaign_approvals.missing(campaign) if campaign.state in CAN_START else []
    if because:
        words = _("A colleague has to approve this first: %(because)s. Submit it for approval.")
        raise CannotStart(words % {"because": "；".join(because)})
    if needs_typed_count(campaign) and whole_numbers.whole(typed_count) != campaign.report.to_send:
        raise CannotStart(
            _("Type the number of people, %(n)s, to confirm.") % {"n": display.count(campaign.report.to_send)}
        )


def people_again(campaign: Campaign) -> int:
    """How many get the same content again, as the check counted them: that number is typed."""
    return campaign.report.again.people


def _require_again_typed(campaign: Campaign, typed: str) -> None:
    again = people_again(campaign)
    if again and whole_numbers.whole(typed) != again:
        words = _("%(n)s people get the same content again. Type that number too, to confirm.")
        raise SameContent(words % {"n": display.count(again)})


def _require_no_more_again(campaign: Campaign) -> None:
    """Counted once more, now that the campaign is confirmed in this transaction: of two with the same content that are confirmed
    in one moment, the second waits here for the first and sees it."""
    repeats.lock(campaign)
    now = repeats.find(campaign, clock.now(), campaign.report.imports)
    if now.people > people_again(campaign):
        words = _("Meanwhile %(n)s people got the same content or are in another campaign with it. Check again.")
        raise SameContent(words % {"n": display.count(now.people)})


def _too_late(campaign: Campaign) -> CannotStart:
    if campaign.confirmed_at is None:
        return CannotStart(_("The campaign was changed or checked again meanwhile. Look at the new report first."))
    at = display.day_and_time(campaign.confirmed_at)
    who = display.person(campaign.confirmed_by) if campaign.confirmed_by else _("the system")
    return CannotStart(_("The campaign was already started by %(who)s: %(time)s.") % {"who": who, "time": at})


def launch(campaign_id: int) -> None:
    """Task. Lay out a confirmed campaign and start it if it is time. Twice does no harm: the row lock and the dispatch
    that is there already stop the second. While sending is held after a restore nothing is laid out."""
    if fence.everywhere() is not None:
        return
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)
        if campaign.state != CampaignState.SCHEDULED or campaign.dispatch_id is not None:
            return
        try:
            with transaction.atomic():
                layout.lay_out(campaign)
        except TooManyPeople:
            _back_to_draft(campaign)
            return
        _start_if_due(campaign)


def _back_to_draft(campaign: Campaign) -> None:
    _give_back(campaign, "more_than_confirmed")
    audit.record(AuditAction.CAMPAIGN_GIVEN_BACK, target=campaign)


def _give_back(campaign: Campaign, note: str) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(
        state=CampaignState.DRAFT, state_note=note, confirmed_by=None, confirmed_at=None
    )


@transaction.atomic
def take_back_unlaid(before: datetime, account_id: int | None, actor: Actor) -> int:
    """Campaigns confirmed before that moment and not laid out yet become drafts: after a restore nobody knows whether the other
    life has laid them out and sent them. Returns how many."""
    unlaid = Campaign.objects.filter(state=CampaignState.SCHEDULED, dispatch__isnull=True, confirmed_at__lte=before)
    if account_id is not None:
        unlaid = unlaid.filter(account=account_id)
    found = list(unlaid.select_for_update(of=("self",)))
    for campaign in found:
        _give_back(campaign, "restored")
        audit.record(AuditAction.CAMPAIGN_GIVEN_BACK_BY_FENCE, actor=actor, target=campaign)
    return len(found)


def _start_if_due(campaign: Campaign) -> None:
    if campaign.dispatch is None or (campaign.start_at and campaign.start_at > clock.now()):
        return
    started = [sending_dispatches.start(dispatch, campaign.confirmed_by) for dispatch in dispatches(campaign)]
    if any(started):
        Campaign.objects.filter(pk=campaign.pk).update(started_at=timezone.now())
    refresh_state(campaign)


def dispatches(campaign: Campaign) -> list[Dispatch]:
    """Every dispatch of its run, the first one first."""
    return list(campaign.dispatches.select_related("account").order_by("pk"))


def pause(campaign: Campaign, actor: Actor) -> bool:
    """Acts within one batch; one that is scheduled does not start. False if there was nothing to pause (any more)."""
    action = AuditAction.CAMPAIGN_PAUSED
    if _move_unlaid(campaign, CampaignState.SCHEDULED, CampaignState.PAUSED, actor, action):
        return True
    return _through(campaign, CAN_PAUSE, sending_dispatches.pause, actor, action)


@transaction.atomic
def resume(campaign: Campaign, actor: Actor, *, at_once: bool = False) -> bool:
    """After a stop by a limit: goes on in spite of it, which is recorded. One that was paused before its start goes back to its
    schedule; if its time has passed meanwhile, it starts only with `at_once`, and only if nobody has to approve that. False if
    there was nothing to resume. Raises CannotStart."""
    campaign.refresh_from_db()
    if held_before_start(campaign) and start_passed(campaign):
        _require_at_once(campaign, at_once)
    if campaign.state == CampaignState.STOPPED and auto_stop.is_limit(campaign.state_note):
        auto_stop.overrule(campaign, actor)
    action = AuditAction.CAMPAIGN_RESUMED
    if _move_unlaid(campaign, CampaignState.PAUSED, CampaignState.SCHEDULED, actor, action):
        enqueue("campaigns.tasks.launch_campaign", campaign.pk, queue="import")
        return True
    done = _through(campaign, CAN_RESUME, sending_dispatches.resume, actor, action)
    if done and at_once:
        _start_if_due(campaign)
    return done


def held_before_start(campaign: Campaign) -> bool:
    """Paused while it was scheduled."""
    return campaign.state == CampaignState.PAUSED and campaign.started_at is None


def _require_at_once(campaign: Campaign, at_once: bool) -> None:
    if not at_once:
        raise StartPassed(preflight.passed_words(campaign))
    if because := campaign_approvals.missing(campaign):
        words = _("A colleague has to approve this first: %(because)s. Submit it for approval.")
        raise CannotStart(words % {"because": "；".join(because)})


def _move_unlaid(campaign: Campaign, old: str, new: str, actor: Actor, action: AuditAction) -> bool:
    """A step of a campaign that is confirmed and not laid out yet; waits for a lay-out under way."""
    unlaid = Campaign.objects.filter(pk=campaign.pk, state=old, dispatch__isnull=True)
    if not unlaid.update(state=new):
        return False
    audit.record(action, actor=actor, target=campaign)
    campaign.refresh_from_db()
    return True


def cancel(campaign: Campaign, actor: Actor) -> bool:
    """What is not handed over yet is not sent. A campaign that is confirmed but not laid out yet is cancelled too."""
    waiting = (CampaignState.SCHEDULED, CampaignState.PAUSED)
    unlaid = Campaign.objects.filter(pk=campaign.pk, state__in=waiting, dispatch__isnull=True)
    if unlaid.update(state=CampaignState.CANCELLED, finished_at=timezone.now()):
        audit.record(AuditAction.CAMPAIGN_CANCELLED, actor=actor, target=campaign)
        campaign.refresh_from_db()
        campaign_finished.send(sender=Campaign, campaign=campaign)
        return True
    return _through(campaign, CAN_CANCEL, sending_dispatches.cancel, actor, AuditAction.CAMPAIGN_CANCELLED)


@transaction.atomic
def _through(campaign: Campaign, states: tuple[str, ...], verb: Any, actor: Actor, action: AuditAction) -> bool:
    """The campaign is locked before its dispatches, as a fallback does it: the other order would be a deadlock."""
    Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    campaign.refresh_from_db()
    if campaign.state not in states or campaign.dispatch is None:
        return False
    done = [verb(dispatch, actor) for dispatch in dispatches(campaign)]
    if not any(done):
        return False
    audit.record(action, actor=actor, target=campaign)
    refresh_state(campaign)
    return True


def refresh_state(campaign: Campaign) -> None:
    """The campaign's state as its dispatches have it. Two reads and one counted UPDATE; nothing for a final state."""
    campaign.refresh_from_db()
    if campaign.state not in ALIVE or campaign.dispatch_id is None:
        return
    state, note = _state_of(dispatches(campaign))
    if _still_to_fall_back(campaign, state):
        state = CampaignState.SETTLING
    values: dict[str, object] = {"state": state, "state_note": note[:300]}
    if state in FINAL and campaign.finished_at is None:
        values["finished_at"] = timezone.now()
    if (campaign.state, campaign.state_note) != (state, note):
        moved = Campaign.objects.filter(pk=campaign.pk, state=campaign.state).update(**values)
        campaign.refresh_from_db()
        if moved and state in FINAL:
            campaign_finished.send(sender=Campaign, campaign=campaign)


# Of dispatches in different states the campaign has the first of these.
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
    found = dict(map(_dispatch_state, reversed(dispatches)))
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
        and bool(follow_ups.fallback_waits(campaign))
    )


def _dispatch_state(dispatch: Dispatch) -> tuple[str, str]:
    if dispatch.state == DispatchState.RUNNING:
        return _running(dispatch)
    same = {
        DispatchState.READY: CampaignState.SCHEDULED,
        DispatchState.PAUSED: CampaignState.PAUSED,
        DispatchState.STOPPED: CampaignState.STOPPED,
        DispatchState.DONE: CampaignState.DONE,
        DispatchState.CANCELLED: CampaignState.CANCELLED,
    }
    values = f"|{dispatch.stop_detail}" if auto_stop.is_limit(dispatch.stop_reason) and dispatch.stop_detail else ""
    return same[DispatchState(dispatch.state)], dispatch.stop_reason + values


def _running(dispatch: Dispatch) -> tuple[str, str]:
    if stop_switch.current() is not None:
        return CampaignState.HOLDING, "sending_stopped"
    if not dispatch.account.usable:
        return CampaignState.HOLDING, dispatch.account.stop_reason or "account"
    if not claim.in_window(dispatch, clock.now()):
        return CampaignState.HOLDING, "window"
    return (CampaignState.RUNNING if dispatch.hold_after is None else CampaignState.CANARY), ""


def _settled(dispatches: list[Dispatch]) -> bool:
    """Everybody has a result: nothing waits for a receipt or a decision."""
    counts = deliveries_status.dispatch_counts([dispatch.pk for dispatch in dispatches])
    return not any(counts.get(status) for status in ("submitted", "unknown", "sending", "queued"))


def tick() -> None:
    """Every few seconds: lay out what a dead worker left, start what is due, follow what runs."""
    now = clock.now()
    confirmed = Campaign.objects.filter(state=CampaignState.SCHEDULED)
    lost = confirmed.filter(
        dispatch__isnull=True, confirmed_at__lt=now - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    )
    for pk in lost.values_list("pk", flat=True):
        enqueue_once(f"launch:{pk}", "campaigns.tasks.launch_campaign", pk, queue="import")
    preflight.wake_stuck()
    due = Q(start_at__isnull=True) | Q(start_at__lte=now)
    for campaign in confirmed.filter(due, dispatch__isnull=False):
        _start_if_due(campaign)
    for campaign in Campaign.objects.filter(state__in=ALIVE, dispatch__isnull=False):
        if campaign.state in UNDER_WAY:
            auto_stop.look(campaign)
        if campaign.state in (*UNDER_WAY, CampaignState.SETTLING):
            follow_ups.look(campaign)
        refresh_state(campaign)


def follow(dispatch: Dispatch) -> None:
    """A dispatch changed its state: so does its campaign."""
    campaign = Campaign.objects.filter(run_id=dispatch.run_id).first()
    if campaign is not None:
        refresh_state(campaign)
