"""A campaign as it stands now: counts that close, rates with their denominators, and when it will be done."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from campaigns.lifecycle import steps
from campaigns.models import Campaign
from campaigns.preflight.specs import closed_days
from messaging.deliveries import status as deliveries_status
from messaging.models import Batch, Delivery, Dispatch, Reply, SendingWindow
from messaging.sending.duration import finish_time
from messaging.sending.spec import people_per_second
from messaging.states import BatchState

# What has not left the queue.
_WAITING = ("queued",)
_NOT_GOING = ("cancelled", "too_late", "skipped")
# The rate is looked at over this long.
_LOOK_BACK = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """People of the main leg. `people` are those who were to be sent to at the start, `left_out` those who were not, `total` both;
    `later_out` were left out after it. `counts` are people by status, and `closes`: they add up to `total`. `delivery_rate` is
    (delivered, with a result)."""

    counts: Mapping[str, int]
    total: int
    people: int
    left_out: int
    later_out: int
    handed_over: int
    closes: bool
    delivery_rate: tuple[int, int]
    without_result: int
    per_second: float
    finish_at: datetime | None
    final: bool


def progress(campaign: Campaign) -> Progress:
    """The campaign as it stands now."""
    main = main_dispatches(campaign)
    counts = deliveries_status.dispatch_counts(main) if main else {}
    total = sum(main.values())
    planned_out = campaign.report.left_out - campaign.report.in_file_only
    later_out = max(counts.get("skipped", 0) - planned_out, 0)
    people = total - min(planned_out, counts.get("skipped", 0))
    delivered = counts.get("delivered", 0) + counts.get("read", 0)
    waiting = sum(counts.get(status, 0) for status in _WAITING)
    unsent = waiting + later_out + counts.get("cancelled", 0) + counts.get("too_late", 0)
    rate = _rate(campaign)
    return Progress(
        counts=counts,
        total=total,
        people=people,
        left_out=total - people,
        later_out=later_out,
        handed_over=people - unsent,
        closes=sum(counts.values()) == total,
        delivery_rate=(delivered, delivered + counts.get("failed", 0) + counts.get("no_receipt", 0)),
        without_result=counts.get("submitted", 0) + counts.get("unknown", 0) + counts.get("sending", 0),
        per_second=rate,
        finish_at=_finish(campaign, waiting, rate),
        final=campaign.state in steps.FINAL,
    )


def main_dispatches(campaign: Campaign) -> Mapping[int, int]:
    """dispatch id -> people of the main leg: one dispatch, or one for each version that is compared."""
    if campaign.dispatch_id is None:
        return {}
    return dict(campaign.dispatches.filter(leg="main").values_list("pk", "total"))


def _rate(campaign: Campaign) -> float:
    """People handed over a second lately; the rate that is set before anything was."""
    limit = people_per_second(campaign.account, campaign.per_second)
    if campaign.dispatch is None or campaign.dispatch.started_at is None:
        return limit
    now = timezone.now()
    since = max(campaign.dispatch.started_at, now - _LOOK_BACK)
    sent = Batch.objects.filter(dispatch__in=campaign.dispatches, submitted_at__gte=since).values_list(
        "size", flat=True
    )
    people, seconds = sum(sent), max((now - since).total_seconds(), 1)
    return min(people / seconds, limit) if people else limit


def _finish(campaign: Campaign, waiting: int, rate: float) -> datetime | None:
    if not waiting or campaign.state not in steps.CAN_PAUSE or not rate:
        return None
    start = max(timezone.now(), campaign.start_at or timezone.now())
    return finish_time(start, waiting, rate, SendingWindow.of(campaign), closed_days(campaign))


def in_flight(campaign: Campaign) -> tuple[int, int]:
    """(batches, people) that a pause no longer stops."""
    taken = Batch.objects.filter(
        dispatch__in=campaign.dispatches, state__in=(BatchState.CLAIMED, BatchState.SENDING)
    ).values_list("size", flat=True)
    return len(taken), sum(taken)


def everybody(campaign: Campaign) -> QuerySet[Delivery]:
    """By run and leg: the unique index has them in the order of the numbers."""
    if campaign.dispatch is None:
        return Delivery.objects.none()
    return campaign.deliveries.filter(leg=campaign.dispatch.leg)


def counts_by_campaign(campaigns: Iterable[Campaign]) -> Mapping[int, Mapping[str, int]]:
    """campaign id -> what selectors.dispatch_counts says of its main leg; three queries for all of them."""
    runs = {campaign.run_id: campaign.pk for campaign in campaigns if campaign.run_id}
    main = dict(Dispatch.objects.filter(run_id__in=runs, leg="main").values_list("pk", "run_id"))
    found: dict[int, Counter[str]] = {pk: Counter() for pk in runs.values()}
    for dispatch, counts in counts_by_dispatch(main).items():
        found[runs[main[dispatch]]].update(counts)
    return {pk: dict(counts) for pk, counts in found.items()}


def counts_by_dispatch(dispatches: Iterable[int]) -> Mapping[int, Mapping[str, int]]:
    """dispatch id -> {status: people}, without zeros; two queries for all of them."""
    found: dict[int, Counter[str]] = {pk: Counter() for pk in dispatches}
    sums = {column: Sum(column) for column in deliveries_status.OWN_COLUMNS.values()}
    batches: Any = Batch.objects.filter(dispatch__in=found).values("dispatch", "state")
    for row in batches.annotate(people=Sum("size"), **sums).order_by():
        counts = found[row["dispatch"]]
        own = {word: row[column] or 0 for word, column in deliveries_status.OWN_COLUMNS.items()}
        counts.update(own)
        counts["queued" if row["state"] == BatchState.CLAIMED else row["state"]] += row["people"] - sum(own.values())
    for dispatch, people in deliveries_status.left_out(found):
        found[dispatch]["skipped"] += people
    return {pk: {status: n for status, n in counts.items() if n} for pk, counts in found.items()}


@dataclass(frozen=True)
class Side:
    """One dispatch beside the others of its campaign. `rate` is (delivered, with a result), `opted_out` people."""

    dispatch: Dispatch
    counts: Mapping[str, int]
    opted_out: int

    @property
    def people(self) -> int:
        return sum(self.counts.values()) - self.counts.get("skipped", 0)

    @property
    def delivered(self) -> int:
        return self.counts.get("delivered", 0) + self.counts.get("read", 0)

    @property
    def read(self) -> int:
        return self.counts.get("read", 0)

    @property
    def failed(self) -> int:
        return self.counts.get("failed", 0) + self.counts.get("rejected", 0)

    @property
    def unknown(self) -> int:
        return self.counts.get("unknown", 0)

    @property
    def with_result(self) -> int:
        return self.delivered + self.counts.get("failed", 0) + self.counts.get("no_receipt", 0)


def side_by_side(campaign: Campaign) -> list[Side]:
    """Every dispatch of the run, none where there is but one; four queries whatever their number."""
    dispatches = campaign.dispatches.select_related("version__template", "account").order_by("pk")
    by_id = {dispatch.pk: dispatch for dispatch in dispatches}
    if len(by_id) < 2:
        return []
    counts = counts_by_dispatch(by_id)
    left: Any = Reply.objects.filter(is_opt_out=True, delivery__dispatch__in=by_id).values_list("delivery__dispatch")
    opted_out = dict(left.annotate(n=Count("id")).order_by())
    return [Side(dispatch, counts[pk], opted_out.get(pk, 0)) for pk, dispatch in by_id.items()]
