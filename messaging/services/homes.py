"""Which request a receipt is about: by our reference, else the vendor's task id, else its message id."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from messaging.bulk import receipts as bulk
from messaging.gateway.types import ReceiptEvent
from messaging.models import Attempt, Delivery, VendorAccount


class Home(NamedTuple):
    """One attempt and where its people are: as plain values, since a chunk of receipts may have thousands."""

    attempt: int
    batch: int
    reference: str
    task_id: str
    outcome: str
    run: UUID
    leg: str


Homes = dict[tuple[str, str], Home]
# What Home._make does, without a call into Python for each.
_home = partial(tuple.__new__, Home)


def homes_for(account: VendorAccount, events: Sequence[ReceiptEvent]) -> Homes:
    """("ref", reference) | ("task", id) | ("message", id) -> home, four queries at most. The newest attempt wins."""
    found: Homes = {}
    refs = {event.reference for event in events if event.reference}
    for home in map(_home, bulk.attempts_by("reference", account.pk, refs)):
        found["ref", home.reference] = home
    left = [event for event in events if ("ref", event.reference) not in found]
    tasks = {event.task_id for event in left if event.task_id}
    for home in map(_home, bulk.attempts_by("task_id", account.pk, tasks)):
        found["task", home.task_id] = home
    messages = {event.message_id for event in left if event.message_id and not event.reference}
    if messages:
        found.update(_by_message(account, messages))
    return found


def home_of(event: ReceiptEvent, homes: Homes) -> Home | None:
    if event.reference and (found := homes.get(("ref", event.reference))):
        return found
    if event.task_id and (found := homes.get(("task", event.task_id))):
        return found
    return homes.get(("message", event.message_id)) if event.message_id else None


def _by_message(account: VendorAccount, messages: set[str]) -> Homes:
    deliveries = Delivery.objects.filter(message_id__in=messages, batch__account=account)
    batches = dict(deliveries.values_list("message_id", "batch_id"))
    attempts = Attempt.objects.filter(batch__in=set(batches.values())).order_by("pk")
    newest = {home.batch: home for home in map(_home, attempts.values_list(*bulk.ATTEMPT_COLUMNS))}
    return {("message", message): newest[batch] for message, batch in batches.items() if batch in newest}
