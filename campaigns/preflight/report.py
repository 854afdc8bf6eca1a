"""The check before a start: every row of the file under one word, the cost and the end, computed once and kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from campaigns.approvals import campaign_approvals
from campaigns.models import AudienceImport, Campaign, PreflightReport, VariantCount
from campaigns.preflight import counts, repeats
from campaigns.preflight.audience_query import AudienceQuery, confirmed_imports, query_for
from campaigns.preflight.cost import cost, together
from campaigns.preflight.obstacles import obstacles
from campaigns.preflight.specs import Variant, variants
from campaigns.states import CampaignState
from messaging.queue import enqueue_once
from messaging.sending.duration import finish_time, people_until
from messaging.sending.spec import Timing, people_per_second

# The order in which the report lists them; the first two are the import's, the others planning's.
REASONS = (
    "invalid",
    "duplicate",
    "suppressed",
    "no_consent",
    "over_cap",
    "sent_lately",
    "operator",
    "bad_variables",
)
# Bigger audiences are counted by a worker.
INLINE_PEOPLE = 50_000


class NotNow(Exception):
    """The campaign is past being checked or changed. str() says what it is."""


@transaction.atomic
def begin_check(campaign: Campaign) -> bool:
    """-> CHECKING -> CHECKED. True if the audience was small enough to be checked at once; else it is CHECKING and a worker
    has been asked, in the same commit. Raises NotNow."""
    open_states = (CampaignState.DRAFT, CampaignState.CHECKING, CampaignState.CHECKED)
    if not Campaign.objects.filter(pk=campaign.pk, state__in=open_states).update(state=CampaignState.CHECKING):
        raise NotNow(Campaign.objects.get(pk=campaign.pk).get_state_display())
    if campaign.audience.size <= INLINE_PEOPLE:
        check(campaign)
        return True
    _ask_a_worker(campaign.pk)
    return False


def _ask_a_worker(campaign_id: int) -> bool:
    """At most once in JOB_LOST_SECONDS: the task clears the mark at its end, so that a dead one's mark grows old."""
    return enqueue_once(f"count:{campaign_id}", "campaigns.tasks.check_campaign", campaign_id, queue="import")


def wake_stuck() -> int:
    """Ask again for the checks whose worker died or whose job was lost. Returns how many."""
    checking = Campaign.objects.filter(state=CampaignState.CHECKING)
    return sum(_ask_a_worker(pk) for pk in checking.values_list("pk", flat=True))


@transaction.atomic
def check(campaign: Campaign) -> PreflightReport:
    """Count, and keep the report: CHECKING (or DRAFT, CHECKED) -> CHECKED. Raises NotNow."""
    begun = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if begun.state not in (CampaignState.DRAFT, CampaignState.CHECKING, CampaignState.CHECKED):
        raise NotNow(begun.get_state_display())
    now = timezone.now()
    report = make_report(begun, now)
    Campaign.objects.filter(pk=campaign.pk).update(
        report=report, checked_at=now, state=CampaignState.CHECKED, state_note=""
    )
    campaign_approvals.void_changed(begun)
    campaign.refresh_from_db()
    return report


def make_report(campaign: Campaign, now: datetime) -> PreflightReport:
    """The numbers for this moment, stored nowhere."""
    imports = confirmed_imports(campaign)
    of_campaign = variants(campaign)
    parts = [_count(campaign, variant, now, imports) for variant in of_campaign]
    timing = of_campaign[0].spec.timing
    people: Counter[str] = sum((part.people for part in parts), Counter())
    to_send = people.pop("", 0)
    rows, excluded = _rows(imports, people)
    canary = sum(part.canary for part in parts)
    finish_at, late = _end(campaign, timing, to_send, canary, now)
    report = PreflightReport(
        imports=imports,
        rows=rows,
        excluded=excluded,
        to_send=to_send,
        variants=[VariantCount(part.variant.version.pk, part.to_send) for part in parts],
        canary=canary,
        operators=dict(sum((part.operators for part in parts), Counter())),
        requests=sum(part.requests for part in parts),
        units=sum(part.units for part in parts),
        cost=together([cost(part.variant.spec.message, part.to_send, part.units) for part in parts]),
        again=repeats.find(campaign, now, imports),
        per_second=Decimal(f"{people_per_second(campaign.account, campaign.per_second):.2f}".rstrip("0").rstrip(".")),
        holidays=list(timing.holidays),
        start_at=campaign.start_at,
        finish_at=finish_at,
        late=late,
    )
    return replace(report, obstacles=obstacles(campaign, of_campaign, report, now))


@dataclass(frozen=True)
class _Part:
    """What one version's people make: outcome -> people, operator -> people to be sent to, SMS units, requests."""

    variant: Variant
    people: Counter[str]
    operators: Counter[str]
    units: int
    requests: int = 0

    @property
    def to_send(self) -> int:
        return self.people[""]

    @property
    def canary(self) -> int:
        canary = self.variant.spec.limits.canary
        return canary.of(self.to_send) if canary else 0


def _count(campaign: Campaign, variant: Variant, now: datetime, imports: Sequence[int]) -> _Part:
    query = query_for(campaign, variant, imports, now)
    people: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    units = 0
    for outcome, operator, number, its_units in counts.count(query, variant.spec) if imports else []:
        people[outcome] += number
        if not outcome:
            operators[operator or "other"] += number
            units += its_units
    part = _Part(variant, people, operators, units)
    return replace(part, requests=_requests(part, query))


def _rows(imports: Sequence[int], people: Counter[str]) -> tuple[int, dict[str, int]]:
    """Rows of the files, and how many of them go to nobody, by reason."""
    totals = AudienceImport.objects.filter(pk__in=imports).aggregate(
        rows=Sum("rows"), invalid=Sum("invalid"), duplicate=Sum("duplicate")
    )
    counted = {**people, "invalid": totals["invalid"] or 0, "duplicate": totals["duplicate"] or 0}
    return totals["rows"] or 0, {reason: counted[reason] for reason in REASONS if counted.get(reason)}


def _requests(part: _Part, query: AudienceQuery) -> int:
    """A canary has its own, so that it may make one more."""
    spec, size = part.variant.spec, part.variant.spec.message.batch_size
    if spec.message.text_of_batch and part.to_send:
        return counts.count_requests(query, spec)
    return -(-part.canary // size) - (-(part.to_send - part.canary) // size)


def _end(campaign: Campaign, timing: Timing, to_send: int, canary: int, now: datetime) -> tuple[datetime | None, int]:
    """When the last one is handed over, and how many are not in time. The people after a canary are reckoned from the end of
    the watch."""
    rate, start = people_per_second(campaign.account, campaign.per_second), max(now, campaign.start_at or now)
    if canary:
        start += timedelta(minutes=campaign.canary_minutes)
    window, closed = timing.window, timing.closed_days
    finish = finish_time(start, to_send, rate, window, closed)
    if campaign.send_until and (finish is None or finish > campaign.send_until):
        return finish, max(to_send - int(people_until(campaign.send_until, start, rate, window, closed)), 0)
    return finish, 0
