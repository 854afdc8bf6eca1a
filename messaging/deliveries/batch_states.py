"""The table of a batch's states. `step` moves batches; the two statements of sending/attempts.sql that do so beside a new or an
answered attempt take their states from here too."""

from collections.abc import Sequence

from django.db.models import QuerySet

from messaging.models import Batch
from messaging.states import BatchState

# A table, not a rank. sending -> queued only where the outcome is NOT_TAKEN or BLOCKED; unknown -> queued only where its sender
# proves that not a byte has left.
STEPS: dict[BatchState, tuple[BatchState, ...]] = {
    BatchState.QUEUED: (BatchState.CLAIMED, BatchState.CANCELLED, BatchState.TOO_LATE),
    BatchState.CLAIMED: (BatchState.QUEUED, BatchState.SENDING),
    BatchState.SENDING: (BatchState.SUBMITTED, BatchState.REJECTED, BatchState.UNKNOWN, BatchState.QUEUED),
    BatchState.UNKNOWN: (BatchState.SUBMITTED, BatchState.REJECTED, BatchState.QUEUED),
    BatchState.SUBMITTED: (BatchState.REJECTED,),
    BatchState.REJECTED: (),
    BatchState.CANCELLED: (),
    BatchState.TOO_LATE: (),
}
# In a database that is behind what was sent, a batch may be further than it says: a person decides, or it is unknown.
STEPS_AFTER_RESTORE: dict[BatchState, tuple[BatchState, ...]] = {
    BatchState.QUEUED: (BatchState.SUBMITTED, BatchState.UNKNOWN),
    BatchState.CLAIMED: (BatchState.UNKNOWN,),
}


class NoSuchStep(Exception):
    """The table has no such step: a mistake in the code that asks for it."""


def before(state: BatchState) -> tuple[BatchState, ...]:
    """The states from which a batch may step to this one."""
    return tuple(old for old, new in STEPS.items() if state in new)


def step(
    batches: "QuerySet[Batch]",
    *,
    to: BatchState,
    from_: Sequence[BatchState],
    after_restore: bool = False,
    **values: object,
) -> int:
    """Moves those of `batches` that are in one of `from_`, and sets `values` with it. The condition of the UPDATE is the lock: of
    two who want the same step one gets it. So `batches` filters by columns of its own or by `pk__in`: with a join the condition
    would stand in a subquery, which nobody reads again after waiting for a lock. A batch that goes back to the queue loses its
    claim. Returns how many moved. Raises NoSuchStep."""
    table = STEPS_AFTER_RESTORE if after_restore else STEPS
    if missing := [old for old in from_ if to not in table.get(old, ())]:
        raise NoSuchStep(f"{missing[0]} -> {to}")
    if to == BatchState.QUEUED:
        values = {"claim": "", "claimed_at": None, **values}
    return batches.filter(state__in=from_).update(state=to, **values)
