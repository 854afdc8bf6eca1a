"""Receipts to the people they are about: one word for each moves his delivery; what fits nowhere is kept."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from config.kit import collecting
from messaging.bulk import receipts as bulk
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.hooks import deliveries_moved
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Receipt, VendorAccount
from messaging.services.homes import Home, home_of, homes_for
from messaging.states import AttemptOutcome, BatchState, Own

OWN_BY_WORD = {
    ReceiptStatus.DELIVERED: Own.DELIVERED,
    ReceiptStatus.READ: Own.READ,
    ReceiptStatus.FAILED: Own.FAILED,
    ReceiptStatus.NO_RECEIPT: Own.NO_RECEIPT,
}


class Matched(NamedTuple):
    event: ReceiptEvent
    home: Home
    source: CallbackEvent | None


# What _make does, without a call into Python for each.
_matched = partial(tuple.__new__, Matched)
_word = partial(tuple.__new__, bulk.Word)


def apply_receipts(account: VendorAccount, found: Sequence[tuple[ReceiptEvent, CallbackEvent | None]]) -> None:
    """Apply receipts of one account: matched ones to deliveries, the rest kept as unmatched. One transaction, the caller's."""
    with collecting.paused():
        homes = homes_for(account, [event for event, _ in found])
        matched, lost = [], []
        for event, source in found:
            home = home_of(event, homes)
            if home is None:
                lost.append((event, source))
            else:
                matched.append(_matched((event, home, source)))
        _apply_matched(account, matched)
        _keep(account, [(event, source, None, Receipt.State.UNMATCHED, "") for event, source in lost])


def _apply_matched(account: VendorAccount, matched: Sequence[Matched]) -> None:
    if not matched:
        return
    homes = {home.attempt: home for _, home, _ in matched}
    unknown = bulk.lock_batches(sorted({home.batch for home in homes.values()}))
    words = _best_words(matched, homes)
    climbed = bulk.apply_words(words)
    _tell(words, climbed)
    _settle_unknown(homes, unknown)
    _learn_tasks(matched)
    _keep_the_rest(account, matched, climbed)


def _tell(words: Sequence[bulk.Word], climbed: bulk.Climbed) -> None:
    def ids() -> list[int]:
        return [row.pk for row in bulk.find([word for word in words if word.n in climbed]).values()]

    if climbed:
        deliveries_moved.send(sender=Delivery, ids=ids)


def _best_words(matched: Sequence[Matched], homes: Mapping[int, Home]) -> list[bulk.Word]:
    """One word for each person: the highest. The others are looked at afterwards."""
    best: dict[tuple[int, str], bulk.Word] = {}
    kinds: dict[tuple[Any, ...], bulk.Kind] = {}
    # A small number for each (run, leg), told apart by the run's own number: hashing a UUID is a call into Python.
    places: dict[tuple[int, str], int] = {}
    place_of = {pk: places.setdefault((home.run.int, home.leg), len(places)) for pk, home in homes.items()}
    for n, (event, home, _) in enumerate(matched):
        own = OWN_BY_WORD.get(event.status)
        if own is None:
            continue
        place = place_of[home.attempt]
        said = place, event.status, event.channel, event.reason, event.code, event.message
        kind = kinds.get(said)
        if kind is None:
            kind = kinds[said] = _kind(event, home, own)
        key = place, event.phone
        before = best.get(key)
        if before is None or before.kind.own < own:
            best[key] = _word((n, kind, event.phone, event.at))
    return list(best.values())


def _kind(event: ReceiptEvent, home: Home, own: int) -> bulk.Kind:
    said = f"{event.code} {event.message}".strip()[:200]
    return bulk.Kind(home.run, home.leg, own, event.channel[:4], event.reason, said)


def _settle_unknown(homes: Mapping[int, Home], unknown: Sequence[int]) -> None:
    """Any word from the vendor about our request proves that it has the request. `unknown`: the locked batches in that
    state."""
    if unknown:
        Batch.objects.filter(pk__in=unknown, state=BatchState.UNKNOWN).update(
            state=BatchState.SUBMITTED, submitted_at=timezone.now(), reason="", vendor_word=""
        )
    doubtful, unsure = set(unknown), AttemptOutcome.UNSURE.value
    suspects = [pk for pk, home in homes.items() if home.outcome == unsure or home.batch in doubtful]
    if suspects:
        Attempt.objects.filter(pk__in=suspects, outcome=AttemptOutcome.UNSURE).update(
            outcome=AttemptOutcome.ACCEPTED, reason="receipt"
        )


