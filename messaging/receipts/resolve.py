"""Which request a receipt is about: by our reference, else the vendor's task id, else its message id."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from messaging.gateway.types import ReceiptEvent
from messaging.models import Attempt, Delivery, VendorAccount
from messaging.receipts import updates as bulk


class AttemptRef(NamedTuple):
    """One attempt and where its people are: as plain values, since a chunk of receipts may have thousands."""

    attempt: int
    batch: int
    reference: str
    task_id: str
    outcome: str
    run: UUID
    leg: str


class AttemptIndex(NamedTuple):
    """What was found, by what the vendor named it with."""

    by_reference: dict[str, AttemptRef]
    by_task: dict[str, AttemptRef]
    by_message: dict[str, AttemptRef]


# What AttemptRef._make does, without a call into Python for each.
_ref = partial(tuple.__new__, AttemptRef)


def resolve_attempts(account: VendorAccount, events: Sequence[ReceiptEvent]) -> AttemptIndex:
    """Four queries at most. The newest attempt wins."""
    references = {event.reference for event in events if event.reference}
    by_reference = {ref.reference: ref for ref in map(_ref, bulk.attempts_by("reference", account.pk, references))}
    left = [event for event in events if event.reference not in by_reference]
    tasks = {event.task_id for event in left if event.task_id}
    by_task = {ref.task_id: ref for ref in map(_ref, bulk.attempts_by("task_id", account.pk, tasks))}
    messages = {event.message_id for event in left if event.message_id and not event.reference}
    return AttemptIndex(by_reference, by_task, _by_message(account, messages) if messages else {})


def attempt_of(event: ReceiptEvent, index: AttemptIndex) -> AttemptRef | None:
    """By our reference, else the task, else the message; "" is in none of the three."""
    return (
        index.by_reference.get(event.reference)
        or index.by_task.get(event.task_id)
        or index.by_message.get(event.message_id)
    )


def _by_message(account: VendorAccount, messages: set[str]) -> dict[str, AttemptRef]:
    deliveries = Delivery.objects.filter(message_id__in=messages, batch__account=account)
    batches = dict(deliveries.values_list("message_id", "batch_id"))
    attempts = Attempt.objects.filter(batch__in=set(batches.values())).order_by("pk")
    newest = {ref.batch: ref for ref in map(_ref, attempts.values_list(*bulk.ATTEMPT_COLUMNS))}
    return {message: newest[batch] for message, batch in batches.items() if batch in newest}
