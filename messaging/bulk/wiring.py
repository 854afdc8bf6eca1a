"""The step that puts a batch on the wire."""

from datetime import datetime

from django.db import connection

from messaging.models import Batch
from messaging.states import BatchState, DispatchState

_SQL = """
UPDATE messaging_batch SET state = %s, attempts_made = attempts_made + 1, claimed_at = %s
WHERE id = %s AND state = %s AND claim = %s
  AND dispatch_id IN (
    SELECT id FROM messaging_dispatch WHERE id = %s AND state = %s AND (useless_after IS NULL OR useless_after > %s))
"""


def begin(batch: Batch, now: datetime) -> bool:
    """`claimed -> sending` if the claim is still this one's, the round still runs and is of use. True if it was."""
    at = connection.ops.adapt_datetimefield_value(now)
    values = [BatchState.SENDING.value, at, batch.pk, BatchState.CLAIMED.value, batch.claim]
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [*values, batch.dispatch_id, DispatchState.RUNNING.value, at])
        return bool(cursor.rowcount)
