"""What is the status of whom, and how many: the only place that says so. Everybody asks here."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When

from messaging.deliveries import history
from messaging.models import Batch, Click, Delivery, Reply, Suppression
from messaging.states import BatchState, OwnStatus

OWN_WORDS = {own.value: own.name.lower() for own in OwnStatus}
OWN_COLUMNS = {
    "skipped": "n_skipped",
    "rejected": "n_rejected",
    "no_receipt": "n_no_receipt",
    "failed": "n_failed",
    "delivered": "n_delivered",
    "read": "n_read",
}
# Shown words, in the order in which lists and bars show them. `claimed` shows as queued.
STATUSES = (
    "read",
    "delivered",
    "failed",
    "no_receipt",
    "rejected",
    "submitted",
    "unknown",
    "sending",
    "queued",
    "skipped",
    "cancelled",
    "too_late",
)
_BATCH_WORDS = {state.value: state.value for state in BatchState} | {"claimed": "queued"}


def delivery_status(delivery: Delivery) -> str:
    """Its own status if it has one, else its batch's. One of STATUSES."""
    if delivery.own_status is not None:
        return OWN_WORDS[delivery.own_status]
    return _BATCH_WORDS[delivery.batch.state] if delivery.batch else "skipped"


def with_status(queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Annotate `status`, the same words as delivery_status."""
    own = [When(own_status=value, then=Value(word)) for value, word in OWN_WORDS.items()]
    batch = [When(batch__state=state, then=Value(word)) for state, word in _BATCH_WORDS.items()]
    return queryset.annotate(status=Case(*own, *batch, default=Value("skipped"), output_field=CharField()))


def filter_status(queryset: QuerySet[Delivery], status: str) -> QuerySet[Delivery]:
    """own_status = s OR (own_status IS NULL AND batch.state = s). Raises ValueError for a word that is not in STATUSES."""
    if status not in STATUSES:
        raise ValueError(f"No delivery status {status}")
    owns = [value for value, word in OWN_WORDS.items() if word == status]
    states = [state for state, word in _BATCH_WORDS.items() if word == status]
    found = Q(own_status__in=owns) | Q(own_status__isnull=True, batch__state__in=states)
    return queryset.filter(found)


def dispatch_counts(dispatch_ids: Iterable[int]) -> Mapping[str, int]:
    """status -> people over these dispatches; sums to their deliveries. From batch counters and the rows without a batch:
    no count over deliveries."""
    ids = list(dispatch_ids)
    counts: Counter[str] = Counter()
    sums = {word: Sum(column) for word, column in OWN_COLUMNS.items()}
    rows: Any = Batch.objects.filter(dispatch__in=ids).values("state").annotate(people=Sum("size"), **sums)
    for row in rows:
        own = 0
        for word in OWN_COLUMNS:
            counts[word] += row[word] or 0
            own += row[word] or 0
        counts[_BATCH_WORDS[row["state"]]] += row["people"] - own
    for _dispatch, n in left_out(ids):
        counts["skipped"] += n
    return {status: counts[status] for status in STATUSES if counts[status]}


def left_out(dispatch_ids: Iterable[int]) -> Iterable[tuple[int, int]]:
    """(dispatch, people without a batch). From the index alone: who has no batch was left out, own_status=SKIPPED, and `verify`
    says if not. The rows are not looked at, since no index may hold what a receipt changes."""
    rows = Delivery.objects.filter(dispatch__in=list(dispatch_ids), batch__isnull=True)
    return rows.values_list("dispatch").annotate(n=Count("*")).order_by()


@dataclass(frozen=True)
class HistoryItem:
    """One thing in the line of time of a number. `kind` is delivery, reply, click or suppression; `row` the model instance."""

    at: datetime
    kind: str
    row: Any
    status: str = ""


KINDS = ("delivery", "click", "reply", "suppression")


def phone_history(
    phone: str,
    before: datetime | None = None,
    limit: int = 50,
    *,
    after: datetime | None = None,
    kinds: Sequence[str] = KINDS,
) -> list[HistoryItem]:
    """What reached a number and what did not, newest first; four queries at most, whatever the length. Of one second, what
    caused the other is the older: message, click, reply, entry on the do-not-send list."""
    found = history.find(phone, before, limit, after) if "delivery" in kinds else history.ALL_OTHERS
    items = [HistoryItem(_moment(row), "delivery", row, delivery_status(row)) for row in found.deliveries]
    for kind, at, others in _others(phone, found, kinds, limit, {"before": before, "after": after}):
        items += [HistoryItem(getattr(row, at), kind, row) for row in others]
    return sorted(items, key=_newest_first, reverse=True)[:limit]


def phone_page(
    phone: str,
    before: datetime | None,
    limit: int,
    *,
    after: datetime | None = None,
    kinds: Sequence[str] = KINDS,
) -> tuple[list[HistoryItem], datetime | None]:
    """phone_history and the time to go on from, None at the end. A second is not cut in two where that can be, since the
    next page goes on from a time."""
    items = phone_history(phone, before, limit + 1, after=after, kinds=kinds)
    if len(items) <= limit:
        return items, None
    cut = items[limit].at.replace(microsecond=0)
    shown = [item for item in items[:limit] if item.at.replace(microsecond=0) > cut]
    return (shown, cut + timedelta(seconds=1)) if shown else (items[:limit], cut)


def _newest_first(item: HistoryItem) -> tuple[datetime, int, int]:
    """Vendors tell whole seconds, so no more of a time can be compared."""
    return item.at.replace(microsecond=0), KINDS.index(item.kind), item.row.pk


def _moment(row: Delivery) -> datetime:
    """When it was handed over, else when it was planned."""
    if row.batch and row.batch.submitted_at:
        return row.batch.submitted_at
    return row.dispatch.started_at or row.dispatch.created_at


def _others(
    phone: str, found: history.Found, kinds: Sequence[str], limit: int, bounds: dict[str, datetime | None]
) -> Iterator[tuple[str, str, Sequence[Any]]]:
    """(kind, the name of its time, the newest of it) of what else there is."""
    if found.has_replies and "reply" in kinds:
        yield "reply", "replied_at", _newest(Reply.objects.filter(phone=phone), "replied_at", limit, **bounds)
    if found.has_clicks and "click" in kinds:
        yield "click", "clicked_at", _newest(Click.objects.filter(phone=phone), "clicked_at", limit, **bounds)
    if found.has_suppressions and "suppression" in kinds:
        entries = _with_scope(Suppression.objects.filter(phone=phone))
        yield "suppression", "since", _newest(entries, "since", limit, **bounds)


def _newest(
    rows: QuerySet[Any], at: str, limit: int, *, before: datetime | None, after: datetime | None
) -> Sequence[Any]:
    """By the time in `at`; of those before a time, and after or at one."""
    if before:
        rows = rows.filter(**{f"{at}__lt": before})
    if after:
        rows = rows.filter(**{f"{at}__gte": after})
    return list(rows.order_by(f"-{at}", "-id")[:limit])


def _with_scope(entries: QuerySet[Suppression]) -> QuerySet[Suppression]:
    """With the names of signature and account, and no more of them: an account's secrets would be opened for each row."""
    mine = [field.name for field in Suppression._meta.concrete_fields]
    return entries.select_related("signature", "account").only(*mine, "signature__text", "account__name")


def live_suppressions(phone: str) -> QuerySet[Suppression]:
    return _with_scope(Suppression.objects.filter(phone=phone, lifted_at__isnull=True))


def suppressions(phone: str) -> list[Suppression]:
    """Every entry of a number, lifted ones too, newest first."""
    rows = _with_scope(Suppression.objects.filter(phone=phone))
    return list(rows.order_by("-id")[:200])


def partly_accepted() -> QuerySet[Batch]:
    """Batches of which the vendor took fewer people than were `sent`, the newest first; `silent`: people still without a word
    of their own."""
    own = sum((F(column) for column in OWN_COLUMNS.values()), start=Value(0))
    rows = Batch.objects.filter(accepted_count__isnull=False).annotate(sent=F("size") - F("n_skipped"))
    rows = rows.filter(accepted_count__lt=F("sent")).annotate(silent=F("size") - own)
    return rows.select_related("dispatch", "account").order_by("-id")
