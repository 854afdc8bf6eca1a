"""Dispatches counted in the background and added up by day, so that no page counts people or dispatches. A dispatch is counted
again while its people still move, the seldomer the bigger it is."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, Count, F, Max, QuerySet, Sum, When
from django.db.models.functions import Substr, TruncDate
from django.utils import timezone

from campaigns.audiences.imports.operators import operators_by_prefix
from campaigns.models import BalanceReading, Campaign, DispatchFigures
from campaigns.reports import upsert
from messaging.deliveries.status import with_status
from messaging.models import Delivery, Dispatch, Reply, VendorAccount
from messaging.states import DispatchState

# Receipts come for 72 hours; after that a dispatch is counted once more, for good.
MOVES_FOR = timedelta(hours=73)
LEAST_BETWEEN = timedelta(seconds=60)
QUIET_AFTER = timedelta(hours=1)
BETWEEN_WHEN_QUIET = timedelta(minutes=15)
# Everybody has a result: what may still come is a late receipt or an opt-out.
BETWEEN_WHEN_SETTLED = timedelta(hours=6)
PEOPLE_A_SECOND = 2000
PEOPLE_A_TURN = 200_000
DISPATCHES_A_TURN = 500
# A new dispatch is looked for among so many of the newest; those that have not ended are found by their state.
NEWEST_DISPATCHES = 20_000

ARRIVED = ("delivered", "read")
OPEN = ("submitted", "unknown", "sending", "queued")
_ALIVE = (DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)


class Key(NamedTuple):
    """Of one group of people of a dispatch; `day` is ISO."""

    day: str
    status: str
    channel: str
    reason: str
    operator: str


class Sums(NamedTuple):
    people: int = 0
    units: int = 0
    fell_back: int = 0
    opt_outs: int = 0


Groups = dict[Key, Sums]


def refresh(most_people: int = PEOPLE_A_TURN) -> int:
    """Count the dispatches that are due, the longest waiting first, until about `most_people` were looked at; one dispatch at
    least. Returns how many were counted."""
    left, chosen = most_people, list[Dispatch]()
    for dispatch in _due():
        if chosen and dispatch.total > left:
            break
        chosen.append(dispatch)
        left -= dispatch.total
    count(*chosen)
    return len(chosen)


def _due() -> list[Dispatch]:
    """Never counted first. Three queries, each by an index, however many dispatches there are."""
    waiting = Dispatch.objects.filter(figures__isnull=True).exclude(state=DispatchState.READY)
    waiting = waiting.select_related("version").order_by("pk")
    newest = DispatchFigures.objects.aggregate(newest=Max("dispatch"))["newest"] or 0
    fresh = waiting.filter(pk__gt=newest - NEWEST_DISPATCHES)[:DISPATCHES_A_TURN]
    old = waiting.filter(state__in=_ALIVE)[:DISPATCHES_A_TURN]
    found = {row.pk: row for row in (*fresh, *old)}
    now = timezone.now()
    moving = DispatchFigures.objects.filter(final=False).select_related("dispatch__version").order_by("counted_at")
    found |= {row.dispatch_id: row.dispatch for row in moving[: 2 * DISPATCHES_A_TURN] if _is_due(row, now)}
    return list(found.values())[:DISPATCHES_A_TURN]


def _is_due(figures: DispatchFigures, now: datetime) -> bool:
    ended, total = figures.dispatch.finished_at, figures.dispatch.total
    least = LEAST_BETWEEN
    if ended is not None and now - ended > MOVES_FOR:
        least = LEAST_BETWEEN
    elif ended is not None and now - ended > QUIET_AFTER:
        still_open = any(group[1] in OPEN for group in figures.groups)
        least = BETWEEN_WHEN_QUIET if still_open else BETWEEN_WHEN_SETTLED
    return bool(now - figures.counted_at >= max(least, timedelta(seconds=total / PEOPLE_A_SECOND)))


def count(*dispatches: Dispatch) -> None:
    """Count these dispatches and add to the days by what they differ from the last count. The people are counted before the
    transaction: an embedded database has one writer."""
    if dispatches:
        now, counted = timezone.now(), _groups(dispatches)
        with transaction.atomic():
            _store(dispatches, counted, now)


def _store(dispatches: Sequence[Dispatch], counted: dict[int, Groups], now: datetime) -> None:
    """The rows are made before they are locked, so that of two who count the same dispatch one waits and sees the other's."""
    DispatchFigures.objects.bulk_create(
        [DispatchFigures(dispatch=dispatch, counted_at=now) for dispatch in dispatches], ignore_conflicts=True
    )
    locked = DispatchFigures.objects.select_for_update().filter(dispatch__in=dispatches).order_by("pk")
    rows = {row.dispatch_id: row for row in locked}
    before = {pk: _read(row.groups) for pk, row in rows.items()}
    for dispatch in dispatches:
        row, groups = rows[dispatch.pk], counted[dispatch.pk]
        row.groups = [[*key, *sums] for key, sums in sorted(groups.items())]
        row.opt_outs = sum(sums.opt_outs for sums in groups.values())
        row.counted_at, row.final = now, _is_final(dispatch, now)
    DispatchFigures.objects.bulk_update(rows.values(), ["groups", "opt_outs", "counted_at", "final"], batch_size=500)
    _add_up(dispatches, before, counted)


