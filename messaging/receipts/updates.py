"""Receipts onto delivery rows, set-based: one UPDATE for thousands of updates about thousands of people.

Whoever writes a delivery's own status locks its batch row first, in id order; so old and new status are certain and the
batch counters can be moved by their difference.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from messaging.models import Attempt, Batch, Delivery, Receipt
from messaging.states import BatchState, OwnStatus

COUNTERS = {
    OwnStatus.SKIPPED: "n_skipped",
    OwnStatus.REJECTED: "n_rejected",
    OwnStatus.NO_RECEIPT: "n_no_receipt",
    OwnStatus.FAILED: "n_failed",
    OwnStatus.DELIVERED: "n_delivered",
    OwnStatus.READ: "n_read",
}


class UpdateTemplate(NamedTuple):
    """What many updates have in common. Shared, since thousands of receipts say one and the same about different people."""

    run: UUID
    leg: str
    own_status: int
    channel: str
    reason: str
    vendor_message: str


class StatusUpdate(NamedTuple):
    """One vendor's update about one person. `n` is the caller's number for it."""

    n: int
    kind: UpdateTemplate
    phone: str
    at: datetime | None

    @property
    def person(self) -> "Person":
        return self.kind.run, self.kind.leg, self.phone


Person = tuple[UUID, str, str]
# By the number of the update that let a delivery climb: its own status before, None = it shared its batch's.
Changed = dict[int, int | None]


def lock_batches(batch_ids: Sequence[int]) -> list[int]:
    """Lock these batches and the halves that were split from them, in id order. Returns those whose outcome is unknown."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [number_array(batch_ids)] * 2)
            return [pk for pk, state in cursor.fetchall() if state == BatchState.UNKNOWN]
    rows = Batch.objects.select_for_update().filter(Q(pk__in=batch_ids) | Q(split_from__in=batch_ids))
    return [pk for pk, state in rows.order_by("pk").values_list("pk", "state") if state == BatchState.UNKNOWN]


_LOCK = """
SELECT id, state FROM messaging_batch WHERE id = ANY(%s::bigint[]) OR split_from_id = ANY(%s::bigint[])
ORDER BY id FOR UPDATE
"""


def apply_status_updates(updates: Sequence[StatusUpdate]) -> Changed:
    """Let deliveries climb (`own_status < new`), at most one update for each (run, leg, phone), and move their batches' counters
    with them. Words that change nothing are not in the answer. The caller holds the batch locks."""
    if not updates:
        return {}
    return _apply_postgres(updates) if connection.vendor == "postgresql" else _apply_sqlite(updates)


# Twice over: first those of whom nothing is known yet, nearly all of them, in one look at each row; then the rest, whose old
# status has to be read beside the new one. The counters are moved by the same statement: what it moved need not travel.
_SET = """
SET own_status = s.new, channel = CASE WHEN s.channel = '' THEN d.channel ELSE s.channel END, reason = s.reason,
    vendor_message = s.vendor_message, reported_at = COALESCE(s.at, now()),
    legs_delivered = GREATEST(d.legs_delivered, CASE WHEN s.new >= 60 THEN 1 ELSE 0 END),
    units = GREATEST(d.units, CASE WHEN s.new >= 60 THEN 1 ELSE 0 END)
"""
# What each update says about whom: arrays of what differs from update to update, and a small table of their kinds.
_SAID = """
    SELECT i.n, i.phone, to_timestamp(i.at) AS at, k.run, k.leg, k.new, k.channel, k.reason, k.vendor_message
    FROM unnest(%s::int[], %s::int[], %s::text[], %s::float8[]) AS i(n, kind, phone, at)
    JOIN unnest(%s::int[], %s::uuid[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[])
      AS k(kind, run, leg, new, channel, reason, vendor_message) ON k.kind = i.kind
"""
_COUNTED = f"""
UPDATE messaging_batch AS b SET {", ".join(f"{name} = b.{name} + m.{name}" for name in COUNTERS.values())}
FROM (SELECT batch_id, {
    ", ".join(
        f"COUNT(*) FILTER (WHERE new = {own:d}) - COUNT(*) FILTER (WHERE old = {own:d}) AS {name}"
        for own, name in COUNTERS.items()
    )
} FROM moved GROUP BY batch_id) AS m
WHERE b.id = m.batch_id
"""  # noqa: S608 - the names above
# Which updates moved somebody is asked only where not all did.
_FIRST = f"""
WITH moved AS (
    UPDATE messaging_delivery AS d {_SET} FROM ({_SAID}) AS s
    WHERE d.run = s.run AND d.leg = s.leg AND d.phone = s.phone AND d.own_status IS NULL
    RETURNING s.n, d.batch_id, NULL::smallint AS old, s.new),
counted AS ({_COUNTED})
SELECT CASE WHEN COUNT(*) < %s THEN COALESCE(array_agg(n), '{{}}') END FROM moved
"""  # noqa: S608 - the parts above
_LATER = f"""
WITH moved AS (
    UPDATE messaging_delivery AS d {_SET}
    FROM (
        SELECT i.*, o.id AS row_id, o.own_status AS old
        FROM ({_SAID}) AS i JOIN messaging_delivery AS o ON o.run = i.run AND o.leg = i.leg AND o.phone = i.phone
    ) AS s
    WHERE d.id = s.row_id AND d.own_status IS NOT DISTINCT FROM s.old AND COALESCE(d.own_status, 0) < s.new
    RETURNING s.n, d.batch_id, s.old, s.new),
counted AS ({_COUNTED})
SELECT n, old FROM moved
"""  # noqa: S608 - the parts above


