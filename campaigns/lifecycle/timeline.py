"""What happened when: people handed over, delivered, not delivered, and replies, in steps whose length fits the whole."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from campaigns.lifecycle import moments
from campaigns.lifecycle.breakdown import KEPT_ABOVE, KEPT_SECONDS
from campaigns.models import Campaign
from kit import display

KINDS = ("sent", "delivered", "failed", "replies")
# Minutes of a step. The first with which the whole has no more than MOST_STEPS is taken.
STEPS = (1, 5, 15, 60, 180, 360, 1440)
MOST_STEPS = 60
# Kept so many times as long as the counting took: a million people cost a twentieth of one processor at most.
_TIMES = 20
_LONGEST = 600

Moments = list[moments.Moment]


def timeline(campaign: Campaign) -> Mapping[str, object]:
    """{"minutes": of a step, "step": in words, "labels": [...], "sent"/"delivered"/"failed"/"replies": [people, …],
    "untimed": {kind: people without a time}, "words": {kind: word}}; {} while nothing happened. Delivered and failed stand
    at the latest report of each person; a time outside the campaign counts at its nearest end. Three queries."""
    if campaign.run_id is None or campaign.started_at is None:
        return {}
    return _laid_out(_moments(campaign, campaign.run_id), int(campaign.started_at.timestamp() // 60))


def _moments(campaign: Campaign, run_id: UUID) -> Moments:
    if campaign.dispatch is None or campaign.dispatch.total <= KEPT_ABOVE:
        return list(moments.of_run(run_id))
    key = f"timeline:{campaign.pk}"
    kept: Moments | None = cache.get(key)
    if kept is None:
        began = time.monotonic()
        kept = list(moments.of_run(run_id))
        cost = time.monotonic() - began
        cache.set(key, kept, min(max(KEPT_SECONDS, cost * _TIMES), _LONGEST))
    return kept


def _laid_out(found: Moments, first: int) -> dict[str, Any]:
    last = int(timezone.now().timestamp() // 60)
    timed = [(kind, min(max(minute, first), last), people) for kind, minute, people in found if minute is not None]
    if not timed:
        return {}
    start, end = min(minute for _kind, minute, _n in timed), max(minute for _kind, minute, _n in timed)
    step = next((step for step in STEPS if (end - start) // step < MOST_STEPS), STEPS[-1])
    # Steps begin at full hours and days of the local clock.
    offset = int((timezone.localtime().utcoffset() or timedelta()).total_seconds() // 60)
    origin = (start + offset) // step * step - offset
    figures: dict[str, Any] = {kind: [0] * ((end - origin) // step + 1) for kind in KINDS}
    for kind, minute, people in timed:
        figures[kind][(minute - origin) // step] += people
    return {
        "minutes": step,
        "step": _step_words(step),
        "labels": _labels(range(origin, end + 1, step), step),
        "untimed": _untimed(found),
        "words": words(),
        **figures,
    }


def _untimed(found: Moments) -> dict[str, int]:
    without: dict[str, int] = {}
    for kind, minute, people in found:
        if minute is None:
            without[kind] = without.get(kind, 0) + people
    return without


def words() -> dict[str, str]:
    return {
        "sent": _("Handed over"),
        "delivered": _("Delivered"),
        "failed": _("Not delivered"),
        "replies": _("Replies"),
    }


def _step_words(minutes: int) -> str:
    if minutes < 60:
        return ngettext("each minute", "each %(n)d minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 24:
        return ngettext("each hour", "each %(n)d hours", hours) % {"n": hours}
    return _("each day")


def _labels(minutes: Iterable[int], step: int) -> list[str]:
    """The clock; with the day where there is more than one."""
    at = [timezone.localtime(datetime.fromtimestamp(minute * 60, UTC)) for minute in minutes]
    if step == STEPS[-1]:
        return [display.day(moment.date()) for moment in at]
    if at[0].date() == at[-1].date():
        return [format_date(moment, "H:i") for moment in at]
    return [format_date(moment, pgettext("date format", "j M H:i")) for moment in at]


def rows(figures: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """(label, [people of each kind]) of each step in which anything happened: the table beside the chart."""
    steps = zip(figures["labels"], *(figures[kind] for kind in KINDS), strict=True)
    return [(label, list(counts)) for label, *counts in steps if any(counts)]


def totals(figures: Mapping[str, Any]) -> list[int]:
    """With those whose time nobody told."""
    return [sum(figures[kind]) + figures["untimed"].get(kind, 0) for kind in KINDS]