def _read(groups: list[list[Any]]) -> Groups:
    return {Key(*row[:5]): Sums(*row[5:]) for row in groups}


def _is_final(dispatch: Dispatch, now: datetime) -> bool:
    ended = dispatch.finished_at if dispatch.state in (DispatchState.DONE, DispatchState.CANCELLED) else None
    return ended is not None and now - ended > MOVES_FOR


def _groups(dispatches: Sequence[Dispatch]) -> dict[int, Groups]:
    """One pass over the people of these dispatches, in the order of the unique index, and one over those who opted out."""
    ids = [dispatch.pk for dispatch in dispatches]
    people = Delivery.objects.filter(
        run_id__in={dispatch.run_id for dispatch in dispatches},
        leg__in={dispatch.leg for dispatch in dispatches},
        dispatch__in=ids,
    )
    since = min(dispatch.created_at for dispatch in dispatches)
    said_no = Reply.objects.filter(is_opt_out=True, replied_at__gte=since, delivery__dispatch__in=ids)
    leavers = Delivery.objects.filter(pk__in=set(said_no.values_list("delivery", flat=True)))
    by_dispatch = {dispatch.pk: dispatch for dispatch in dispatches}
    found: dict[int, Groups] = defaultdict(dict, {pk: {} for pk in ids})
    for pk, key, n, units, fell_back in _grouped(people, by_dispatch):
        was = found[pk].get(key, Sums())
        found[pk][key] = was._replace(
            people=was.people + n, units=was.units + units, fell_back=was.fell_back + fell_back
        )
    for pk, key, n, _units, _fell_back in _grouped(leavers, by_dispatch):
        was = found[pk].get(key, Sums())
        found[pk][key] = was._replace(opt_outs=was.opt_outs + n)
    return found


def _grouped(people: QuerySet[Delivery], dispatches: dict[int, Dispatch]) -> Iterable[tuple[int, Key, int, int, int]]:
    """(dispatch, group, people, units, how many of them arrived by another channel than the first)."""
    why = Case(When(own_status__isnull=True, batch__isnull=False, then=F("batch__reason")), default=F("reason"))
    rows = (
        with_status(people)
        .annotate(why=why, head=Substr("phone", 1, 5), day=TruncDate("batch__submitted_at"))
        .values_list("dispatch", "day", "status", "channel", "why", "head")
        .annotate(n=Count("id"), charged=Sum("units"))
        .order_by()
    )
    operators = operators_by_prefix()
    for pk, day, status, channel, reason, head, n, charged in rows:
        first = first_choice(dispatches[pk])
        fell_back = n if status in ARRIVED and channel and channel != first else 0
        began = (day or _day_of(dispatches[pk])).isoformat()
        yield (
            pk,
            Key(began, status, channel or first, reason or "", operators.get(head, "")),
            n,
            charged or 0,
            fell_back,
        )


def first_choice(dispatch: Dispatch) -> str:
    kind = dispatch.version.kind if dispatch.version else "sms"
    return kind if kind in ("sms", "mms") else "rcs"


def _day_of(dispatch: Dispatch) -> date:
    """Where people were never handed over, the day on which the dispatch began."""
    return timezone.localtime(dispatch.started_at or dispatch.created_at).date()


def _add_up(dispatches: Sequence[Dispatch], before: dict[int, Groups], after: dict[int, Groups]) -> None:
    told = [dispatch for dispatch in dispatches if dispatch.kind != Dispatch.Kind.TEST]
    campaigns = dict(Campaign.objects.filter(run_id__in={one.run_id for one in told}).values_list("run_id", "pk"))
    found: Counter[tuple[Any, ...]] = Counter()
    for dispatch in told:
        campaign = campaigns.get(dispatch.run_id)
        source = "" if campaign else dispatch.source or str(dispatch.kind)
        place = (campaign, source, dispatch.account_id, dispatch.version_id)
        for sign, groups in ((-1, before[dispatch.pk]), (1, after[dispatch.pk])):
            for key, sums in groups.items():
                for position, value in enumerate(sums):
                    found[key.day, *place, *key[1:], position] += sign * value
    changes: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(upsert.SUMS))
    for (*what, position), value in found.items():
        changes[tuple(what)][position] = value
    upsert.to_days([_digest(what), *what, *sums] for what, sums in changes.items() if any(sums))


def _digest(what: tuple[Any, ...]) -> str:
    return hashlib.sha256("\0".join(map(str, what)).encode()).hexdigest()


def read_balances() -> None:
    """Keep what vendors said of balances since the last look: later nobody else knows it."""
    asked = VendorAccount.objects.exclude(balance=None).exclude(balance_at=None)
    _keep_new(
        BalanceReading(account=account, at=account.balance_at, balance=account.balance, unit=account.balance_unit)
        for account in asked
        if account.balance is not None and account.balance_at is not None
    )


def _keep_new(readings: Iterable[BalanceReading]) -> None:
    made = list(readings)
    known = set(BalanceReading.objects.filter(at__in=[one.at for one in made]).values_list("account_id", "at"))
    BalanceReading.objects.bulk_create(
        [one for one in made if (one.account_id, one.at) not in known], ignore_conflicts=True
    )
