"""Receipts to the people they are about: one update for each person moves their delivery; what fits nowhere is kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from kit import gc_pause
from messaging.deliveries import batch_states
from messaging.fence import strangers
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.hooks import deliveries_moved
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Receipt, VendorAccount
from messaging.receipts import status_updates
from messaging.receipts.resolve import AttemptRef, attempt_of, resolve_attempts
from messaging.states import AttemptOutcome, BatchState, OwnStatus

OWN_BY_WORD = {
    ReceiptStatus.DELIVERED: OwnStatus.DELIVERED,
    ReceiptStatus.READ: OwnStatus.READ,
    ReceiptStatus.FAILED: OwnStatus.FAILED,
    ReceiptStatus.NO_RECEIPT: OwnStatus.NO_RECEIPT,
}


class Matched(NamedTuple):
    event: ReceiptEvent
    ref: AttemptRef
    source: CallbackEvent | None

    @property
    def person(self) -> status_updates.Person:
        return self.ref.run_id, self.ref.leg, self.event.phone


class KeptReceipt(NamedTuple):
    """A receipt that stays as a row of its own, and why. `ref`: None where nobody of ours is meant."""

    event: ReceiptEvent
    source: CallbackEvent | None
    ref: AttemptRef | None
    state: Receipt.State
    note: str


# As the classes make them, without a call into Python for each.
_matched = partial(tuple.__new__, Matched)
_update = partial(tuple.__new__, status_updates.StatusUpdate)


def apply_receipts(account: VendorAccount, found: Sequence[tuple[ReceiptEvent, CallbackEvent | None]]) -> None:
    """Apply receipts of one account: matched ones to deliveries, the rest kept as unmatched. One transaction, the caller's."""
    with gc_pause.paused():
        index = resolve_attempts(account, [event for event, _ in found])
        matched, lost = [], []
        for event, source in found:
            ref = attempt_of(event, index)
            if ref is None:
                lost.append((event, source))
            else:
                matched.append(_matched((event, ref, source)))
        _apply_matched(account, matched)
        _keep(account, [KeptReceipt(event, source, None, Receipt.State.UNMATCHED, "") for event, source in lost])
        strangers.judge(account, lost)


def _apply_matched(account: VendorAccount, matched: Sequence[Matched]) -> None:
    if not matched:
        return
    index = {ref.attempt: ref for _, ref, _ in matched}
    unknown = status_updates.lock_batches(sorted({ref.batch for ref in index.values()}))
    updates = _best_updates(matched, index)
    changed = status_updates.apply_status_updates(updates)
    _announce(updates, changed)
    _learn_from(matched, unknown)
    _keep_the_rest(account, matched, changed)


def _announce(updates: Sequence[status_updates.StatusUpdate], changed: status_updates.Changed) -> None:
    def ids() -> list[int]:
        raised = [update.person for update in updates if update.position in changed]
        return [row.pk for row in status_updates.find(raised).values()]

    if changed:
        deliveries_moved.send(sender=Delivery, ids=ids)


def _best_updates(matched: Sequence[Matched], index: Mapping[int, AttemptRef]) -> list[status_updates.StatusUpdate]:
    """One update for each person: the highest. The others are looked at afterwards."""
    best: dict[tuple[int, str], status_updates.StatusUpdate] = {}
    shared_by_words: dict[tuple[Any, ...], status_updates.UpdateTemplate] = {}
    # A small number for each (run, leg), told apart by the run's own number: hashing a UUID is a call into Python.
    places: dict[tuple[int, str], int] = {}
    place_of = {pk: places.setdefault((ref.run_id.int, ref.leg), len(places)) for pk, ref in index.items()}
    for position, (event, ref, _) in enumerate(matched):
        own = OWN_BY_WORD.get(event.status)
        if own is None:
            continue
        place = place_of[ref.attempt]
        words = place, event.status, event.channel, event.reason, event.code, event.message
        shared = shared_by_words.get(words)
        if shared is None:
            shared = shared_by_words[words] = _shared(event, ref, own)
        key = place, event.phone
        before = best.get(key)
        if before is None or before.shared.own_status < own:
            best[key] = _update((position, shared, event.phone, event.at))
    return list(best.values())


def _shared(event: ReceiptEvent, ref: AttemptRef, own: int) -> status_updates.UpdateTemplate:
    message = f"{event.code} {event.message}".strip()[:200]
    return status_updates.UpdateTemplate(ref.run_id, ref.leg, own, event.channel[:4], event.reason, message)


def _learn_from(matched: Sequence[Matched], unknown: Sequence[int]) -> None:
    """What receipts say about their requests, beside what they say about people: that the vendor has it, and its id. `unknown`:
    the locked batches in that state. Only a receipt about somebody who is in the batch says anything: another installation on
    the same account may use a reference like ours."""
    telling = [item for item in matched if unknown or _tells(item)]
    if not telling:
        return
    rows = status_updates.find(item.person for item in telling)
    batches = [row.batch_id if (row := rows.get(item.person)) else None for item in telling]
    proven = {item.ref.attempt: item for item, batch in zip(telling, batches, strict=True) if batch == item.ref.batch}
    _settle_unknown(proven, set(unknown).intersection(batch for batch in batches if batch))
    for attempt, item in proven.items():
        if item.event.task_id and not item.ref.task_id:
            Attempt.objects.filter(pk=attempt, task_id="").update(task_id=item.event.task_id)