def _apply_postgres(updates: Sequence[StatusUpdate]) -> Changed:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [*_columns(updates), len(updates)])
        (some,) = cursor.fetchone()
        if some is None:
            return dict.fromkeys([update.n for update in updates])
        changed: Changed = dict.fromkeys(some)
        cursor.execute(_LATER, _columns([update for update in updates if update.n not in changed]))
        changed.update(cursor.fetchall())
        return changed


def _columns(updates: Sequence[StatusUpdate]) -> list[Any]:
    """The parameters of _SAID. As text, since the driver is slow with arrays."""
    numbers, kinds, phones, times = zip(*updates, strict=True)
    # Kinds are told apart by identity, which spares hashing a UUID for each update; an equal one told twice does no harm.
    told = {id(kind): kind for kind in kinds}
    places = {key: place for place, key in enumerate(told)}
    chosen = [places[id(kind)] for kind in kinds]
    runs, legs, owns, channels, reasons, vendor_messages = (list(column) for column in zip(*told.values(), strict=True))
    seconds = {
        time: "NULL" if time is None else repr(time.timestamp()) for time in set(times)
    }  # vendors tell whole ones
    at = map(seconds.__getitem__, times)
    arrays: list[Any] = [number_array(numbers), number_array(chosen), text_array(phones), number_array(at)]
    return [*arrays, list(range(len(told))), runs, legs, owns, channels, reasons, vendor_messages]


def number_array(values: Iterable[object]) -> str:
    """PostgreSQL's text form of an array of numbers."""
    return "{" + ",".join(map(str, values)) + "}"


# What stands in an array's text form as it is: numbers of telephones, references like s12-1.
_PLAIN = re.compile(r"[A-Za-z0-9-]+(?:,[A-Za-z0-9-]+)*")


def text_array(values: Sequence[str]) -> str | list[str]:
    """The text form of an array of plain updates, looked at as one text; anything else is left to the driver, which quotes."""
    joined = ",".join(values)
    plain = _PLAIN.fullmatch(joined) and joined.count(",") == len(values) - 1 and "NULL" not in joined.upper()
    return "{" + joined + "}" if plain else list(values)


_SQLITE = """
UPDATE messaging_delivery
SET own_status = %s, channel = CASE WHEN %s = '' THEN channel ELSE %s END, reason = %s, vendor_message = %s, reported_at = %s,
    legs_delivered = MAX(legs_delivered, %s), units = MAX(units, %s)
WHERE id = %s
"""


def _apply_sqlite(updates: Sequence[StatusUpdate]) -> Changed:
    """SQLite has one writer, so what is read in this transaction stands until it ends."""
    found = find(updates)
    now = timezone.now()
    changed: Changed = {}
    deltas: dict[int, Counter[str]] = {}
    rows = []
    for update in updates:
        row, kind = found.get(update.person), update.kind
        if row is None or (row.own_status or 0) >= kind.own_status:
            continue
        leg = 1 if kind.own_status >= OwnStatus.DELIVERED else 0
        at = connection.ops.adapt_datetimefield_value(update.at or now)
        rows.append(
            (kind.own_status, kind.channel, kind.channel, kind.reason, kind.vendor_message, at, leg, leg, row.pk)
        )
        changed[update.n] = row.own_status
        if row.batch_id is not None:
            _count(deltas.setdefault(row.batch_id, Counter()), row.own_status, kind.own_status)
    with connection.cursor() as cursor:
        cursor.executemany(_SQLITE, rows)
    add_to_counters(deltas)
    return changed


