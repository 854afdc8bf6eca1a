"""The pre-send check: every row of the file under one word, the cost and the end, computed once and kept.

{"imports": [id…], "rows": n, "excluded": {reason: n}, "left_out": n, "to_send": n, "difference": 0,
 "arms": [{"version": id, "to_send": n}], "canary": n, "operators": {operator: n}, "requests": n, "units": n,
 "cost": {"lines", "low", "high"}, "per_second": "10", "holidays": [iso date…], "start_at": iso or None (at once),
 "again": {"people", "days", "campaigns": [{"campaign", "people"}]}, "finish_at": iso or None, "late": n,
 "obstacles": [{"key", "blocks", "params"}]}
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from campaigns.approvals import campaign_approvals
from campaigns.models import AudienceImport, Campaign
from campaigns.preflight import plan, repeats
from campaigns.preflight.audience_query import (
    arms,
    batch_size,
    canary_of,
    closed_days,
    confirmed_imports,
    holidays_of,
    pace_of,
    rules_for,
)
from campaigns.preflight.cost import cost, together
from campaigns.preflight.duration import finish_time, people_until
from campaigns.preflight.obstacles import obstacles
from campaigns.states import CampaignState
from messaging.models import SendingWindow
from messaging.queue import enqueue_once

# The order in which the sheet lists them; the first two are the import's, the others planning's.
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

Sheet = dict[str, Any]


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
def check(campaign: Campaign) -> Sheet:
    """Count, and keep the sheet: CHECKING (or DRAFT, CHECKED) -> CHECKED. Raises NotNow."""
    begun = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if begun.state not in (CampaignState.DRAFT, CampaignState.CHECKING, CampaignState.CHECKED):
        raise NotNow(begun.get_state_display())
    now = timezone.now()
    sheet = make_sheet(begun, now)
    Campaign.objects.filter(pk=campaign.pk).update(
        sheet=sheet, checked_at=now, state=CampaignState.CHECKED, state_note=""
    )
    campaign_approvals.void_changed(begun)
    campaign.refresh_from_db()
    return sheet


def make_sheet(campaign: Campaign, now: datetime) -> Sheet:
    """The numbers for this moment, stored nowhere."""
    imports = confirmed_imports(campaign)
    parts = [_count(arm, now, imports) for arm in arms(campaign)]
    people: Counter[str] = sum((part.people for part in parts), Counter())
    to_send = people.pop("", 0)
    operators: Counter[str] = sum((part.operators for part in parts), Counter())
    sheet = {
        **_sums(imports, people, to_send),
        "operators": dict(operators),
        "units": sum(part.units for part in parts),
    }
    sheet["arms"] = [{"version": part.campaign.version_id, "to_send": part.to_send} for part in parts]
    sheet["canary"] = sum(canary_of(campaign, part.to_send) for part in parts)
    sheet["requests"] = sum(part.requests for part in parts)
    sheet["cost"] = together([cost(part.campaign, part.to_send, part.units) for part in parts])
    sheet["again"] = repeats.find(campaign, now, imports).as_json()
    sheet.update(_times(campaign, sheet, now))
    sheet["obstacles"] = obstacles(campaign, sheet, now)
    return sheet


@dataclass(frozen=True)
class _Part:
    """What one version's people make: outcome -> people, operator -> people to be sent to, SMS units, requests."""

    campaign: Campaign
    people: Counter[str]
    operators: Counter[str]
    units: int
    requests: int

    @property
    def to_send(self) -> int:
        return self.people[""]


def _count(arm: Campaign, now: datetime, imports: list[int]) -> _Part:
    rules = rules_for(arm, now, imports)
    people: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    units = 0
    for outcome, operator, number, its_units in plan.count(rules) if imports else []:
        people[outcome] += number
        if not outcome:
            operators[operator or "other"] += number
            units += its_units
    return _Part(arm, people, operators, units, _requests(arm, rules, people[""]))


def _sums(imports: list[int], people: Counter[str], to_send: int) -> Sheet:
    """Rows of the files against what became of each."""
    totals = AudienceImport.objects.filter(pk__in=imports).aggregate(
        rows=Sum("rows"), invalid=Sum("invalid"), duplicate=Sum("duplicate")
    )
    counted = {**people, "invalid": totals["invalid"] or 0, "duplicate": totals["duplicate"] or 0}
    excluded = {reason: counted[reason] for reason in REASONS if counted.get(reason)}
    left_out, rows = sum(excluded.values()), totals["rows"] or 0
    return {
        "imports": imports,
        "rows": rows,
        "excluded": excluded,
        "left_out": left_out,
        "to_send": to_send,
        "difference": rows - left_out - to_send,
    }


def _requests(campaign: Campaign, rules: plan.Rules, to_send: int) -> int:
    """A canary has its own, so that it may make one more."""
    size, canary = batch_size(campaign), canary_of(campaign, to_send)
    if rules.text and to_send:
        return plan.count_requests(rules, size)
    return -(-canary // size) - (-(to_send - canary) // size)


def _times(campaign: Campaign, sheet: Sheet, now: datetime) -> Sheet:
    """The people after a canary are reckoned from the end of the watch."""
    pace, start = pace_of(campaign), max(now, campaign.start_at or now)
    if sheet["canary"]:
        start += timedelta(minutes=campaign.canary_minutes)
    window, closed, to_send = SendingWindow.of(campaign), closed_days(campaign), sheet["to_send"]
    finish = finish_time(start, to_send, pace, window, closed)
    late = 0
    if campaign.send_until and (finish is None or finish > campaign.send_until):
        late = max(to_send - int(people_until(campaign.send_until, start, pace, window, closed)), 0)
    return {
        "per_second": f"{pace:.2f}".rstrip("0").rstrip("."),
        "holidays": holidays_of(campaign),
        "start_at": campaign.start_at.isoformat() if campaign.start_at else None,
        "finish_at": finish.isoformat() if finish else None,
        "late": late,
    }


def blocked(sheet: Sheet) -> bool:
    """Whether anything on the sheet forbids sending."""
    return any(found["blocks"] for found in sheet["obstacles"])
