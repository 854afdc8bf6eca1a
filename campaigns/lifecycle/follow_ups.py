"""More dispatches in a campaign's run: a follow-up to those who were not reached or are new in the list, and one fallback through
a second account after a final failure. Nobody who was reached or may have been is in either: by rule, and by the unique
(run, leg, phone)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.approvals import follow_up_approvals
from campaigns.audit_actions import AuditAction
from campaigns.models import Approval, Campaign, CostEstimate
from campaigns.preflight import counts, specs
from campaigns.preflight.audience_query import AudienceQuery, confirmed_imports, query_for
from campaigns.preflight.cost import cost, together
from campaigns.preflight.specs import FALLBACK_LEG, Variant
from campaigns.states import CampaignState
from kit import audit, sql
from kit.people import Actor
from messaging.models import Dispatch
from messaging.sending import dispatches
from messaging.sending.create import Part, add_recipients, create
from messaging.states import BatchState, DispatchState, OwnStatus

GROUPS = {
    "failed": gettext_lazy("Not delivered"),
    "rejected": gettext_lazy("Hand-over rejected"),
    "no_receipt": gettext_lazy("Nothing heard"),
    "new": gettext_lazy("New in the list"),
}
CAN_FOLLOW = (CampaignState.SETTLING, CampaignState.DONE)
# A big campaign is looked through for new failures no more often than this.
LOOK_SECONDS = 30
_SQL = sql.beside(__file__)
_STATES = {
    "own_failed": OwnStatus.FAILED,
    "own_rejected": OwnStatus.REJECTED,
    "own_no_receipt": OwnStatus.NO_RECEIPT,
    "own_skipped": OwnStatus.SKIPPED,
    "rejected": BatchState.REJECTED,
    "never_sent": (BatchState.CANCELLED, BatchState.TOO_LATE),
}


class CannotFollow(Exception):
    """No dispatch was made. str() says why and what to do."""


@dataclass(frozen=True)
class Preview:
    """Who would get a follow-up now: `people`, and `left_out` of the chosen by the rules."""

    people: int
    left_out: int
    cost: CostEstimate


def preview(campaign: Campaign, groups: Sequence[str]) -> Preview:
    people, left_out, costs = 0, 0, []
    for variant in specs.variants(campaign):
        counted = counts.count(_resend_query(campaign, variant, groups), variant.spec)
        to_send = sum(one.people for one in counted if not one.outcome)
        left_out += sum(one.people for one in counted if one.outcome)
        units = sum(one.units for one in counted if not one.outcome)
        costs.append(cost(variant.spec.message, to_send, units))
        people += to_send
    return Preview(people, left_out, together(costs))


def _resend_query(campaign: Campaign, variant: Variant, groups: Sequence[str]) -> AudienceQuery:
    query = query_for(campaign, variant, confirmed_imports(campaign), timezone.now())
    return replace(query, only=_resend_only(campaign, groups))


def _resend_only(campaign: Campaign, groups: Sequence[str]) -> sql.Fragment:
    chosen = tuple(group for group in groups if group in GROUPS and group != "new")
    return _SQL["resend"].given(
        run_id=campaign.run_id,
        some_groups=bool(chosen),
        groups=chosen,
        new="new" in groups,
        outcomes=_SQL["outcomes"].given(run_id=campaign.run_id, **_STATES),
    )


@transaction.atomic
def resend(
    campaign: Campaign, groups: Sequence[str], most: int, actor: Actor, send_until: datetime | None = None
) -> list[Dispatch]:
    """A new leg resend-N for `groups` (keys of GROUPS), started at once, to at most `most` people as they were confirmed.
    Two dispatches where two versions are compared. Above a limit it uses up a colleague's approval. Raises CannotFollow."""
    campaign = _locked(campaign)
    if campaign.state not in CAN_FOLLOW:
        raise CannotFollow(_("A follow-up waits until everything is handed over."))
    if send_until is not None and send_until <= timezone.now():
        raise CannotFollow(_("The time until which it is sent has passed. Choose another one."))
    approval = _require_approved(campaign, groups, send_until, preview(campaign, groups))
    legs = campaign.dispatches.filter(kind=Dispatch.Kind.RESEND).values("leg").distinct().count()
    leg, title = f"resend-{legs + 1}", _("%(campaign)s, follow-up %(n)s") % {"campaign": campaign.name, "n": legs + 1}
    variants = specs.follow_up(campaign, leg, title, send_until, actor)
    created = create([Part(variant.spec, _resend_query(campaign, variant, groups)) for variant in variants])
    people = sum(one.to_send for one in created)
    if not people or people > most:
        raise CannotFollow(_("The number changed meanwhile. Look at it again."))
    if approval is not None and not (
        people <= approval.snapshot["covers"]["to_send"] and follow_up_approvals.spend(approval)
    ):
        raise CannotFollow(_("The number changed meanwhile. Look at it again."))
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.RUNNING, state_note="", finished_at=None)
    detail = {"leg": leg, "groups": list(groups), "people": people}
    if approval is not None:
        detail["approval"] = approval.pk
    audit.record(AuditAction.FOLLOW_UP_SENT, actor=actor, target=campaign, detail=detail)
    for one in created:
        dispatches.start(one.dispatch, actor)
    return [one.dispatch for one in created]


