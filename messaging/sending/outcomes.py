"""What is known after an attempt becomes the batch's state. A definite answer counts from `sending` or `unknown` of the
same attempt; everything is one transaction."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from kit import audit, masks
from messaging.accounts import adapters, health
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.gateway import reasons
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import CallRecord, SendResult, Verdict
from messaging.hooks import dispatch_changed
from messaging.models import Attempt, Batch, Delivery, Dispatch
from messaging.receipts import apply
from messaging.sending import attempts
from messaging.states import AttemptOutcome, BatchState, DispatchState, OwnStatus

log = logging.getLogger(__name__)
LONGEST_BACK_OFF = 300.0


def record(attempt: Attempt | int, result: SendResult, calls: Sequence[CallRecord] = ()) -> None:
    """Write down the outcome of one attempt, given itself (with its batch, dispatch and account) or by its id, and the exchanges
    that led to it. Recording the same attempt twice changes nothing: it must still be open, or have been given up as unknown.

    The exchanges are in the same commit, which spares every request one; where they cannot be stored, the outcome is all the
    same: it counts more than the note of it."""
    if isinstance(attempt, int):
        attempt = Attempt.objects.select_related("batch__dispatch__account", "account").get(pk=attempt)
    try:
        accepted = _record(attempt, result, calls)
    except DatabaseError:
        if not calls:
            raise
        log.exception("An exchange with a vendor (attempt %s) was not kept", attempt.pk)
        accepted = _record(attempt, result, ())
    if accepted is None:
        return
    health.note_success(attempt.account)
    if accepted.receipts_wait:
        apply.rematch_attempt(attempt)


def _record(attempt: Attempt, result: SendResult, calls: Sequence[CallRecord]) -> attempts.Accepted | None:
    """What an acceptance found; None for any other outcome, and for one that changed nothing."""
    if result.verdict.outcome is Outcome.ACCEPTED:
        return _record_accepted(attempt, result, calls)
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=attempt.batch_id)
        batch.dispatch = attempt.batch.dispatch
        for call in calls:
            adapters.keep_call(attempt.account, attempt, call)
        if _close(attempt, result):
            _RECORDERS[result.verdict.outcome](batch, attempt, result)
        return None


def _record_accepted(attempt: Attempt, result: SendResult, calls: Sequence[CallRecord]) -> attempts.Accepted | None:
    """Nearly every request ends here, so nothing is asked that needs no asking."""
    _set_outcome(attempt, result)
    kept = [adapters.call_row(attempt.account, attempt, call) for call in calls]
    # One statement is its own transaction: one around it would be two more round trips.
    is_one = not (result.message_ids or result.rejected or connection.in_atomic_block)
    # What only this answer says is waited for; that a request was accepted, receipts with our reference say as well.
    tells = vendor_class(attempt.account.vendor).capabilities.references
    with nullcontext() if is_one else transaction.atomic():
        ids = [one[:80] for one in result.message_ids.values()]
        forgotten = is_one and tells
        accepted = attempts.accept(attempt, result.accepted_count, kept, message_ids=ids, may_be_forgotten=forgotten)
        if accepted is not None:
            _note_ids(attempt.batch, result)
            _reject_some(attempt.batch, result)
        return accepted


def _set_outcome(attempt: Attempt, result: SendResult) -> None:
    verdict = result.verdict
    attempt.outcome, attempt.reason = AttemptOutcome(verdict.outcome.value), verdict.reason
    attempt.vendor_code, attempt.vendor_message = verdict.code[:80], _word(attempt, verdict)
    attempt.task_id, attempt.finished_at = result.task_id[:80], timezone.now()


def _close(attempt: Attempt, result: SendResult) -> bool:
    verdict = result.verdict
    open_outcomes = [AttemptOutcome.OPEN]
    if verdict.outcome is not Outcome.UNKNOWN:
        open_outcomes.append(AttemptOutcome.UNKNOWN)
    closed = Attempt.objects.filter(pk=attempt.pk, outcome__in=open_outcomes).update(
        outcome=verdict.outcome.value,
        reason=verdict.reason,
        vendor_code=verdict.code[:80],
        vendor_message=_word(attempt, verdict),
        task_id=result.task_id[:80],
        finished_at=timezone.now(),
    )
    return bool(closed)


def _word(attempt: Attempt, verdict: Verdict) -> str:
    return masks.text(verdict.message, attempt.account.config.secrets)[:300] if verdict.message else ""


def _step(batch: Batch, from_: Sequence[BatchState], to: BatchState, **values: Any) -> None:
    batch_states.step(Batch.objects.filter(pk=batch.pk), to=to, from_=from_, **values)


def _note_ids(batch: Batch, result: SendResult) -> None:
    """Vendor message ids, for vendors that give one per number."""
    if not result.message_ids:
        return
    rows = list(batch.deliveries.filter(phone__in=result.message_ids).only("id", "phone"))
    for row in rows:
        row.message_id = result.message_ids[row.phone][:80]
    Delivery.objects.bulk_update(rows, ["message_id"], batch_size=500)


def _reject_some(batch: Batch, result: SendResult) -> None:
    """People rejected one by one inside an accepted request, a statement for each reason."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for phone, verdict in result.rejected.items():
        by_reason.setdefault((verdict.reason, f"{verdict.code} {verdict.message}".strip()[:200]), []).append(phone)
    for (reason, word), phones in by_reason.items():
        count = batch.deliveries.filter(phone__in=phones, own_status__isnull=True).update(
            own_status=OwnStatus.REJECTED, reason=reason, vendor_message=word
        )
        Batch.objects.filter(pk=batch.pk).update(n_rejected=F("n_rejected") + count)


