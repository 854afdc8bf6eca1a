"""Millions of deliveries as years of campaigns would have left them: dispatches of a million people, requests of a thousand."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from messaging.models import Attempt, Batch, Dispatch
from messaging.states import AttemptOutcome, BatchState, DispatchState
from tools.bench.house import House, empty_dispatch

FIRST, STEP = 13_000_000_000, 6_999
PEOPLE_OF_ONE, REQUEST = 1_000_000, 1000


@dataclass(frozen=True)
class PastDispatch:
    """`people` deliveries to the numbers FIRST + n * STEP, in requests of REQUEST that count up from `first_batch`."""

    dispatch: int
    run_id: UUID
    first_batch: int
    people: int

    def phone(self, n: int) -> str:
        return str(FIRST + n * STEP)

    def batch(self, n: int) -> int:
        return self.first_batch + n // REQUEST

    def reference(self, n: int) -> str:
        return f"s{self.batch(n)}-1"


def fill(house: House, deliveries: int) -> list[PastDispatch]:
    """That many, all handed over a while ago, nothing heard yet."""
    dispatches = []
    while deliveries > 0:
        dispatches.append(_dispatch(house, min(deliveries, PEOPLE_OF_ONE)))
        deliveries -= PEOPLE_OF_ONE
    return dispatches


@transaction.atomic
def _dispatch(house: House, people: int) -> PastDispatch:
    sent_at = timezone.now() - timedelta(hours=1)
    dispatch = empty_dispatch(house, "history", state=DispatchState.DONE, total=people, started_at=sent_at)
    batches = Batch.objects.bulk_create(
        Batch(
            dispatch=dispatch,
            account=house.account,
            number=n + 1,
            size=min(REQUEST, people - n * REQUEST),
            state=BatchState.SUBMITTED,
            submitted_at=sent_at,
            attempts_made=1,
        )
        for n in range(-(-people // REQUEST))
    )
    Attempt.objects.bulk_create(
        Attempt(
            batch=batch,
            account=house.account,
            number=1,
            reference=f"s{batch.pk}-1",
            outcome=AttemptOutcome.ACCEPTED,
            task_id=f"h{batch.pk}",
            started_at=sent_at,
            finished_at=sent_at,
        )
        for batch in batches
    )
    _deliveries(dispatch, batches[0].pk, people)
    return PastDispatch(dispatch.pk, dispatch.run_id, batches[0].pk, people)


def _deliveries(dispatch: Dispatch, first_batch: int, people: int) -> None:
    json = "'{}'::jsonb" if connection.vendor == "postgresql" else "'{}'"
    run = dispatch.run_id if connection.vendor == "postgresql" else dispatch.run_id.hex
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO messaging_delivery (dispatch_id, batch_id, run_id, leg, phone, variables, channel, reason,
            vendor_message,
                  message_id, units, legs_delivered)
                WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < %s)
                SELECT %s, %s + n / {REQUEST}, %s, 'main', CAST({FIRST} + CAST(n AS bigint) * {STEP} AS varchar(20)), {json},
                  '', '', '', '', 0, 0 FROM counted""",  # noqa: S608 - numbers of this file
            [people - 1, dispatch.pk, first_batch, run],
        )
