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


class Homes(NamedTuple):
    """What was found, by what the vendor named it with."""

    by_reference: dict[str, Home]
    by_task: dict[str, Home]
    by_message: dict[str, Home]


# What Home._make does, without a call into Python for each.
_home = partial(tuple.__new__, Home)


def homes_for(account: VendorAccount, events: Sequence[ReceiptEvent]) -> Homes:
    """Four queries at most. The newest attempt wins."""
    references = {event.reference for event in events if event.reference}
    by_reference = {home.reference: home for home in map(_home, bulk.attempts_by("reference", account.pk, references))}
    left = [event for event in events if event.reference not in by_reference]
    tasks = {event.task_id for event in left if event.task_id}
    by_task = {home.task_id: home for home in map(_home, bulk.attempts_by("task_id", account.pk, tasks))}
    messages = {event.message_id for event in left if event.message_id and not event.reference}
    return Homes(by_reference, by_task, _by_message(account, messages) if messages else {})


def home_of(event: ReceiptEvent, homes: Homes) -> Home | None:
    """By our reference, else the task, else the message; "" is in none of the three."""
    return (
        homes.by_reference.get(event.reference)
        or homes.by_task.get(event.task_id)
        or homes.by_message.get(event.message_id)
    )


def _by_message(account: VendorAccount, messages: set[str]) -> dict[str, Home]:
    deliveries = Delivery.objects.filter(message_id__in=messages, batch__account=account)
    batches = dict(deliveries.values_list("message_id", "batch_id"))
    attempts = Attempt.objects.filter(batch__in=set(batches.values())).order_by("pk")
    newest = {home.batch: home for home in map(_home, attempts.values_list(*bulk.ATTEMPT_COLUMNS))}
    return {message: newest[batch] for message, batch in batches.items() if batch in newest}