def _rejected(batch: Batch, attempt: Attempt, result: SendResult) -> None:
    left = batch.deliveries.filter(own_status__isnull=True)
    if result.verdict.split and left.count() > 1:
        _halve(batch, attempt, result.verdict)
        return
    _step(
        batch,
        (BatchState.SENDING, BatchState.UNKNOWN),
        BatchState.REJECTED,
        reason=result.verdict.reason,
        vendor_message=_word(attempt, result.verdict),
    )


def _halve(batch: Batch, attempt: Attempt, verdict: Verdict) -> None:
    """One number spoils the request: two halves go back to the queue, until it stands alone. Those with an own status stay."""
    Dispatch.objects.select_for_update().get(pk=batch.dispatch_id)  # numbers are given one split at a time
    last = Batch.objects.filter(dispatch=batch.dispatch_id).aggregate(last=Max("number"))["last"]
    phones = list(batch.deliveries.filter(own_status__isnull=True).order_by("phone").values_list("phone", flat=True))
    middle = len(phones) // 2
    for offset, part in enumerate((phones[:middle], phones[middle:]), start=1):
        half = Batch.objects.create(
            dispatch_id=batch.dispatch_id,
            account_id=batch.account_id,
            number=last + offset,
            size=len(part),
            text=batch.text,
            split_from=batch,
        )
        batch.deliveries.filter(phone__in=part).update(batch=half)
    _step(
        batch,
        (BatchState.SENDING, BatchState.UNKNOWN),
        BatchState.REJECTED,
        size=F("size") - len(phones),
        reason="split",
        vendor_message=_word(attempt, verdict),
    )


def _blocked(batch: Batch, attempt: Attempt, result: SendResult) -> None:
    """The account's or the template's trouble: nobody in the batch was rejected, so nobody is marked."""
    verdict = result.verdict
    _back_to_queue(batch, verdict, None)
    if verdict.blocks == "dispatch":
        stop_dispatch(batch.dispatch, verdict.reason, _word(attempt, verdict))
    else:
        health.stop(attempt.account, verdict.reason, verdict.message or verdict.code)


def _not_taken(batch: Batch, attempt: Attempt, result: SendResult) -> None:
    seconds = result.verdict.retry_after or min(2.0 ** min(attempt.number, 9), LONGEST_BACK_OFF)
    states = (BatchState.SENDING, BatchState.UNKNOWN) if _never_left(batch, attempt, result) else (BatchState.SENDING,)
    _back_to_queue(batch, result.verdict, seconds, states)


def _never_left(batch: Batch, attempt: Attempt, result: SendResult) -> bool:
    """Its sender, given up meanwhile, stood still and then did not send: an unknown batch is sent after all (where its dispatch has
    ended, the tick opens it again). Not where the vendor was asked about it since, which may have been the sending."""
    is_only_try = not attempt.is_vendor_check and attempt.number == batch.attempts_made
    return result.verdict.reason == reasons.STOOD_STILL and is_only_try


def _back_to_queue(
    batch: Batch, verdict: Verdict, seconds: float | None, states: Sequence[BatchState] = (BatchState.SENDING,)
) -> None:
    later = timezone.now() + timedelta(seconds=seconds) if seconds else None
    _step(
        batch,
        states,
        BatchState.QUEUED,
        not_before=later,
        reason=verdict.reason,
        vendor_message=verdict.message[:300],
    )


def _unknown(batch: Batch, attempt: Attempt, result: SendResult) -> None:
    """Unknown, unless receipts came before we knew: then the vendor has it."""
    if batch.n_heard:
        _step(batch, (BatchState.SENDING,), BatchState.SUBMITTED, submitted_at=timezone.now())
        Attempt.objects.filter(pk=attempt.pk).update(outcome=AttemptOutcome.ACCEPTED, reason="receipt")
        return
    _step(
        batch,
        (BatchState.SENDING,),
        BatchState.UNKNOWN,
        reason=result.verdict.reason,
        vendor_message=_word(attempt, result.verdict),
    )
    health.note_trouble(attempt.account, result.verdict.reason, result.verdict.message)


_RECORDERS = {
    Outcome.REJECTED: _rejected,
    Outcome.BLOCKED: _blocked,
    Outcome.NOT_TAKEN: _not_taken,
    Outcome.UNKNOWN: _unknown,
}


def stop_dispatch(dispatch: Dispatch, reason: str, detail: str) -> None:
    """Stop one dispatch by itself; a person mends the cause and resumes."""
    stopped = Dispatch.objects.filter(pk=dispatch.pk, state=DispatchState.RUNNING).update(
        state=DispatchState.STOPPED, stop_reason=reason, stop_detail=detail[:300]
    )
    if stopped:
        dispatch.refresh_from_db()
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)
        why = {"reason": reason, **({"detail": dispatch.stop_detail} if dispatch.stop_detail else {})}
        audit.record(AuditAction.DISPATCH_AUTO_STOPPED, target=dispatch, detail=why)
