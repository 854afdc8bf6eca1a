"""Receipts to attempts: by our reference, else the vendor's task id, else its message id; what fits nowhere is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from messaging.bulk import receipts as bulk
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.hooks import deliveries_moved
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Receipt, VendorAccount
from messaging.states import AttemptOutcome, BatchState, Own

OWN_BY_WORD = {
    ReceiptStatus.DELIVERED: Own.DELIVERED,
    ReceiptStatus.READ: Own.READ,
    ReceiptStatus.FAILED: Own.FAILED,
    ReceiptStatus.NO_RECEIPT: Own.NO_RECEIPT,
}


@dataclass(frozen=True)
class Matched:
    event: ReceiptEvent
    attempt: Attempt
    source: CallbackEvent | None


def apply_receipts(account: VendorAccount, found: Sequence[tuple[ReceiptEvent, CallbackEvent | None]]) -> None:
    """Apply receipts of one account: matched ones to deliveries, the rest kept as unmatched. One transaction, the caller's."""
    attempts = _attempts_for(account, [event for event, _ in found])
    matched, lost = [], []
    for event, source in found:
        attempt = _attempt_of(event, attempts)
        if attempt is None:
            lost.append((event, source))
        else:
            matched.append(Matched(event, attempt, source))
    _apply_matched(account, matched)
    _keep(account, [(event, source, None, Receipt.State.UNMATCHED, "") for event, source in lost])


def _attempts_for(account: VendorAccount, events: Sequence[ReceiptEvent]) -> dict[tuple[str, str], Attempt]:
    """("ref", reference) | ("task", id) | ("message", id) -> attempt, three queries at most. The newest attempt wins."""
    refs = {event.reference for event in events if event.reference}
    tasks = {event.task_id for event in events if event.task_id}
    messages = {event.message_id for event in events if event.message_id and not event.reference}
    found: dict[tuple[str, str], Attempt] = {}
    rows = Attempt.objects.filter(Q(reference__in=refs) | Q(task_id__in=tasks), account=account)
    for attempt in rows.select_related("batch__dispatch").order_by("pk"):
        found["ref", attempt.reference] = attempt
        if attempt.task_id:
            found["task", attempt.task_id] = attempt
    if messages:
        found.update(_attempts_by_message(account, messages))
    return found


def _attempts_by_message(account: VendorAccount, messages: set[str]) -> dict[tuple[str, str], Attempt]:
    deliveries = Delivery.objects.filter(message_id__in=messages, batch__account=account)
    batches = dict(deliveries.values_list("message_id", "batch_id"))
    newest = {
        attempt.batch_id: attempt
        for attempt in Attempt.objects.filter(batch__in=set(batches.values()))
        .select_related("batch__dispatch")
        .order_by("pk")
    }
    return {("message", message): newest[batch] for message, batch in batches.items() if batch in newest}


def _attempt_of(event: ReceiptEvent, attempts: dict[tuple[str, str], Attempt]) -> Attempt | None:
    for key in (("ref", event.reference), ("task", event.task_id), ("message", event.message_id)):
        if key[1] and key in attempts:
            return attempts[key]
    return None


def _apply_matched(account: VendorAccount, matched: Sequence[Matched]) -> None:
    if not matched:
        return
    batch_ids = sorted({item.attempt.batch_id for item in matched})
    bulk.lock_batches(batch_ids)
    words = _best_words(matched)
    moved = bulk.apply_words(words)
    bulk.move_counters(moved)
    _tell(words, moved)
    _settle_unknown(matched)
    _keep_the_rest(account, matched, words, {move.n: move for move in moved})


def _tell(words: Sequence[bulk.Word], moved: Sequence[bulk.Moved]) -> None:
    climbed = {move.n for move in moved}
    if climbed:
        those = [word for word in words if word.n in climbed]
        deliveries_moved.send(sender=Delivery, ids=lambda: [row.pk for row in bulk.find(those).values()])


def _best_words(matched: Sequence[Matched]) -> list[bulk.Word]:
    """One word for each person: the highest. The others are looked at afterwards."""
    best: dict[tuple[Any, str, str], bulk.Word] = {}
    for n, item in enumerate(matched):
        own = OWN_BY_WORD.get(item.event.status)
        if own is None:
            continue
        dispatch, event = item.attempt.batch.dispatch, item.event
        key = (dispatch.run, dispatch.leg, event.phone)
        if key not in best or best[key].own < own:
            said = f"{event.code} {event.message}".strip()[:200]
            best[key] = bulk.Word(n, *key, int(own), event.channel[:4], event.reason, said, event.at)
    return list(best.values())


