"""Receipts onto delivery rows, set-based: one UPDATE for thousands of words about thousands of people.

Whoever writes a delivery's own status locks its batch row first, in id order; so old and new status are certain and the
batch counters can be moved by their difference.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from messaging.models import Attempt, Batch, Delivery
from messaging.states import BatchState, Own

COUNTERS = {
    Own.SKIPPED: "n_skipped",
    Own.REFUSED: "n_refused",
    Own.NO_RECEIPT: "n_no_receipt",
    Own.FAILED: "n_failed",
    Own.DELIVERED: "n_delivered",
    Own.READ: "n_read",
}


class Word(NamedTuple):
    """One vendor's word about one person. `n` is the caller's number for it."""

    n: int
    run: UUID
    leg: str
    phone: str
    own: int
    channel: str
    reason: str
    vendor_word: str
    at: datetime | None


class Moved(NamedTuple):
    """A delivery that climbed: `old` is its own status before (None = it shared its batch's)."""

    n: int
    batch_id: int | None
    old: int | None
    new: int


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


def apply_words(words: Sequence[Word]) -> list[Moved]:
    """Let deliveries climb (`own < new`), at most one word for each (run, leg, phone). Words that change nothing are not
    in the answer. The caller holds the batch locks and moves the counters with `move_counters`."""
    if not words:
        return []
    return _apply_postgres(words) if connection.vendor == "postgresql" else _apply_sqlite(words)


# %s: what each word says about whom. Twice over: first those of whom nothing is known yet, nearly all of them, in one
# look at each row; then the rest, whose old status has to be read beside the new one.
_SET = """
SET own = s.new, channel = CASE WHEN s.channel = '' THEN d.channel ELSE s.channel END, reason = s.reason,
    vendor_word = s.word, reported_at = COALESCE(s.at, now()),
    legs_delivered = GREATEST(d.legs_delivered, CASE WHEN s.new >= 60 THEN 1 ELSE 0 END),
    units = GREATEST(d.units, CASE WHEN s.new >= 60 THEN 1 ELSE 0 END)
"""
_SAID = """
    SELECT i.n, i.phone, to_timestamp(i.at) AS at, k.run, k.leg, k.new, k.channel, k.reason, k.word
    FROM unnest(%s::int[], %s::int[], %s::text[], %s::float8[]) AS i(n, kind, phone, at)
    JOIN unnest(%s::int[], %s::uuid[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[])
      AS k(kind, run, leg, new, channel, reason, word) ON k.kind = i.kind
"""
_FIRST = f"""
UPDATE messaging_delivery AS d {_SET} FROM ({_SAID}) AS s
WHERE d.run = s.run AND d.leg = s.leg AND d.phone = s.phone AND d.own IS NULL
RETURNING s.n, d.batch_id, NULL, s.new
"""
_LATER = f"""
UPDATE messaging_delivery AS d {_SET}
FROM (
    SELECT i.*, o.id AS row_id, o.own AS old
    FROM ({_SAID}) AS i JOIN messaging_delivery AS o ON o.run = i.run AND o.leg = i.leg AND o.phone = i.phone
) AS s
WHERE d.id = s.row_id AND COALESCE(d.own, 0) < s.new
RETURNING s.n, d.batch_id, s.old, s.new
"""  # noqa: S608 - the parts above


def _apply_postgres(words: Sequence[Word]) -> list[Moved]:
    moved = _said(_FIRST, words)
    if len(moved) < len(words):
        climbed = {move.n for move in moved}
        moved += _said(_LATER, [word for word in words if word.n not in climbed])
    return moved


def _said(sql: str, words: Sequence[Word]) -> list[Moved]:
    """Arrays of what differs from word to word, and a small table of the kinds of word: the driver is slow with arrays."""
    kinds: dict[tuple[Any, ...], int] = {}
    numbers, chosen, phones, times = [], [], [], []
    for n, run, leg, phone, own, channel, reason, word, at in words:
        numbers.append(n)
        chosen.append(kinds.setdefault((run.int, leg, own, channel, reason, word), len(kinds)))
        phones.append(phone)
        times.append("NULL" if at is None else repr(at.timestamp()))
    runs, legs, owns, channels, reasons, said = (list(column) for column in zip(*kinds, strict=True))
    uuids = [UUID(int=run) for run in runs]
    arrays: list[Any] = [number_array(numbers), number_array(chosen), text_array(phones), number_array(times)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*arrays, list(kinds.values()), uuids, legs, owns, channels, reasons, said])
        return [Moved(*row) for row in cursor.fetchall()]