def _count(delta: Counter[str], old: int | None, new: int) -> None:
    delta[COUNTERS[OwnStatus(new)]] += 1
    if old is not None and old in COUNTERS:
        delta[COUNTERS[OwnStatus(old)]] -= 1


def find(updates: Sequence[StatusUpdate]) -> dict[Person, Delivery]:
    """The deliveries that these updates are about, by (run, leg, phone)."""
    groups: dict[tuple[UUID, str], list[str]] = {}
    for update in updates:
        groups.setdefault((update.kind.run, update.kind.leg), []).append(update.phone)
    found = {}
    for (run, leg), phones in groups.items():
        for start in range(0, len(phones), 5000):
            rows = Delivery.objects.filter(run=run, leg=leg, phone__in=phones[start : start + 5000])
            for row in rows.only("id", "batch_id", "own_status", "channel", "run", "leg", "phone"):
                found[row.run, row.leg, row.phone] = row
    return found


# What resolve_attempts asks of each attempt, in this order.
ATTEMPT_COLUMNS = ("pk", "batch_id", "reference", "task_id", "outcome", "batch__dispatch__run", "batch__dispatch__leg")
_ATTEMPTS = """
SELECT a.id, a.batch_id, a.reference, a.task_id, a.outcome, d.run, d.leg
FROM messaging_attempt a JOIN messaging_batch b ON b.id = a.batch_id JOIN messaging_dispatch d ON d.id = b.dispatch_id
WHERE a.account_id = %s AND a.{column} = ANY(%s::text[]) ORDER BY a.id
"""


def attempts_by(column: str, account_id: int, values: Collection[str]) -> list[tuple[Any, ...]]:
    """ATTEMPT_COLUMNS of the account's attempts whose `column` ("reference" or "task_id") is one of `values`, oldest first."""
    if not values:
        return []
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_ATTEMPTS.format(column=column), [account_id, text_array(list(values))])
            return cursor.fetchall()
    mine = Attempt.objects.filter(account=account_id, **{f"{column}__in": values})
    return list(mine.order_by("pk").values_list(*ATTEMPT_COLUMNS))


# Whether a receipt of an account waits for its match: account, reference, task id; and the vendor's ids of single messages
# where it gives these.
WAITING = """EXISTS (SELECT 1 FROM messaging_receipt WHERE account_id = %s AND state = 'unmatched'
               AND (reference = %s OR (task_id = %s AND task_id <> '')))"""
WAITING_FOR_MESSAGES = """EXISTS (SELECT 1 FROM messaging_receipt WHERE account_id = %s AND state = 'unmatched'
               AND (reference = %s OR (task_id = %s AND task_id <> '') OR message_id = ANY(%s)))"""


def any_waiting(attempt: Attempt, message_ids: Collection[str]) -> bool:
    """Whether a receipt waits for this attempt, or for one of its messages."""
    mine = Q(reference=attempt.reference) | Q(message_id__in=message_ids)
    if attempt.task_id:
        mine |= Q(task_id=attempt.task_id)
    return Receipt.objects.filter(mine, account=attempt.account_id, state=Receipt.State.UNMATCHED).exists()


def add_to_counters(deltas: dict[int, Counter[str]]) -> None:
    names = tuple(COUNTERS.values())
    changes = ", ".join(f"{name} = {name} + %s" for name in names)
    rows = [(*(delta[name] for name in names), batch_id) for batch_id, delta in sorted(deltas.items())]
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sums = ", ".join(f"{name} = b.{name} + v.{name}" for name in names)
            arrays = ", ".join(["%s::int[]"] * len(names))
            cursor.execute(
                f"UPDATE messaging_batch AS b SET {sums} "  # noqa: S608 - column names from the table above
                f"FROM unnest({arrays}, %s::bigint[]) AS v({', '.join(names)}, id) WHERE b.id = v.id",
                list(map(number_array, zip(*rows, strict=True))),
            )
        else:
            cursor.executemany(f"UPDATE messaging_batch SET {changes} WHERE id = %s", rows)  # noqa: S608
