"""The two steps that every request takes: onto the wire, and off it again when the vendor has accepted.

On PostgreSQL each is one statement and with it one commit: a round trip for each row costs a request of a thousand people
more than the people do. SQLite has no such statements, and no round trips.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from kit import sql
from messaging.deliveries import batch_states
from messaging.models import Attempt, Batch, VendorCall
from messaging.receipts.status_updates import any_waiting
from messaging.states import AttemptOutcome, BatchState, DispatchState

_SQL = sql.beside(__file__)
_OPEN = (AttemptOutcome.OPEN, AttemptOutcome.UNKNOWN)
_MAY_BE_ACCEPTED = batch_states.before(BatchState.SUBMITTED)


def begin(attempt: Attempt, now: datetime) -> bool:
    """`claimed -> sending` with the attempt's row, if the claim is still this one's, nobody was taken out since, the dispatch still
    runs and is of use, and nobody has stopped all sending. True if so, and then the attempt has its key."""
    batch = attempt.batch
    step = {
        "now": now,
        "batch": batch.pk,
        "from_": batch_states.before(BatchState.SENDING),
        "to": BatchState.SENDING,
        "claim": batch.claim,
        "n_skipped": batch.n_skipped,
        "dispatch": batch.dispatch_id,
        "running": DispatchState.RUNNING,
    }
    if connection.vendor == "postgresql":
        return _begin_at_once(attempt, _SQL["wire"].given(**step))
    with transaction.atomic():
        if not _SQL["wire"].run(**step):
            return False
        attempt.save(force_insert=True)
        return True


def _begin_at_once(attempt: Attempt, wire: sql.Fragment) -> bool:
    key = _SQL["begin"].value(
        wire=wire,
        account=attempt.account_id,
        number=attempt.number,
        reference=attempt.reference,
        started_at=attempt.started_at,
    )
    if key is None:
        return False
    attempt.pk, attempt._state.adding = key, False
    return True


@dataclass(frozen=True)
class Accepted:
    """`receipts_wait`: some came before the answer, and nobody knew yet what they are about."""

    receipts_wait: bool


def accept(
    attempt: Attempt,
    accepted_count: int | None,
    calls: Sequence[VendorCall],
    *,
    message_ids: Collection[str] = (),
    may_be_forgotten: bool = False,
) -> Accepted | None:
    """The attempt, whose outcome is set, closes as accepted, its batch becomes submitted, the exchanges are kept; all or
    nothing. None if the attempt was neither open nor unknown any more: then the exchanges alone are kept.

    `message_ids`: the vendor's ids of single messages, for which receipts may wait as well.
    `may_be_forgotten`: do not wait for the disk. A power cut, or a database killed at once, may then forget the last moments'
    answers, until somebody else's commit has taken them along (the next `begin` does); their batches are unknown after it."""
    ids = sorted(set(message_ids) - {""})
    if connection.vendor == "postgresql":
        waiting = _SQL["accept"].first(
            lambda waiting, _disk: bool(waiting),
            batch=attempt.batch_id,
            attempt=attempt.pk,
            account=attempt.account_id,
            open=_OPEN,
            **_closing(attempt),
            reference=attempt.reference,
            on_the_wire=_MAY_BE_ACCEPTED,
            submitted=BatchState.SUBMITTED,
            accepted_count=accepted_count,
            calls=json.dumps([_columns(call) for call in calls], default=str),
            message_ids=ids,
            may_be_forgotten=may_be_forgotten,
        )
        return None if waiting is None else Accepted(waiting)
    with transaction.atomic():
        for call in calls:
            call.save(force_insert=True)
        if not Attempt.objects.filter(pk=attempt.pk, outcome__in=_OPEN).update(**_closing(attempt)):
            return None
        batch_states.step(
            Batch.objects.filter(pk=attempt.batch_id),
            to=BatchState.SUBMITTED,
            from_=_MAY_BE_ACCEPTED,
            submitted_at=attempt.finished_at,
            reason="",
            vendor_message="",
            accepted_count=accepted_count,
        )
        return Accepted(any_waiting(attempt, ids))


def _columns(call: VendorCall) -> dict[str, object]:
    return {field.attname: getattr(call, field.attname) for field in VendorCall._meta.concrete_fields}


def _closing(attempt: Attempt) -> dict[str, object]:
    names = ("outcome", "reason", "vendor_code", "vendor_message", "task_id", "finished_at")
    return {name: getattr(attempt, name) for name in names}
