"""What vendors tell of people, onto delivery rows: one statement for all of whom nothing was known, a second for the rest.

Whoever writes a delivery's own status locks its batch row first, in id order; so old and new status are certain and the
batch counters can be moved by their difference.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from kit import sql
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
_SQL = sql.beside(__file__)
_RANKS = {own.name.lower(): own for own in COUNTERS}


class UpdateTemplate(NamedTuple):
    """What many updates have in common. Shared, since thousands of receipts say one and the same about different people."""

    run_id: UUID
    leg: str
    own_status: int
    channel: str
    reason: str
    vendor_message: str


class StatusUpdate(NamedTuple):
    """What a vendor tells of one person. `position` is the caller's number for it."""

    position: int
    shared: UpdateTemplate
    phone: str
    at: datetime | None

    @property
    def person(self) -> "Person":
        return self.shared.run_id, self.shared.leg, self.phone


# (run, leg, phone): one person of one leg.
Person = tuple[UUID, str, str]
# Position of each update that raised a delivery's own status -> that status before; None if it had none of its own.
Changed = dict[int, int | None]


def lock_batches(batch_ids: Sequence[int]) -> list[int]:
    """Lock these batches and the halves that were split from them, in id order. Returns those whose outcome is unknown."""
    if connection.vendor == "postgresql":
        locked = _SQL["lock"].rows(lambda pk, state: (pk, state), batches=list(batch_ids))
    else:
        rows = Batch.objects.select_for_update().filter(Q(pk__in=batch_ids) | Q(split_from__in=batch_ids))
        locked = list(rows.order_by("pk").values_list("pk", "state"))
    return [pk for pk, state in locked if state == BatchState.UNKNOWN]


def apply_status_updates(updates: Sequence[StatusUpdate]) -> Changed:
    """Let deliveries climb (`own_status < new`), at most one update for each (run, leg, phone), and move their batches' counters
    with them. Updates that change nothing are not in the answer. The caller holds the batch locks."""
    if not updates:
        return {}
    return _apply_postgres(updates) if connection.vendor == "postgresql" else _apply_sqlite(updates)


def _apply_postgres(updates: Sequence[StatusUpdate]) -> Changed:
    """First those of whom nothing is known yet, nearly all of them; then the rest, whose old status has to be read beside the new
    one. Each statement moves the counters itself, so that what it moved need not travel."""
    parts = {
        "new_status": _SQL["new_status"].given(delivered=OwnStatus.DELIVERED),
        "counters": _SQL["counters"].given(**_RANKS),
    }
    some = _SQL["apply_first"].value(**parts, updates=_relation(updates), how_many=len(updates))
    if some is None:
        return dict.fromkeys([update.position for update in updates])
    changed: Changed = dict.fromkeys(some)
    left = _relation([update for update in updates if update.position not in changed])
    changed.update(_SQL["apply_later"].rows(lambda n, old: (n, old), **parts, updates=left))
    return changed


def _relation(updates: Sequence[StatusUpdate]) -> sql.Fragment:
    """The updates as rows: arrays of what differs from update to update, and a small table of their kinds. The long ones are text,
    since the driver is slow with arrays."""
    numbers, kinds, phones, times = zip(*updates, strict=True)
    # Kinds are told apart by identity, which spares hashing a UUID for each update; an equal one twice does no harm.
    by_identity = {id(kind): kind for kind in kinds}
    places = {key: place for place, key in enumerate(by_identity)}
    columns = (list(column) for column in zip(*by_identity.values(), strict=True))
    runs, legs, owns, channels, reasons, vendor_messages = columns
    # Vendors give whole seconds, so few of them.
    seconds = {time: "NULL" if time is None else repr(time.timestamp()) for time in set(times)}
    return _SQL["updates"].given(
        numbers=number_array(numbers),
        kinds=number_array([places[id(kind)] for kind in kinds]),
        phones=text_array(phones),
        times=number_array(map(seconds.__getitem__, times)),
        keys=list(range(len(by_identity))),
        runs=runs,
        legs=legs,
        owns=owns,
        channels=channels,
        reasons=reasons,
        vendor_messages=vendor_messages,
    )


def number_array(values: Iterable[object]) -> str:
    """PostgreSQL's text form of an array of numbers."""
    return "{" + ",".join(map(str, values)) + "}"


# What stands in an array's text form as it is: numbers of telephones, references.
_PLAIN = re.compile(r"[A-Za-z0-9-]+(?:,[A-Za-z0-9-]+)*")


def text_array(values: Sequence[str]) -> str | list[str]:
    """The text form of an array of texts that need no quotes; anything else is left to the driver, which quotes."""
    joined = ",".join(values)
    plain = _PLAIN.fullmatch(joined) and joined.count(",") == len(values) - 1 and "NULL" not in joined.upper()
    return "{" + joined + "}" if plain else list(values)


def _apply_sqlite(updates: Sequence[StatusUpdate]) -> Changed:
    """SQLite has one writer, so what is read in this transaction stands until it ends."""
    found = find([update.person for update in updates])
    now = timezone.now()
    changed: Changed = {}
    deltas: dict[int, Counter[str]] = {}
    rows = []
    for update in updates:
        row, shared = found.get(update.person), update.shared
        if row is None or (row.own_status or 0) >= shared.own_status:
            continue
        leg = 1 if shared.own_status >= OwnStatus.DELIVERED else 0
        at = connection.ops.adapt_datetimefield_value(update.at or now)
        rows.append((shared.own_status, shared.channel, shared.reason, shared.vendor_message, at, leg, leg, row.pk))
        changed[update.position] = row.own_status
        if row.batch_id is not None:
            _count(deltas.setdefault(row.batch_id, Counter()), row.own_status, shared.own_status)
    _SQL["apply"].many(rows)
    add_to_counters(deltas)
    return changed


def _count(delta: Counter[str], old: int | None, new: int) -> None:
    delta[COUNTERS[OwnStatus(new)]] += 1
    if old is not None and old in COUNTERS:
        delta[COUNTERS[OwnStatus(old)]] -= 1


def find(people: Iterable[Person]) -> dict[Person, Delivery]:
    """The deliveries of these people."""
    groups: dict[tuple[UUID, str], list[str]] = {}
    for run, leg, phone in people:
        groups.setdefault((run, leg), []).append(phone)
    found = {}
    for (run, leg), phones in groups.items():
        for start in range(0, len(phones), 5000):
            rows = Delivery.objects.filter(run_id=run, leg=leg, phone__in=phones[start : start + 5000])
            for row in rows.only("id", "batch_id", "own_status", "channel", "run_id", "leg", "phone"):
                found[row.run_id, row.leg, row.phone] = row
    return found


def any_waiting(attempt: Attempt, message_ids: Collection[str]) -> bool:
    """Whether a receipt waits for this attempt, or for one of its messages."""
    mine = Q(reference=attempt.reference) | Q(message_id__in=message_ids)
    if attempt.task_id:
        mine |= Q(task_id=attempt.task_id)
    return Receipt.objects.filter(mine, account=attempt.account_id, state=Receipt.State.UNMATCHED).exists()


def add_to_counters(deltas: Mapping[int, Counter[str]]) -> None:
    """In the order of the batches, as they were locked."""
    rows = [(*(delta[name] for name in COUNTERS.values()), batch_id) for batch_id, delta in sorted(deltas.items())]
    _SQL["add_to_counters"].many(rows)
