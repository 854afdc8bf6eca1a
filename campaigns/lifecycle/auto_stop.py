"""Canary and automatic stop: what the results say, held against the campaign's limits. Past a limit the campaign stops, and
a person decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone

from campaigns.audit_actions import AuditAction
from campaigns.models import Campaign
from kit import audit
from kit.people import Actor
from messaging.models import Batch, Dispatch, Reply, SendingPolicy
from messaging.sending import dispatches, outcomes
from messaging.states import BATCH_OPEN, BatchState, DispatchState

# Fewer than this say nothing while a campaign runs. A canary is judged by what it has.
LEAST = 50
MOST_BATCHES = 1000
_TOLD = (BatchState.SUBMITTED, BatchState.UNKNOWN, BatchState.REJECTED)
_COLUMNS = ("pk", "state", "size", "n_skipped", "n_rejected", "n_no_receipt", "n_failed", "n_delivered", "n_read")


@dataclass
class Rates:
    """`failed` of `results`, `unknown` of `handed` over, `opted_out` of `delivered`: people."""

    results: int = 0
    failed: int = 0
    handed: int = 0
    unknown: int = 0
    delivered: int = 0
    opted_out: int = 0

    def parts(self) -> Iterator[tuple[str, int, int]]:
        """(limit, part, whole), in the order in which they are asked."""
        yield "failed", self.failed, self.results
        yield "unknown", self.unknown, self.handed
        yield "opted_out", self.opted_out, self.delivered


def measure(dispatch: Dispatch, since: datetime | None, most: int, upto: int | None = None) -> Rates:
    """The latest batches claimed after `since`, as many as hold `most` results; up to the number `upto`. Two queries."""
    batches = Batch.objects.filter(dispatch=dispatch, state__in=_TOLD)
    if since is not None:
        batches = batches.filter(claimed_at__gte=since)
    if upto is not None:
        batches = batches.filter(number__lte=upto)
    rates, seen = Rates(), []
    for row in batches.order_by("-claimed_at").values(*_COLUMNS)[:MOST_BATCHES]:
        _add(rates, row)
        seen.append(row["pk"])
        if rates.results >= most:
            break
    rates.opted_out = Reply.objects.filter(is_opt_out=True, delivery__batch__in=seen).count() if rates.delivered else 0
    return rates


def _add(rates: Rates, row: Mapping[str, Any]) -> None:
    own = sum(row[name] for name in _COLUMNS[3:])
    shared = row["size"] - own
    refused = row["n_rejected"] + (shared if row["state"] == BatchState.REJECTED else 0)
    delivered = row["n_delivered"] + row["n_read"]
    rates.failed += row["n_failed"] + refused
    rates.results += row["n_failed"] + refused + delivered
    rates.handed += row["size"] - row["n_skipped"]
    rates.unknown += shared if row["state"] == BatchState.UNKNOWN else 0
    rates.delivered += delivered


def beyond(campaign: Campaign, rates: Rates, least: int = 1) -> tuple[str, str, str] | None:
    """(limit, value, limit's value) of the first limit that the rates are past, in percent; None inside them all."""
    for name, part, whole in rates.parts():
        limit = getattr(campaign, f"stop_{name}")
        if limit is not None and whole >= least and part * 100 > limit * whole:
            return name, f"{Decimal(part * 100) / whole:.1f}", f"{limit.normalize():f}"
    return None


def look(campaign: Campaign) -> None:
    """From the tick: let the rest follow a good canary, stop what is past a limit."""
    for dispatch in campaign.dispatches.filter(state=DispatchState.RUNNING):
        if dispatch.hold_after is not None:
            _look_at_canary(campaign, dispatch)
        else:
            _look_at_results(campaign, dispatch)


def _look_at_results(campaign: Campaign, dispatch: Dispatch) -> None:
    if not _limited(campaign):
        return
    found = beyond(campaign, measure(dispatch, campaign.watch_from, SendingPolicy.current().stop_results), LEAST)
    if found:
        stop(campaign, f"limit_{found[0]}", f"{found[1]}|{found[2]}")


def _limited(campaign: Campaign) -> bool:
    return any(getattr(campaign, f"stop_{name}") is not None for name, _part, _whole in Rates().parts())


def _look_at_canary(campaign: Campaign, dispatch: Dispatch) -> None:
    """Past a limit it stops at once; inside them all the rest goes when the watch is over."""
    rates = measure(dispatch, campaign.watch_from, MOST_BATCHES**2, dispatch.hold_after)
    over = _watch_ends(campaign, dispatch)
    ended = over is not None and over <= timezone.now()
    found = beyond(campaign, rates, 1 if ended else LEAST)
    if found:
        stop(campaign, f"limit_{found[0]}", f"{found[1]}|{found[2]}")
    elif ended and rates.handed and not rates.results and _limited(campaign):
        stop(campaign, "canary_silent", "")
    elif ended:
        go_on(campaign, dispatch, rates)


def _watch_ends(campaign: Campaign, dispatch: Dispatch) -> datetime | None:
    """When the watch is over; None while some of the canary is not handed over."""
    canary = _canary(dispatch)
    if canary.filter(state__in=BATCH_OPEN).exists():
        return None
    last = canary.aggregate(last=Max("claimed_at"))["last"] or dispatch.started_at or timezone.now()
    return last + timedelta(minutes=campaign.canary_minutes)


def _canary(dispatch: Dispatch) -> QuerySet[Batch]:
    return Batch.objects.filter(dispatch=dispatch, number__lte=dispatch.hold_after)


def decides_at(campaign: Campaign) -> datetime | None:
    """When the canary is judged; None while it is being handed over, or without one."""
    held = campaign.dispatches.filter(hold_after__isnull=False)
    ends = [_watch_ends(campaign, dispatch) for dispatch in held]
    return None if None in ends else max((end for end in ends if end), default=None)


def go_on(campaign: Campaign, dispatch: Dispatch, rates: Rates) -> None:
    if dispatches.release(dispatch):
        detail = {"results": rates.results, "not_delivered": rates.failed, "unknown": rates.unknown}
        audit.record(AuditAction.CANARY_PASSED, target=campaign, detail=detail)


def stop(campaign: Campaign, reason: str, detail: str) -> None:
    """Every dispatch of it, with the same reason: what one shows the others would."""
    for dispatch in campaign.dispatches.filter(state=DispatchState.RUNNING):
        outcomes.stop_dispatch(dispatch, reason, detail)


def is_limit(reason: str) -> bool:
    return reason.startswith("limit_") or reason == "canary_silent"


def overrule(campaign: Campaign, actor: Actor) -> None:
    """A person goes on in spite of a limit: what was before no longer counts, and the canary's hold is lifted."""
    Campaign.objects.filter(pk=campaign.pk).update(watch_from=timezone.now())
    campaign.dispatches.filter(hold_after__isnull=False).update(hold_after=None)
    audit.record(
        AuditAction.CAMPAIGN_CONTINUED,
        actor=actor,
        target=campaign,
        detail={"reason": campaign.state_note},
    )