def _settle_unknown(matched: Sequence[Matched]) -> None:
    """Any word from the vendor about our request proves that it has the request."""
    now = timezone.now()
    batches = {item.attempt.batch_id for item in matched}
    Batch.objects.filter(pk__in=batches, state=BatchState.UNKNOWN).update(
        state=BatchState.SUBMITTED, submitted_at=now, reason="", vendor_word=""
    )
    attempts = {item.attempt.pk for item in matched}
    Attempt.objects.filter(pk__in=attempts, outcome=AttemptOutcome.UNSURE).update(
        outcome=AttemptOutcome.ACCEPTED, reason="receipt"
    )
    for item in matched:
        if not item.attempt.task_id and item.event.task_id:
            Attempt.objects.filter(pk=item.attempt.pk, task_id="").update(task_id=item.event.task_id)
            item.attempt.task_id = item.event.task_id


def _keep_the_rest(
    account: VendorAccount, matched: Sequence[Matched], words: Sequence[bulk.Word], moved: dict[int, bulk.Moved]
) -> None:
    """Store what the delivery row cannot hold: unknown words, words about nobody we know, late or conflicting words,
    further legs. A plain repeat leaves nothing."""
    applied = {word.n for word in words if word.n in moved}
    rest = [(n, item) for n, item in enumerate(matched) if n not in applied]
    late = [(n, item) for n, item in enumerate(matched) if n in applied and moved[n].old == Own.FAILED]
    keys = [
        bulk.Word(
            n, item.attempt.batch.dispatch.run, item.attempt.batch.dispatch.leg, item.event.phone, 0, "", "", "", None
        )
        for n, item in rest
    ]
    rows = bulk.find(keys)
    kept: list[tuple[Any, ...]] = [
        (item.event, item.source, item.attempt, Receipt.State.MATCHED, "delivered after failed") for _, item in late
    ]
    legs: list[tuple[str, Delivery]] = []
    for key, (_, item) in zip(keys, rest, strict=True):
        row = rows.get((key.run, key.leg, key.phone))
        note = _note(item.event, row)
        if note is None:
            continue
        state = Receipt.State.UNMATCHED if row is None else Receipt.State.MATCHED
        kept.append((item.event, item.source, item.attempt if row else None, state, note))
        if note == "further leg" and row is not None:
            legs.append((item.event.key[:200], row))
    new_keys = _keep(account, kept)
    further = [row.pk for key, row in legs if key in new_keys]
    if further:
        Delivery.objects.filter(pk__in=further).update(legs_delivered=F("legs_delivered") + 1, units=F("units") + 1)


def _note(event: ReceiptEvent, row: Delivery | None) -> str | None:
    """Why this receipt is kept; None for a plain repeat and for "handed on"."""
    if event.status is ReceiptStatus.UNKNOWN_WORD:
        return "unknown word"
    if event.status is ReceiptStatus.PENDING:
        return None
    if row is None:
        return "no such recipient"
    own = OWN_BY_WORD[event.status]
    if own >= Own.DELIVERED and (row.own or 0) >= Own.DELIVERED:
        other = event.channel and row.channel and event.channel != row.channel
        return "further leg" if other else None
    return None if own == row.own else "later than a better word"


def _keep(account: VendorAccount, rows: Iterable[tuple[Any, ...]]) -> set[str]:
    """Insert receipts once each. Returns the keys that were new."""
    made = [_receipt(account, *row) for row in rows]
    if not made:
        return set()
    keys = [receipt.key for receipt in made]
    known = set(Receipt.objects.filter(account=account, key__in=keys).values_list("key", flat=True))
    Receipt.objects.bulk_create([receipt for receipt in made if receipt.key not in known], ignore_conflicts=True)
    return set(keys) - known


def _receipt(
    account: VendorAccount,
    event: ReceiptEvent,
    source: CallbackEvent | None,
    attempt: Attempt | None,
    state: str,
    note: str,
) -> Receipt:
    return Receipt(
        account=account,
        event=source,
        key=event.key[:200],
        state=state,
        phone=event.phone[:20],
        status=event.status.value,
        reference=event.reference[:64],
        task_id=event.task_id[:80],
        message_id=event.message_id[:80],
        channel=event.channel[:4],
        reason=event.reason,
        code=event.code[:80],
        vendor_word=event.message[:300],
        reported_at=event.at,
        attempt=attempt,
        note=note,
    )