def _tells(item: Matched) -> bool:
    """About a request that the vendor never answered, or whose id it never told us itself."""
    return item.ref.outcome == _UNKNOWN or bool(item.event.task_id and not item.ref.task_id)


_UNKNOWN = AttemptOutcome.UNKNOWN.value


def _settle_unknown(proven: Mapping[int, Matched], settled: Collection[int]) -> None:
    """Any update from the vendor about one of our people proves that it has the request."""
    if settled:
        batch_states.step(
            Batch.objects.filter(pk__in=settled),
            to=BatchState.SUBMITTED,
            from_=(BatchState.UNKNOWN,),
            submitted_at=timezone.now(),
            reason="",
            vendor_message="",
        )
    suspects = [pk for pk, item in proven.items() if item.ref.outcome == _UNKNOWN or item.ref.batch in settled]
    if suspects:
        Attempt.objects.filter(pk__in=suspects, outcome=AttemptOutcome.UNKNOWN).update(
            outcome=AttemptOutcome.ACCEPTED, reason="receipt"
        )


def _keep_the_rest(account: VendorAccount, matched: Sequence[Matched], changed: status_updates.Changed) -> None:
    """Store what the delivery row cannot hold: unknown statuses, statuses of nobody we know, late or conflicting ones,
    further legs. A plain repeat leaves nothing."""
    rest = [item for position, item in enumerate(matched) if position not in changed]
    late = [matched[position] for position, old in sorted(changed.items()) if old == OwnStatus.FAILED]
    rows = status_updates.find(item.person for item in rest)
    kept = [
        KeptReceipt(item.event, item.source, item.ref, Receipt.State.MATCHED, "delivered after failed") for item in late
    ]
    legs: list[tuple[str, Delivery]] = []
    for item in rest:
        row = rows.get(item.person)
        note = _note(item.event, row)
        if note is None:
            continue
        state = Receipt.State.UNMATCHED if row is None else Receipt.State.MATCHED
        kept.append(KeptReceipt(item.event, item.source, item.ref if row else None, state, note))
        if note == "further leg" and row is not None:
            legs.append((item.event.key[:200], row))
    new_keys = _keep(account, kept)
    further = [row.pk for key, row in legs if key in new_keys]
    if further:
        Delivery.objects.filter(pk__in=further).update(legs_delivered=F("legs_delivered") + 1, units=F("units") + 1)


def _note(event: ReceiptEvent, row: Delivery | None) -> str | None:
    """Why this receipt is kept; None for a plain repeat and for "handed on"."""
    if row is None:
        return "no such recipient"
    if event.status is ReceiptStatus.UNKNOWN_WORD:
        return "unknown status"
    if event.status is ReceiptStatus.PENDING:
        return None
    own = OWN_BY_WORD[event.status]
    if own >= OwnStatus.DELIVERED and (row.own_status or 0) >= OwnStatus.DELIVERED:
        other = event.channel and row.channel and event.channel != row.channel
        return "further leg" if other else None
    return None if own == row.own_status else "later than a better status"


def _keep(account: VendorAccount, kept: Iterable[KeptReceipt]) -> set[str]:
    """Insert receipts once each. Returns the keys that were new."""
    made = [_receipt(account, *one) for one in kept]
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
    ref: AttemptRef | None,
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
        vendor_message=event.message[:300],
        reported_at=event.at,
        attempt_id=ref.attempt if ref else None,
        note=note,
    )


# --- receipts that came before their match ----------------------------------------------------------------------


def rematch_attempt(attempt: Attempt) -> int:
    """After an answer named the task (`attempt.task_id`) or each message: apply the receipts that waited for it. Returns how
    many."""
    named = Delivery.objects.filter(batch=attempt.batch_id).exclude(message_id="")
    mine = Q(reference=attempt.reference) | Q(message_id__in=named.values("message_id"))
    if attempt.task_id:
        mine |= Q(task_id=attempt.task_id)
    waiting = Receipt.objects.filter(mine, account=attempt.account_id, state=Receipt.State.UNMATCHED)
    return rematch(waiting)


def rematch(waiting: QuerySet[Receipt]) -> int:
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
    index = resolve_attempts(account, list(events.values()))
    hits = {receipt.pk: found for receipt in receipts if (found := attempt_of(events[receipt.pk], index))}
    sources = {receipt.pk: receipt.event for receipt in receipts}
    matched = {pk: Matched(events[pk], ref, sources[pk]) for pk, ref in hits.items()}
    known = status_updates.find(item.person for item in matched.values())
    matched = {pk: item for pk, item in matched.items() if item.person in known}
    Receipt.objects.filter(pk__in=matched).delete()
    _apply_matched(account, list(matched.values()))
    return len(matched)


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
        message=receipt.vendor_message,
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
    index = list(
        Delivery.objects.filter(batch__in=unknown, phone__in=phones).values_list("batch_id", "phone").distinct()
    )
    by_batch: dict[int, set[str]] = {}
    for batch_id, phone in index:
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
