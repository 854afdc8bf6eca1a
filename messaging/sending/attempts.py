"""The two steps that every request takes: onto the wire, and off it again when the vendor has accepted.

On PostgreSQL each is one statement and with it one commit: a round trip for each row costs a request of a thousand people
more than the people do. SQLite has no such statements, and no round trips.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from kit import rows
from messaging.deliveries import batch_states
from messaging.models import Attempt, Batch, VendorCall
from messaging.receipts.updates import WAITING, WAITING_FOR_MESSAGES, any_waiting
from messaging.states import AttemptOutcome, BatchState, DispatchState

_WIRE = """
UPDATE messaging_batch SET state = %s, attempts_made = attempts_made + 1, claimed_at = %s
WHERE id = %s AND state = %s AND claim = %s AND n_skipped = %s
  AND dispatch_id IN (
    SELECT id FROM messaging_dispatch WHERE id = %s AND state = %s AND (send_until IS NULL OR send_until > %s))
  AND NOT EXISTS (SELECT 1 FROM messaging_sendingstop WHERE holds)
"""
(_CLAIMED,) = batch_states.before(BatchState.SENDING)


def begin(attempt: Attempt, now: datetime) -> bool:
    """`claimed -> sending` with the attempt's row, if the claim is still this one's, nobody was taken out since, the round still
    runs and is of use, and nobody has stopped all sending. True if so, and then the attempt has its key."""
    batch, at = attempt.batch, connection.ops.adapt_datetimefield_value(now)
    given = [BatchState.SENDING.value, at, batch.pk, _CLAIMED.value, batch.claim, batch.n_skipped]
    given += [batch.dispatch_id, DispatchState.RUNNING.value, at]
    if connection.vendor == "postgresql":
        return _begin_at_once(attempt, given)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WIRE, given)
        if not cursor.rowcount:
            return False
        rows.insert(attempt)
        return True


def _begin_at_once(attempt: Attempt, given: Sequence[Any]) -> bool:
    names, marks = rows.columns(Attempt)
    with rows.plain_cursor() as cursor:
        cursor.execute(
            f"""WITH wired AS ({_WIRE} RETURNING id)
                INSERT INTO messaging_attempt ({names}) SELECT {marks} FROM wired RETURNING id""",  # noqa: S608
            [*given, *rows.values(attempt)],
        )
        found = cursor.fetchone()
    if found is None:
        return False
    attempt.pk, attempt._state.adding = found[0], False
    return True


# The batch is locked before its attempt is touched, as by everybody else: what comes later reads what came before, which
# orders the parts. An attempt that is closed already leaves the batch alone; the exchange is kept all the same.
_ACCEPT = """
WITH held AS MATERIALIZED (SELECT id FROM messaging_batch WHERE id = %s FOR UPDATE),
closed AS (
    UPDATE messaging_attempt SET outcome = %s, reason = %s, vendor_code = %s, vendor_message = %s, task_id = %s, finished_at = %s
    WHERE id = %s AND outcome IN (%s, %s) AND batch_id IN (SELECT id FROM held) RETURNING batch_id),
moved AS (
    UPDATE messaging_batch SET state = %s, submitted_at = %s, reason = '', vendor_message = '', accepted_count = %s
    WHERE id IN (SELECT batch_id FROM closed) AND state IN (%s, %s)){kept}
SELECT {waiting}, {disk} FROM closed
"""
# For this transaction alone, which is this statement.
_NO_WAIT = "set_config('synchronous_commit', 'off', true)"


class Accepted(NamedTuple):
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
    if connection.vendor == "postgresql":
        disk = _NO_WAIT if may_be_forgotten else "NULL"
        return _accept_at_once(attempt, accepted_count, calls, sorted(set(message_ids) - {""}), disk)
    with transaction.atomic():
        for call in calls:
            rows.insert(call)
        closed = rows.update(Attempt, attempt.pk, "outcome", _OPEN, **_closing(attempt))
        if not closed:
            return None
        rows.update(Batch, attempt.batch_id, "state", _ON_THE_WIRE, **_submitted(attempt, accepted_count))
        return Accepted(any_waiting(attempt, set(message_ids) - {""}))


_OPEN = (AttemptOutcome.OPEN, AttemptOutcome.UNKNOWN)
_ON_THE_WIRE = batch_states.before(BatchState.SUBMITTED)


def _closing(attempt: Attempt) -> dict[str, Any]:
    names = ("outcome", "reason", "vendor_code", "vendor_message", "task_id", "finished_at")
    return {name: getattr(attempt, name) for name in names}


def _submitted(attempt: Attempt, accepted_count: int | None) -> dict[str, Any]:
    return {
        "state": BatchState.SUBMITTED,
        "submitted_at": attempt.finished_at,
        "reason": "",
        "vendor_message": "",
        "accepted_count": accepted_count,
    }


def _accept_at_once(
    attempt: Attempt, accepted_count: int | None, calls: Sequence[VendorCall], message_ids: list[str], disk: str
) -> Accepted | None:
    names, marks = rows.columns(VendorCall)
    lines = ", ".join([f"({marks})"] * len(calls))
    kept = f",\nkept AS (INSERT INTO messaging_vendorcall ({names}) VALUES {lines})" if calls else ""  # noqa: S608
    given: list[Any] = [attempt.batch_id, *_closing(attempt).values(), attempt.pk, *(state.value for state in _OPEN)]
    given += [BatchState.SUBMITTED.value, attempt.finished_at, accepted_count, *(state.value for state in _ON_THE_WIRE)]
    given += [value for call in calls for value in rows.values(call)]
    given += [attempt.account_id, attempt.reference, attempt.task_id, *([message_ids] if message_ids else [])]
    waiting = WAITING_FOR_MESSAGES if message_ids else WAITING
    with rows.plain_cursor() as cursor:
        cursor.execute(_ACCEPT.format(kept=kept, waiting=waiting, disk=disk), given)
        found = cursor.fetchone()
    return None if found is None else Accepted(found[0])
