"""Which request a receipt is about: by our reference, else the vendor's task id, else its message id."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from kit import sql
from messaging.gateway.types import ReceiptEvent
from messaging.models import Attempt, Delivery, VendorAccount
from messaging.receipts.status_updates import text_array

_SQL = sql.beside(__file__)


class AttemptRef(NamedTuple):
    """One attempt and where its people are: as plain values, since a chunk of receipts may have thousands."""

    attempt: int
    batch: int
    reference: str
    task_id: str
    outcome: str
    run_id: UUID
    leg: str


class AttemptIndex(NamedTuple):
    """What was found, by what the vendor named it with."""

    by_reference: dict[str, AttemptRef]
    by_task: dict[str, AttemptRef]
    by_message: dict[str, AttemptRef]


def resolve_attempts(account: VendorAccount, events: Sequence[ReceiptEvent]) -> AttemptIndex:
    """Four queries at most. The newest attempt wins."""
    references = {event.reference for event in events if event.reference}
    by_reference = {ref.reference: ref for ref in _attempts_by("reference", account, references)}
    left = [event for event in events if event.reference not in by_reference]
    tasks = {event.task_id for event in left if event.task_id}
    by_task = {ref.task_id: ref for ref in _attempts_by("task_id", account, tasks)}
    messages = {event.message_id for event in left if event.message_id and not event.reference}
    return AttemptIndex(by_reference, by_task, _by_message(account, messages) if messages else {})


def _attempts_by(column: str, account: VendorAccount, values: Collection[str]) -> list[AttemptRef]:
    """The account's attempts whose `column` ("reference" or "task_id") is one of `values`, oldest first."""
    if not values:
        return []
    if connection.vendor == "postgresql":
        return _SQL[column].rows(AttemptRef, account=account.pk, values=text_array(list(values)))
    return _refs(Attempt.objects.filter(account=account, **{f"{column}__in": values}))


def _refs(attempts: QuerySet[Attempt]) -> list[AttemptRef]:
    rows = attempts.order_by("pk").values_list(
        "pk", "batch_id", "reference", "task_id", "outcome", "batch__dispatch__run_id", "batch__dispatch__leg"
    )
    return [AttemptRef(*row) for row in rows]


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
    newest = {ref.batch: ref for ref in _refs(Attempt.objects.filter(batch__in=set(batches.values())))}
    return {message: newest[batch] for message, batch in batches.items() if batch in newest}