def _locked(campaign: Campaign) -> Campaign:
    """Follow-ups and fallbacks of one campaign are laid out one after the other, so that each sees the other's rows."""
    related = ("version__template", "version_b__template", "account", "audience", "signature", "chatbot")
    more = ("fallback_account", "fallback_version__template", "confirmed_by")
    return Campaign.objects.select_for_update(of=("self",)).select_related(*related, *more).get(pk=campaign.pk)


def _require_approved(
    campaign: Campaign, groups: Sequence[str], until: datetime | None, found: Preview
) -> Approval | None:
    """The approval that this follow-up uses up; None where none is needed. Raises CannotFollow."""
    if not found.people:
        raise CannotFollow(_("Nobody would get it."))
    because = follow_up_approvals.reasons(found.people, found.cost.high)
    if not because:
        return None
    approval = follow_up_approvals.latest(campaign, groups, until)
    if approval is None or not follow_up_approvals.is_enough(approval, found.people, found.cost.high):
        words = _("A colleague has to approve this first: %(because)s. Submit it for approval.")
        raise CannotFollow(words % {"because": "；".join(one.sentence for one in because)})
    return approval


# --- fallback ------------------------------------------------------------------------------------------------------------


def fallback_waits(campaign: Campaign) -> int:
    """People with a final failure who have not had their fallback yet."""
    fallback = _open_fallback(campaign)
    if fallback is None:
        return 0
    counted = counts.count(_fallback_query(campaign, fallback), fallback.spec)
    return sum(one.people for one in counted)


def _open_fallback(campaign: Campaign) -> Variant | None:
    if campaign.send_until and campaign.send_until <= timezone.now():
        return None
    if campaign.dispatches.filter(leg=FALLBACK_LEG, state=DispatchState.CANCELLED).exists():
        return None
    return specs.fallback(campaign, _("%(campaign)s, fallback") % {"campaign": campaign.name})


def _fallback_query(campaign: Campaign, fallback: Variant) -> AudienceQuery:
    """Only after a final failure in the main leg, and only who is in no other leg."""
    final = ("failed", "rejected", *(["no_receipt"] if campaign.fallback_on_silence else []))
    outcomes = _SQL["outcomes"].given(run_id=campaign.run_id, **_STATES)
    query = query_for(campaign, fallback, campaign.report.imports, timezone.now())
    return replace(query, only=_SQL["fallback"].given(run_id=campaign.run_id, final=final, outcomes=outcomes))


@transaction.atomic
def fall_back(campaign: Campaign) -> int:
    """Put who finally failed since the last look into the one fallback dispatch. Returns how many people were added."""
    campaign = _locked(campaign)
    if campaign.state in (CampaignState.CANCELLED, CampaignState.PAUSED, CampaignState.STOPPED):
        return 0
    fallback = _open_fallback(campaign)
    if fallback is None or not fallback_waits(campaign):
        return 0
    query = _fallback_query(campaign, fallback)
    dispatch = campaign.dispatches.filter(leg=FALLBACK_LEG).first()
    if dispatch is None:
        (added,) = create([Part(fallback.spec, query)])
    else:
        added = add_recipients(dispatch, fallback.spec, query)
    if not dispatches.start(added.dispatch, campaign.confirmed_by):
        dispatches.reopen(added.dispatch)
    detail = {"people": added.to_send, "left_out": sum(added.left_out.values())}
    audit.record(AuditAction.FALLBACK_SENT, target=campaign, detail=detail)
    return added.to_send


def look(campaign: Campaign) -> None:
    """From the tick: now and then, for campaigns that fall back."""
    if campaign.fallback_account_id is not None and cache.add(f"fallback:{campaign.pk}", 1, LOOK_SECONDS):
        fall_back(campaign)


def reached_twice(campaign: Campaign) -> int:
    """People whom a late receipt calls reached by the first message although the fallback reached them too."""
    reached = campaign.deliveries.filter(own_status__gte=OwnStatus.DELIVERED)
    second = reached.filter(leg=FALLBACK_LEG)
    return reached.filter(leg="main", phone__in=second.values("phone")).count()