def _learn_tasks(matched: Sequence[Matched]) -> None:
    """The vendor's id of a request that it never told us itself."""
    learnt = {item.home.attempt: item.event.task_id for item in matched if item.event.task_id and not item.home.task_id}
    for attempt, task_id in learnt.items():
        Attempt.objects.filter(pk=attempt, task_id="").update(task_id=task_id)


def _keep_the_rest(account: VendorAccount, matched: Sequence[Matched], climbed: bulk.Climbed) -> None:
    """Store what the delivery row cannot hold: unknown words, words about nobody we know, late or conflicting words,
    further legs. A plain repeat leaves nothing."""
    rest = [(n, item) for n, item in enumerate(matched) if n not in climbed]
    late = [matched[n] for n, old in sorted(climbed.items()) if old == Own.FAILED]
    keys = [_question(n, item.home, item.event) for n, item in rest]
    rows = bulk.find(keys)
    kept: list[tuple[Any, ...]] = [
        (item.event, item.source, item.home, Receipt.State.MATCHED, "delivered after failed") for item in late
    ]
    legs: list[tuple[str, Delivery]] = []
    for key, (_, item) in zip(keys, rest, strict=True):
        row = rows.get(key.person)
        note = _note(item.event, row)
        if note is None:
            continue
        state = Receipt.State.UNMATCHED if row is None else Receipt.State.MATCHED
        kept.append((item.event, item.source, item.home if row else None, state, note))
        if note == "further leg" and row is not None:
            legs.append((item.event.key[:200], row))
    new_keys = _keep(account, kept)
    further = [row.pk for key, row in legs if key in new_keys]
    if further:
        Delivery.objects.filter(pk__in=further).update(legs_delivered=F("legs_delivered") + 1, units=F("units") + 1)


def _question(n: int, home: Home, event: ReceiptEvent) -> bulk.Word:
    """A word that says nothing: only whom it is about."""
    return bulk.Word(n, bulk.Kind(home.run, home.leg, 0, "", "", ""), event.phone, None)


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
    home: Home | None,
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
        attempt_id=home.attempt if home else None,
        note=note,
    )


# --- receipts that came before their match ----------------------------------------------------------------------


def rematch_attempt(attempt: Attempt) -> int:
    """After an answer named the task (`attempt.task_id`): apply the receipts that waited for it. Returns how many."""
    mine = Q(reference=attempt.reference)
    if attempt.task_id:
        mine |= Q(task_id=attempt.task_id)
    waiting = Receipt.objects.filter(mine, account=attempt.account_id, state=Receipt.State.UNMATCHED)
    return rematch(waiting)


def rematch(waiting: Any) -> int:
    """Try unmatched receipts again. Those that match are applied and removed from the waiting (a conflict is kept)."""
    count = 0
    with transaction.atomic():
        # In one order for everybody: two who come for the same receipts wait for each other instead of locking crosswise.
        rows = list(waiting.select_for_update(of=("self",)).select_related("account").order_by("pk")[:5000])
        by_account: dict[VendorAccount, list[Receipt]] = {}
        for row in rows:
            by_account.setdefault(row.account, []).append(row)
        for account, receipts in by_account.items():
            count += _rematch_account(account, receipts)
    return count


def _rematch_account(account: VendorAccount, receipts: Sequence[Receipt]) -> int:
    events = {receipt.pk: _event(receipt) for receipt in receipts}
    homes = homes_for(account, list(events.values()))
    hits = {receipt.pk: found for receipt in receipts if (found := home_of(events[receipt.pk], homes))}
    known = _known_people(events, hits)
    hits = {pk: home for pk, home in hits.items() if pk in known}
    sources = {receipt.pk: receipt.event for receipt in receipts}
    Receipt.objects.filter(pk__in=hits).delete()
    _apply_matched(account, [Matched(events[pk], home, sources[pk]) for pk, home in hits.items()])
    return len(hits)


def _known_people(events: dict[int, ReceiptEvent], hits: dict[int, Home]) -> set[int]:
    words = [_question(pk, home, events[pk]) for pk, home in hits.items()]
    rows = bulk.find(words)
    return {word.n for word in words if word.person in rows}


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
