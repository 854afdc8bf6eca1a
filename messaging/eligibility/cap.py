"""The frequency cap: who has got, or may have got, as many messages of other dispatches as some days allow.

Exact also when several dispatches send to one number in the same moment, and without a lock that one could hold against others:
a dispatch first claims its batches and commits, and only then counts, other dispatches' claims included. Of two that claim one
number, the later to commit sees the earlier; whoever sees the other gives the batch back and looks again a little later.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from messaging.models import Delivery, Dispatch
from messaging.states import OWN_UNSENT, BatchState

Phones: TypeAlias = Collection[str] | QuerySet[Delivery, object]

# Numbers asked about in one statement.
_MOST_PHONES = 10_000


@dataclass(frozen=True)
class Cap:
    """At most `count` messages of one purpose in `days` days."""

    count: int
    days: int

    def since(self, now: datetime) -> datetime:
        return now - timedelta(days=self.days)


def caps_of(dispatch: Dispatch) -> tuple[Cap, ...]:
    """The dispatch's own and the policy's."""
    given = ((dispatch.cap_count, dispatch.cap_days), (dispatch.policy_cap_count, dispatch.policy_cap_days))
    return tuple(dict.fromkeys(Cap(count, days) for count, days in given if count))


@dataclass(frozen=True)
class Capped:
    """Messages of one purpose in one run, and the caps that hold for them: all of them. A run's own dispatches do not count: a
    follow-up or fallback stands for the message that failed."""

    run_id: UUID
    purpose: str
    caps: tuple[Cap, ...]

    @classmethod
    def of(cls, dispatch: Dispatch) -> "Capped":
        return cls(dispatch.run_id, dispatch.purpose, caps_of(dispatch))


def reached(phones: Phones, capped: Capped, now: datetime) -> Mapping[str, bool]:
    """Numbers (of a list or a query) for which no message is left. True: it was or may have been sent to as often as is
    allowed. False: it would be, if what others have claimed by now goes out."""
    if not capped.caps:
        return {}
    found = _counted(phones, capped, now)
    return {row["phone"]: any(row[f"sure_{n}"] >= cap.count for n, cap in enumerate(capped.caps)) for row in found}


def _counted(phones: Phones, capped: Capped, now: datetime) -> Any:
    """phone, and for each cap `all_<n>` and `sure_<n>`, of those that reach one."""
    since = min(cap.since(now) for cap in capped.caps)
    perhaps = (BatchState.CLAIMED, BatchState.SENDING, BatchState.UNKNOWN)
    rows: Any = Delivery.objects.filter(
        Q(batch__submitted_at__gte=since) | Q(batch__state__in=perhaps, batch__claimed_at__gte=since),
        phone__in=phones,
        dispatch__purpose=capped.purpose,
        dispatch__counts_for_cap=True,
    )
    rows = rows.exclude(run_id=capped.run_id).exclude(own_status__in=OWN_UNSENT)
    rows = rows.annotate(at=Coalesce("batch__submitted_at", "batch__claimed_at")).values("phone")
    over = Q()
    for n, cap in enumerate(capped.caps):
        in_time = Q(at__gte=cap.since(now))
        sure = in_time & ~Q(batch__state=BatchState.CLAIMED)
        rows = rows.annotate(**{f"all_{n}": Count("id", filter=in_time), f"sure_{n}": Count("id", filter=sure)})
        over |= Q(**{f"all_{n}__gte": cap.count})
    return rows.filter(over)


def over(phones: Collection[str], capped: Capped) -> set[str]:
    """Those of some numbers that have had what is allowed by now."""
    listed, now = list(phones), timezone.now()
    found: set[str] = set()
    for start in range(0, len(listed), _MOST_PHONES):
        part = reached(listed[start : start + _MOST_PHONES], capped, now)
        found.update(phone for phone, is_sure in part.items() if is_sure)
    return found


def seconds_apart() -> float:
    """How long a dispatch waits that met another at one number; chance keeps two from meeting again and again."""
    return random.uniform(0.3, 1.5)
