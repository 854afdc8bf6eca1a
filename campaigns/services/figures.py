"""Rounds counted in the background, so that no page counts people. A round is counted again while its people still move,
the seldomer the bigger it is."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Substr, TruncDate
from django.utils import timezone

from campaigns.models import BalanceReading, RoundFigures
from campaigns.services.importing.phones import operators_by_prefix
from messaging.models import Delivery, Dispatch, Reply, VendorAccount
from messaging.selectors import with_status
from messaging.states import DispatchState

# Receipts come for 72 hours; after that a round is counted once more, for good.
MOVES_FOR = timedelta(hours=73)
LEAST_BETWEEN = timedelta(seconds=60)
QUIET_AFTER = timedelta(hours=1)
BETWEEN_WHEN_QUIET = timedelta(minutes=15)
PEOPLE_A_SECOND = 2000
PEOPLE_A_TURN = 200_000
ROUNDS_A_TURN = 50


def refresh(most_people: int = PEOPLE_A_TURN) -> int:
    """Count the rounds that are due, the longest waiting first, until about `most_people` were looked at; one round at least.
    Returns how many were counted."""
    left, counted = most_people, 0
    for dispatch in _due():
        if counted and dispatch.total > left:
            break
        count(dispatch)
        left -= dispatch.total
        counted += 1
    return counted


def _due() -> list[Dispatch]:
    known = Q(figures__isnull=True) | Q(figures__final=False)
    rounds = Dispatch.objects.filter(known).exclude(state=DispatchState.READY).select_related("figures")
    rows = rounds.order_by(F("figures__counted_at").asc(nulls_first=True))[: 4 * ROUNDS_A_TURN]
    now = timezone.now()
    return [row for row in rows if _is_due(row, now)][:ROUNDS_A_TURN]


def _is_due(dispatch: Dispatch, now: Any) -> bool:
    figures = getattr(dispatch, "figures", None)
    if figures is None:
        return True
    quiet = dispatch.finished_at is not None and now - dispatch.finished_at > QUIET_AFTER
    least = BETWEEN_WHEN_QUIET if quiet else LEAST_BETWEEN
    return bool(now - figures.counted_at >= max(least, timedelta(seconds=dispatch.total / PEOPLE_A_SECOND)))


def count(dispatch: Dispatch) -> RoundFigures:
    """One pass over the people of a round, in the order of the unique index."""
    now = timezone.now()
    ended = dispatch.finished_at if dispatch.state in (DispatchState.DONE, DispatchState.CANCELLED) else None
    replies = Reply.objects.filter(is_opt_out=True, replied_at__gte=dispatch.created_at, delivery__dispatch=dispatch)
    figures, _made = RoundFigures.objects.update_or_create(
        dispatch=dispatch,
        defaults={
            "groups": _groups(dispatch),
            "opt_outs": replies.count(),
            "counted_at": now,
            "final": ended is not None and now - ended > MOVES_FOR,
        },
    )
    return figures


def _groups(dispatch: Dispatch) -> list[list[Any]]:
    people = Delivery.objects.filter(run=dispatch.run, leg=dispatch.leg, dispatch=dispatch)
    why = Case(When(own__isnull=True, batch__isnull=False, then=F("batch__reason")), default=F("reason"))
    rows = (
        with_status(people)
        .annotate(why=why, head=Substr("phone", 1, 5), day=TruncDate("batch__submitted_at"))
        .values_list("day", "status", "channel", "why", "head")
        .annotate(n=Count("id"), charged=Sum("units"))
        .order_by()
    )
    operators = operators_by_prefix()
    found: Counter[tuple[str, ...]] = Counter()
    units: Counter[tuple[str, ...]] = Counter()
    for day, status, channel, reason, head, n, charged in rows:
        key = (day.isoformat() if day else "", status, channel, reason or "", operators.get(head, ""))
        found[key] += n
        units[key] += charged or 0
    return [[*key, n, units[key]] for key, n in sorted(found.items())]


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
