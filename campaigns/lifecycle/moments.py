"""When things happened in a campaign's run, by the minute: one statement for each kind of thing, grouped in the database, so
that what comes back grows with the minutes and not with the people."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from messaging.models import Batch, Delivery, Dispatch, Reply
from messaging.states import BatchState, OwnStatus

_BATCH, _DELIVERY = Batch._meta.db_table, Delivery._meta.db_table
_DISPATCH, _REPLY = Dispatch._meta.db_table, Reply._meta.db_table
_LEFT_THE_QUEUE = (BatchState.SENDING, BatchState.SUBMITTED, BatchState.UNKNOWN, BatchState.REJECTED)
_HEARD = {OwnStatus.FAILED: "failed", OwnStatus.DELIVERED: "delivered", OwnStatus.READ: "delivered"}

# (what, minute since 1970 or None where no time was told, people)
Moment = tuple[str, int | None, int]


def _minute(column: str) -> str:
    if connection.vendor == "postgresql":
        return f"CAST(FLOOR(EXTRACT(EPOCH FROM {column}) / 60) AS BIGINT)"
    return f"CAST(strftime('%%s', {column}) AS BIGINT) / 60"


def of_run(run: Any) -> Iterator[Moment]:
    """sent, delivered, failed, replies of every round of the run. Three statements."""
    key = Dispatch._meta.get_field("run").get_db_prep_value(run, connection)
    yield from (("sent", minute, people) for minute, people in _rows(*_sent(key)))
    yield from ((_HEARD[OwnStatus(own)], minute, people) for minute, own, people in _rows(*_heard(key)))
    yield from (("replies", minute, people) for minute, people in _rows(*_replies(key)))


def _rows(sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [tuple(None if value is None else int(value) for value in row) for row in cursor.fetchall()]


def _sent(run: Any) -> tuple[str, list[Any]]:
    """By the batch: what left the queue, however it ended."""
    marks = ", ".join(["%s"] * len(_LEFT_THE_QUEUE))
    sql = f"""SELECT {_minute("COALESCE(b.submitted_at, b.claimed_at)")} AS minute, SUM(b.size - b.n_skipped)
              FROM {_BATCH} b JOIN {_DISPATCH} x ON x.id = b.dispatch_id
              WHERE x.run = %s AND b.state IN ({marks}) AND b.size > b.n_skipped GROUP BY 1"""  # noqa: S608
    return sql, [run, *(state.value for state in _LEFT_THE_QUEUE)]


def _heard(run: Any) -> tuple[str, list[Any]]:
    """By run, which the unique index begins with: there is none on the time."""
    sql = f"""SELECT {_minute("d.reported_at")} AS minute, d.own_status, COUNT(*) FROM {_DELIVERY} d
              WHERE d.run = %s AND d.own_status IN ({", ".join(str(int(own)) for own in _HEARD)}) GROUP BY 1, 2"""  # noqa: S608
    return sql, [run]


def _replies(run: Any) -> tuple[str, list[Any]]:
    """From the replies since the first round began: few beside the people."""
    sql = f"""SELECT {_minute("r.replied_at")} AS minute, COUNT(*) FROM {_REPLY} r
              JOIN {_DELIVERY} d ON d.id = r.delivery_id
              WHERE d.run = %s AND r.account_id IN (SELECT account_id FROM {_DISPATCH} WHERE run = %s)
                AND r.replied_at >= (SELECT MIN(started_at) FROM {_DISPATCH} WHERE run = %s) GROUP BY 1"""  # noqa: S608
    return sql, [run, run, run]
