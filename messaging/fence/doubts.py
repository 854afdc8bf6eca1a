"""What is in doubt while sending is held: batches that this database has queued, and that the other life may have sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value

from messaging.deliveries.status import OWN_COLUMNS
from messaging.fence.holds import REASON
from messaging.models import Batch, Delivery, Dispatch, FenceHold
from messaging.states import BatchState, DispatchState

ALIVE = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)


@dataclass(frozen=True)
class Doubt:
    """One dispatch: how many of its batches and people are queued and undecided. `first` is the key of the first of the batches."""

    dispatch: Dispatch
    batches: int
    people: int
    first: int

    @property
    def is_marketing(self) -> bool:
        return self.dispatch.purpose != "notice"


DECIDED = sum((F(column) for column in OWN_COLUMNS.values()), start=Value(0))  # people of a batch


def batches(hold: FenceHold, dispatches: Sequence[int] | None = None) -> "QuerySet[Batch]":
    """Undecided ones, of all dispatches or of some. Of one where everybody is left out nothing is ever sent."""
    # Made before the hold, or cut off from one that was.
    old = Q(pk__lte=hold.last_batch) | Q(reason=REASON, split_from__isnull=False)
    found = Batch.objects.filter(old, state=BatchState.QUEUED, dispatch__state__in=ALIVE, size__gt=DECIDED)
    found = found.exclude(dispatch__in=hold.let_go)
    if hold.account_id is not None:
        found = found.filter(account=hold.account_id)
    return found if dispatches is None else found.filter(dispatch__in=dispatches)


def unknown(hold: FenceHold) -> "QuerySet[Batch]":
    """What this hold has made unknown."""
    found = Batch.objects.filter(state=BatchState.UNKNOWN, reason=REASON, pk__lte=hold.last_batch)
    return found if hold.account_id is None else found.filter(account=hold.account_id)


def dispatches(hold: FenceHold) -> list[Doubt]:
    """By dispatch, the oldest first. Two queries."""
    counted = batches(hold).values("dispatch").annotate(n=Count("id"), people=Sum(F("size") - DECIDED), first=Min("id"))
    found = {row["dispatch"]: (row["n"], row["people"], row["first"]) for row in counted.order_by("dispatch")}
    related = ("account", "signature", "chatbot", "version__template")
    dispatches = Dispatch.objects.filter(pk__in=found).select_related(*related).order_by("pk")
    return [Doubt(dispatch, *found[dispatch.pk]) for dispatch in dispatches]


def first_people(found: Sequence[Doubt]) -> dict[int, Delivery]:
    """Of each dispatch the first person who would get it, by the dispatch's key, with batch and dispatch. Two queries."""
    people = Delivery.objects.filter(batch=OuterRef("pk"), own_status__isnull=True).order_by("id").values("id")[:1]
    firsts = Batch.objects.filter(pk__in=[doubt.first for doubt in found]).annotate(person=Subquery(people))
    dispatches = {doubt.dispatch.pk: doubt.dispatch for doubt in found}
    rows = Delivery.objects.filter(pk__in=firsts.values_list("person", flat=True)).select_related("batch")
    by_dispatch = {row.dispatch_id: row for row in rows}
    for key, row in by_dispatch.items():
        row.dispatch = dispatches[key]
    return by_dispatch