# --- receipts that came before their match ----------------------------------------------------------------------


def rematch_attempt(attempt: Attempt) -> int:
    """After an answer named the task (`attempt.task_id`): apply the receipts that waited for it. Returns how many."""
    mine = Q(reference=attempt.reference)
    if attempt.task_id:
        mine |= Q(task_id=attempt.task_id)
    waiting = Receipt.objects.filter(mine, account=attempt.account_id, state=Receipt.State.UNMATCHED)
    return rematch(waiting) if waiting.exists() else 0


def rematch(waiting: Any) -> int:
    """Try unmatched receipts again. Those that match are applied and removed from the waiting (a conflict is kept)."""
    count = 0
    with transaction.atomic():
        rows = list(waiting.select_for_update(of=("self",)).select_related("account")[:5000])
        by_account: dict[VendorAccount, list[Receipt]] = {}
        for row in rows:
            by_account.setdefault(row.account, []).append(row)
        for account, receipts in by_account.items():
            count += _rematch_account(account, receipts)
    return count


def _rematch_account(account: VendorAccount, receipts: Sequence[Receipt]) -> int:
    events = {receipt.pk: _event(receipt) for receipt in receipts}
    attempts = _attempts_for(account, list(events.values()))
    hits = {receipt.pk: found for receipt in receipts if (found := _attempt_of(events[receipt.pk], attempts))}
    known = _known_people(events, hits)
    hits = {pk: attempt for pk, attempt in hits.items() if pk in known}
    sources = {receipt.pk: receipt.event for receipt in receipts}
    Receipt.objects.filter(pk__in=hits).delete()
    _apply_matched(account, [Matched(events[pk], attempt, sources[pk]) for pk, attempt in hits.items()])
    return len(hits)


def _known_people(events: dict[int, ReceiptEvent], hits: dict[int, Attempt]) -> set[int]:
    words = [
        bulk.Word(pk, attempt.batch.dispatch.run, attempt.batch.dispatch.leg, events[pk].phone, 0, "", "", "", None)
        for pk, attempt in hits.items()
    ]
    rows = bulk.find(words)
    return {word.n for word in words if (word.run, word.leg, word.phone) in rows}


def _event(receipt: Receipt) -> ReceiptEvent:
    return ReceiptEvent(
        key=receipt.key,
        phone=receipt.phone,
        status=ReceiptStatus(receipt.status),
        reference=receipt.reference,
        task_id=receipt.task_id,
        message_id=receipt.message_id,
        channel=receipt.channel,
        reason=receipt.reason,
        code=receipt.code,
        message=receipt.vendor_word,
        at=receipt.reported_at,
    )


def adopt_orphans(account: VendorAccount) -> int:
    """For a vendor without any reference: a task id that we do not know, whose phones all lie in exactly one unknown batch,
    is that batch's. Returns how many batches were settled."""
    orphans: dict[str, set[str]] = {}
    waiting = Receipt.objects.filter(account=account, state=Receipt.State.UNMATCHED, reference="").exclude(task_id="")
    for task_id, phone in waiting.values_list("task_id", "phone")[:20_000]:
        orphans.setdefault(task_id, set()).add(phone)
    return sum(_adopt(account, task_id, phones) for task_id, phones in orphans.items())


def _adopt(account: VendorAccount, task_id: str, phones: set[str]) -> bool:
    unknown = Batch.objects.filter(account=account, state=BatchState.UNKNOWN)
    homes = list(
        Delivery.objects.filter(batch__in=unknown, phone__in=phones).values_list("batch_id", "phone").distinct()
    )
    by_batch: dict[int, set[str]] = {}
    for batch_id, phone in homes:
        by_batch.setdefault(batch_id, set()).add(phone)
    full = [batch_id for batch_id, members in by_batch.items() if members == phones]
    if len(full) != 1 or len(by_batch) != 1:
        return False
    attempt = Attempt.objects.filter(batch=full[0]).order_by("-number").first()
    if attempt is None or attempt.task_id:
        return False
    Attempt.objects.filter(pk=attempt.pk, task_id="").update(task_id=task_id)
    attempt.task_id = task_id
    rematch_attempt(attempt)
    return True
