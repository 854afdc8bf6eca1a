"""Why it failed, by which channel it arrived, who was left out: one pass over a campaign's people, kept for a while when
there are many, since the progress page asks every two seconds."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Sum
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from messaging.deliveries.status import OWN_COLUMNS
from messaging.models import Batch, Delivery, Dispatch
from messaging.sentences import SENTENCES
from messaging.states import BatchState, Channel, OwnStatus

KEPT_ABOVE = 20_000
KEPT_SECONDS = 20

_Groups = list[tuple[int, str, str, int]]


@dataclass(frozen=True)
class Breakdown:
    """`channels`: (word, people) of the delivered. `failures`: (what happened, what to do, people). `unsent`: reason ->
    people, the file's own problems first. Each the most first."""

    channels: list[tuple[str, int]]
    failures: list[tuple[str, str, int]]
    unsent: dict[str, int]


def breakdown(campaign: Campaign) -> Breakdown:
    groups = _groups(campaign.dispatch) if campaign.dispatch else []
    return Breakdown(_channels(groups), _failures(groups), _unsent(campaign, groups))


def _groups(dispatch: Dispatch) -> _Groups:
    """[(own, channel, reason, people)], from the cache for big dispatches."""
    if dispatch.total <= KEPT_ABOVE:
        return _count(dispatch)
    key = f"breakdown:{dispatch.pk}"
    kept: _Groups | None = cache.get(key)
    if kept is None:
        kept = _count(dispatch)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _count(dispatch: Dispatch) -> _Groups:
    """By run and leg, which the unique index begins with: there is none on the dispatch alone."""
    rows = Delivery.objects.filter(run_id=dispatch.run_id, leg=dispatch.leg, own_status__isnull=False)
    found = list(rows.values_list("own_status", "channel", "reason").annotate(n=Count("id")).order_by())
    taken = sum((F(column) for column in OWN_COLUMNS.values()), start=F("n_skipped") - F("n_skipped"))
    whole = Batch.objects.filter(
        dispatch__run_id=dispatch.run_id, dispatch__leg=dispatch.leg, state=BatchState.REJECTED
    ).values_list("reason")
    refused = whole.annotate(n=Sum(F("size") - taken)).order_by()
    return found + [(int(OwnStatus.REJECTED), "", reason, people) for reason, people in refused if people]


def _sum(groups: _Groups, owns: tuple[OwnStatus, ...], column: int) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for group in groups:
        if group[0] in owns:
            counts[str(group[column])] += group[3]
    return counts.most_common()


def _channels(groups: _Groups) -> list[tuple[str, int]]:
    found = _sum(groups, (OwnStatus.DELIVERED, OwnStatus.READ), 1)
    return [(str(Channel(code).label) if code else _("channel not reported"), people) for code, people in found]


def _failures(groups: _Groups) -> list[tuple[str, str, int]]:
    found = _sum(groups, (OwnStatus.FAILED, OwnStatus.REJECTED, OwnStatus.NO_RECEIPT), 2)
    return [(*_words(reason), people) for reason, people in found]


def _words(reason: str) -> tuple[str, str]:
    sentence: Any = SENTENCES.get(reason)
    return (str(sentence.what), str(sentence.do)) if sentence else (reason, "")


def _unsent(campaign: Campaign, groups: _Groups) -> dict[str, int]:
    excluded = campaign.report.excluded
    in_file = {reason: excluded[reason] for reason in ("invalid", "duplicate") if excluded.get(reason)}
    return {**in_file, **dict(_sum(groups, (OwnStatus.SKIPPED,), 2))}