def number_array(values: Iterable[object]) -> str:
    """PostgreSQL's text form of an array of numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Sequence[str]) -> str | list[str]:
    """The text form of an array of plain words; anything else is left to the driver, which quotes."""
    return "{" + ",".join(values) + "}" if all(map(_is_plain, values)) else list(values)


def _is_plain(word: str) -> bool:
    """Stands in an array's text form as it is: a number, or a reference like s12-1."""
    return word.isascii() and word.replace("-", "").isalnum() and word.upper() != "NULL"


_SQLITE = """
UPDATE messaging_delivery
SET own = %s, channel = CASE WHEN %s = '' THEN channel ELSE %s END, reason = %s, vendor_word = %s, reported_at = %s,
    legs_delivered = MAX(legs_delivered, %s), units = MAX(units, %s)
WHERE id = %s
"""


def _apply_sqlite(words: Sequence[Word]) -> list[Moved]:
    """SQLite has one writer, so what is read in this transaction stands until it ends."""
    from django.utils import timezone

    found = find(words)
    now = timezone.now()
    moved, rows = [], []
    for word in words:
        row = found.get((word.run, word.leg, word.phone))
        if row is None or (row.own or 0) >= word.own:
            continue
        leg = 1 if word.own >= Own.DELIVERED else 0
        at = connection.ops.adapt_datetimefield_value(word.at or now)
        rows.append((word.own, word.channel, word.channel, word.reason, word.vendor_word, at, leg, leg, row.pk))
        moved.append(Moved(word.n, row.batch_id, row.own, word.own))
    with connection.cursor() as cursor:
        cursor.executemany(_SQLITE, rows)
    return moved


def find(words: Sequence[Word]) -> dict[tuple[UUID, str, str], Delivery]:
    """The deliveries that these words are about, by (run, leg, phone)."""
    groups: dict[tuple[UUID, str], list[str]] = {}
    for word in words:
        groups.setdefault((word.run, word.leg), []).append(word.phone)
    found = {}
    for (run, leg), phones in groups.items():
        for start in range(0, len(phones), 5000):
            rows = Delivery.objects.filter(run=run, leg=leg, phone__in=phones[start : start + 5000])
            for row in rows.only("id", "batch_id", "own", "channel", "run", "leg", "phone"):
                found[row.run, row.leg, row.phone] = row
    return found


# What homes_for asks of each attempt, in this order.
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


def any_waiting(account_id: int, reference: str, task_id: str) -> bool:
    """Whether a receipt of this account waits for its match under our reference or the vendor's task id. Asked after each
    request, so asked plainly."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT 1 FROM messaging_receipt WHERE account_id = %s AND state = 'unmatched'
               AND (reference = %s OR (task_id = %s AND task_id <> '')) LIMIT 1""",
            [account_id, reference, task_id],
        )
        return cursor.fetchone() is not None


def move_counters(moved: Sequence[Moved]) -> None:
    """Move the batch counters by what climbed, one statement."""
    deltas: dict[int, Counter[str]] = {}
    for (batch_id, old, new), people in Counter((move.batch_id, move.old, move.new) for move in moved).items():
        if batch_id is None:
            continue
        delta = deltas.setdefault(batch_id, Counter())
        delta[COUNTERS[Own(new)]] += people
        if old is not None and old in COUNTERS:
            delta[COUNTERS[Own(old)]] -= people
    add_to_counters(deltas)


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
