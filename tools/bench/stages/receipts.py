"""Receipts onto millions of deliveries, beside one bare UPDATE … FROM unnest for each chunk, turn and turn about."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from messaging.callbacks import process
from messaging.gateway import reasons
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.models import Batch, Delivery, VendorAccount
from messaging.receipts import apply
from tools.bench import history, limits
from tools.bench.measure import apart
from tools.bench.report import Line
from tools.bench.stages.common import Run, settle

Pick = tuple[history.PastDispatch, int]
CHUNK = 100 * process.PUSHES  # receipts of one transaction: that many pushes of a hundred
CHUNKS = 20


def receipts(run: Run) -> Iterator[Line]:
    """Random over everything, then those of the newest round in the order of its requests, as a vendor sends them."""
    dispatches = history_of(run)
    chance = random.Random(run.seed)
    for name, picks in (("random", _anywhere(chance, dispatches)), ("in order", _in_order(chance, dispatches[-1]))):
        yield _compare(run, name, picks, "at least 0.65")
    yield _bulk_update(run, _anywhere(chance, dispatches))


def history_of(run: Run) -> list[history.PastDispatch]:
    if "dispatches" not in run.kept:
        run.kept["dispatches"] = history.fill(run.house, run.history)
    dispatches: list[history.PastDispatch] = run.kept["dispatches"]
    return dispatches


def _anywhere(chance: random.Random, dispatches: Sequence[history.PastDispatch]) -> Iterator[Pick]:
    while True:
        chosen = chance.choice(dispatches)
        yield chosen, chance.randrange(chosen.people)


def _in_order(chance: random.Random, newest: history.PastDispatch) -> Iterator[Pick]:
    """Vendors report in the order of the requests, roughly: shuffled over ten requests."""
    for start in range(0, newest.people, 10 * history.REQUEST):
        some = list(range(start, min(start + 10 * history.REQUEST, newest.people)))
        chance.shuffle(some)
        yield from ((newest, n) for n in some)


def _chunk(picks: Iterator[Pick], size: int) -> list[Pick]:
    return [pick for pick, _ in zip(picks, range(size), strict=False)]


def _compare(run: Run, name: str, picks: Iterator[Pick], goal: str) -> Line:
    size = min(CHUNK, run.history // (4 * CHUNKS))
    chunks = [(_chunk(picks, size), events_of(_chunk(picks, size))) for _ in range(CHUNKS)]
    settle()
    before = _heard()
    done = apart(partial(_turn_about, run.house.account.pk, chunks))
    bare, ours, moved = done.result
    if _heard() - before != moved:
        raise RuntimeError(f"receipts {name}: counters moved by {_heard() - before}, deliveries by {moved}")
    details = {"receipts in a transaction": size, "deliveries": run.history}
    rows = sum(len(events) for _, events in chunks)
    return Line(f"receipts, {name}", rows, ours, done.peak_mb, bare, bare / ours, goal, details)


def _heard() -> int:
    """People that the batches' counters count as heard of."""
    from django.db.models import Sum

    return int(Batch.objects.aggregate(n=Sum("n_delivered"))["n"] or 0)


def _turn_about(account_id: int, chunks: Sequence[tuple[list[Pick], list[ReceiptEvent]]]) -> tuple[float, float, int]:
    """(seconds of the bare UPDATE, seconds of the product, deliveries that the product moved)."""
    account = VendorAccount.objects.get(pk=account_id)
    bare = ours = 0.0
    moved = 0
    for picks, events in chunks:
        bare += _timed(partial(limits.update_unnest, columns(picks)))
        before = _own(events, account_id)
        # As the product has them: pairs that were made while its collector rested.
        ours += _timed(partial(apply_all, account, [(event, None) for event in events]))
        moved += _own(events, account_id) - before
    return bare, ours, moved


def _own(events: Sequence[ReceiptEvent], account_id: int) -> int:
    found = Delivery.objects.filter(phone__in=[event.phone for event in events], own_status__isnull=False)
    return found.filter(batch__account=account_id).count()


def _timed(work: Callable[[], Any]) -> float:
    at = time.perf_counter()
    work()
    return time.perf_counter() - at


def apply_all(account: VendorAccount, found: Sequence[tuple[ReceiptEvent, None]]) -> None:
    with transaction.atomic():
        apply.apply_receipts(account, found)


def events_of(picks: Sequence[Pick]) -> list[ReceiptEvent]:
    now = timezone.now()
    return [
        ReceiptEvent(
            key=f"receipt-{chosen.dispatch}-{n}",
            phone=chosen.phone(n),
            status=ReceiptStatus.DELIVERED,
            reference=chosen.reference(n),
            task_id=f"h{chosen.batch(n)}",
            channel="rcs",
            reason=reasons.DELIVERED,
            code="DELIVRD",
            at=now,
        )
        for chosen, n in picks
    ]


def columns(picks: Sequence[Pick]) -> list[list[Any]]:
    """run, leg, phone of each."""
    key = (lambda run: run) if connection.vendor == "postgresql" else (lambda run: run.hex)
    return [
        [key(chosen.run_id) for chosen, _ in picks],
        ["main"] * len(picks),
        [chosen.phone(n) for chosen, n in picks],
    ]


def _bulk_update(run: Run, picks: Iterator[Pick]) -> Line:
    """What the ORM offers for it: read the rows, change them, bulk_update, on a smaller count. Either way in its own pieces."""
    size = min(1000, run.history // 100)
    chosen = _chunk(picks, 10 * size)
    events = events_of(_chunk(picks, 10 * size))
    settle()
    slow = apart(partial(_orm, [chosen[start : start + size] for start in range(0, len(chosen), size)]))
    ours = apart(partial(_apply_alone, run.house.account.pk, events))
    details = {"bulk_update rows/s": len(chosen) / slow.seconds}
    return Line(
        "receipts vs bulk_update",
        len(events),
        ours.seconds,
        ours.peak_mb,
        slow.seconds,
        slow.seconds / ours.seconds,
        "at least 15",
        details,
    )


def _apply_alone(account_id: int, events: Sequence[ReceiptEvent]) -> None:
    account = VendorAccount.objects.get(pk=account_id)
    for start in range(0, len(events), CHUNK):
        apply_all(account, [(event, None) for event in events[start : start + CHUNK]])


def _orm(chunks: Sequence[Sequence[Pick]]) -> None:
    for chunk in chunks:
        with transaction.atomic():
            wanted = {(chosen.run_id, chosen.phone(n)) for chosen, n in chunk}
            phones = {phone for _, phone in wanted}
            runs = {run for run, _ in wanted}
            rows = Delivery.objects.filter(run_id__in=runs, leg="main", phone__in=phones)
            mine = [row for row in rows if (row.run_id, row.phone) in wanted]
            for row in mine:
                row.own_status, row.reason, row.channel = 60, reasons.DELIVERED, "rcs"
                row.reported_at, row.units, row.legs_delivered = timezone.now(), 1, 1
            Delivery.objects.bulk_update(
                mine, ["own_status", "reason", "channel", "reported_at", "units", "legs_delivered"]
            )
