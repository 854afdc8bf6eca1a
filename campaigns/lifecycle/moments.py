"""When things happened in a campaign's run, by the minute: one statement for each kind of thing, grouped in the database, so
that what comes back grows with the minutes and not with the people."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from kit import sql
from messaging.states import BatchState, OwnStatus

_SQL = sql.beside(__file__)
_LEFT_THE_QUEUE = (BatchState.SENDING, BatchState.SUBMITTED, BatchState.UNKNOWN, BatchState.REJECTED)
_HEARD = {OwnStatus.FAILED: "failed", OwnStatus.DELIVERED: "delivered", OwnStatus.READ: "delivered"}


class Moment(NamedTuple):
    """`minute` since 1970, None where no time was told."""

    what: str
    minute: int | None
    people: int


class _Count(NamedTuple):
    minute: int | None
    people: int
    own: int = 0


def of_run(run_id: UUID) -> Iterator[Moment]:
    """sent, delivered, failed, replies of every dispatch of the run. Three statements."""
    for row in _SQL["sent"].rows(_Count, run_id=run_id, states=_LEFT_THE_QUEUE):
        yield Moment("sent", row.minute, row.people)
    for row in _SQL["heard"].rows(_Count, run_id=run_id, owns=tuple(_HEARD)):
        yield Moment(_HEARD[OwnStatus(row.own)], row.minute, row.people)
    for row in _SQL["replies"].rows(_Count, run_id=run_id):
        yield Moment("replies", row.minute, row.people)
