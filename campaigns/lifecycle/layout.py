"""From a confirmed report to a dispatch with its batches and one row for each member, sent to or not."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.preflight import plan
from campaigns.preflight.audience_query import AudienceQuery, batch_size, canary_of, holidays_of, query_for, variants
from messaging.models import Dispatch
from templates_5g.services import freeze


class MoreThanConfirmed(Exception):
    """More people would get it than were confirmed (a suppression was lifted meanwhile)."""


@transaction.atomic
def lay_out(campaign: Campaign) -> Dispatch:
    """Store the whole plan in one transaction, a few statements whatever the number of people. The rules are asked again,
    so who opted out since the check is left out. Returns the first round; a second version has one of its own, in the same
    run and leg. Raises MoreThanConfirmed, and then nothing is stored."""
    parts = variants(campaign)
    rounds = []
    people = 0
    for letter, variant in zip("AB", parts, strict=False):
        title = campaign.name if len(parts) == 1 else f"{campaign.name} {letter}"
        dispatch = open_round(variant, "main", Dispatch.Kind.MAIN, title=title, start_at=campaign.start_at)
        people += fill(dispatch, variant, query_for(variant, timezone.now(), campaign.report.imports)).sent
        rounds.append(dispatch)
    if people > campaign.report.to_send:
        raise MoreThanConfirmed
    Campaign.objects.filter(pk=campaign.pk).update(dispatch=rounds[0])
    campaign.dispatch = rounds[0]
    return rounds[0]


def open_round(campaign: Campaign, leg: str, kind: str, **values: Any) -> Dispatch:
    """An empty round of the campaign's run, its version frozen."""
    freeze(campaign.version)
    purpose = campaign.version.template.purpose
    given = {
        "run": campaign.run,
        "leg": leg,
        "kind": kind,
        "title": campaign.name,
        "source": str(campaign.audience)[:120],
        "version": campaign.version,
        "account": campaign.account,
        "signature": campaign.signature,
        "chatbot": campaign.chatbot,
        "purpose": purpose,
        "options": campaign.options,
        "queue": "notice" if purpose == "notice" else "bulk",
        "send_until": campaign.send_until,
        "window_from": campaign.window_from,
        "window_until": campaign.window_until,
        "holidays": holidays_of(campaign),
        "per_second": campaign.per_second,
        "cap_count": campaign.cap_count if purpose == "marketing" else None,
        "cap_days": campaign.cap_days,
        "created_by": campaign.confirmed_by,
    }
    return Dispatch.objects.create(**{**given, **values})


def fill(dispatch: Dispatch, campaign: Campaign, query: AudienceQuery, first: int = 0) -> plan.Laid:
    """Batches and people of a round, numbered on from `first`; its total and where it holds are stored. Inside a
    transaction."""
    if dispatch.leg == "main" and (campaign.canary_people or campaign.canary_percent):
        planned = sum(n for outcome, _operator, n, _units in plan.count(query) if not outcome)
        query = replace(query, canary=canary_of(campaign, planned))
    laid = plan.lay_out(query, dispatch, batch_size(campaign), first)
    dispatch.total += laid.sent + laid.left_out
    dispatch.hold_after = laid.hold_after
    dispatch.save(update_fields=["total", "hold_after"])
    return laid
