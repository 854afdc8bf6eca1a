"""Batches whose outcome is unknown: settled by what comes back, by the vendor's own check, or by a person."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, display
from kit.people import Actor
from messaging.accounts import adapters
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.eligibility.exclude import suppressed
from messaging.gateway.departure import Departure
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.gateway.types import CallRecord
from messaging.models import Attempt, Batch, Delivery, Dispatch
from messaging.sending import claim, hand_over, outcomes, stop_switch
from messaging.states import AccountStatus, AttemptOutcome, BatchState, DispatchState, OwnStatus

CHECK_AFTER = timedelta(seconds=60)
MOST_CHECKS = 3
# No document says for how long a vendor knows a serial number again; after that a repeat would be a second message.
CHECK_WITHIN = timedelta(hours=12)


def deadline(batch: Batch) -> Any:
    """Until then only the vendor may say "not sent"."""
    since = batch.claimed_at or batch.dispatch.created_at
    return since + timedelta(hours=settings.SONGDA["UNKNOWN_DEADLINE_HOURS"])


def mark_sent(batch: Batch, actor: Actor, reason: str) -> bool:
    """A person knows that the vendor has it. False if it was settled meanwhile."""
    return _decide(batch, actor, reason, BatchState.SUBMITTED, AuditAction.UNKNOWN_MARKED_SENT)


def mark_not_sent(batch: Batch, actor: Actor, reason: str) -> bool:
    """A person knows that the vendor does not have it; its people may then enter a new leg. Raises ValidationError before
    the deadline or when any receipt exists."""
    _require_late(batch)
    return _decide(batch, actor, reason, BatchState.REJECTED, AuditAction.UNKNOWN_MARKED_NOT_SENT)


def _require_late(batch: Batch) -> None:
    if timezone.now() < deadline(batch):
        raise ValidationError(
            _("Receipts may still come until %(time)s; only then can this batch be marked as not sent.")
            % {"time": display.day_and_time(deadline(batch))}
        )
    if batch.n_heard:
        raise ValidationError(_("There are receipts for this batch, so it was sent."))


def people(batch: Batch) -> QuerySet[Delivery]:
    """Those of whom nothing is known but that they were in it, in a fixed order."""
    return batch.deliveries.filter(own_status__isnull=True).order_by("pk")


def mark_people(batch: Batch, ids: Sequence[int], actor: Actor, reason: str, *, sent: bool) -> int:
    """A person knows it of some people of an unknown batch alone. Sent: nothing was heard of them, and a later receipt still
    counts; not sent: they may enter a new leg, under the same conditions as a whole batch (ValidationError). The batch is
    settled with the last of its people. Returns how many were marked."""
    if not sent:
        _require_late(batch)
    own, column = (OwnStatus.NO_RECEIPT, "n_no_receipt") if sent else (OwnStatus.REJECTED, "n_rejected")
    action = AuditAction.UNKNOWN_PEOPLE_MARKED_SENT if sent else AuditAction.UNKNOWN_PEOPLE_MARKED_NOT_SENT
    with transaction.atomic():
        # First the batch, then its people: the order of everybody who writes an own status.
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != BatchState.UNKNOWN:
            return 0
        if not sent:
            _require_silence(locked, BatchState.REJECTED)
        done = people(locked).filter(pk__in=ids).update(own_status=own, reason="person_sent" if sent else "person")
        if done:
            Batch.objects.filter(pk=batch.pk).update(**{column: F(column) + done})
            audit.record(action, actor=actor, target=batch, detail={"reason": reason, "people": done})
            _settle_if_empty(batch, actor)
    return done


def _settle_if_empty(batch: Batch, actor: Actor) -> None:
    """Nobody is left to be unsure about: handed over if anybody was, else refused."""
    batch.refresh_from_db()
    if batch.n_skipped + batch.n_rejected + batch.n_no_receipt + batch.n_heard < batch.size:
        return
    if batch.n_no_receipt:
        _settle(batch, BatchState.SUBMITTED)
    else:
        _settle(batch, BatchState.REJECTED)
    Attempt.objects.filter(batch=batch, outcome=AttemptOutcome.UNKNOWN).update(signed_by=actor)


def _settle(batch: Batch, to: BatchState) -> bool:
    values: dict[str, Any] = {"submitted_at": timezone.now()} if to == BatchState.SUBMITTED else {"reason": "person"}
    rows = Batch.objects.filter(pk=batch.pk)
    return bool(batch_states.step(rows, to=to, from_=(BatchState.UNKNOWN,), **values))


def _decide(batch: Batch, actor: Actor, reason: str, state: BatchState, action: AuditAction) -> bool:
    with transaction.atomic():
        done = _settle(batch, state)
        if done:
            _require_silence(batch, state)
            Attempt.objects.filter(batch=batch, outcome=AttemptOutcome.UNKNOWN).update(signed_by=actor)
            audit.record(action, actor=actor, target=batch, detail={"reason": reason, "people": batch.size})
    return done


def _require_silence(batch: Batch, state: str) -> None:
    """While the vendor is asked, the answer may be that it has just taken the request. Raises ValidationError."""
    if state == BatchState.REJECTED and batch.attempts.filter(outcome=AttemptOutcome.OPEN).exists():
        raise ValidationError(_("The vendor is being asked about this batch right now. Look again in a minute."))


# Only a request that the vendor never answered may be asked about by repeating it: "I have this serial number already" then
# means that the first one arrived. After an answer of any kind it means nothing: the vendor remembers what it refused.
_UNANSWERED = Q(outcome=AttemptOutcome.UNKNOWN, is_vendor_check=False, vendor_code="")


def due_for_check() -> list[int]:
    """Unknown batches whose vendor can be asked by repeating the very same request, longest unknown first: those not asked
    yet, and those asked some time ago. One query."""
    can = [code for code, vendor in all_vendors().items() if vendor.capabilities.repeat_is_safe]
    rows = _due().filter(claimed_at__lt=timezone.now() - CHECK_AFTER, account__vendor__in=can)
    return list(rows.order_by("claimed_at").values_list("pk", flat=True)[:200])


def _due() -> QuerySet[Batch]:
    """Unknown, not asked about too often or too lately, at an account that sends."""
    now, asked = timezone.now(), Q(attempts__is_vendor_check=True)
    due = Q(checks=0)
    for checks in range(1, MOST_CHECKS):
        due |= Q(checks=checks, last__lt=now - timedelta(minutes=5 * 3**checks))
    usable = Q(account__status__in=(AccountStatus.OK, AccountStatus.UNTESTED))
    recent = now - CHECK_WITHIN
    unknown = Batch.objects.filter(
        usable,
        _dispatch_allows(),
        Exists(Attempt.objects.filter(_UNANSWERED, batch=OuterRef("pk"))),
        state=BatchState.UNKNOWN,
        claimed_at__gt=recent,
    )
    counted = {"checks": Count("attempts", filter=asked), "last": Max("attempts__started_at", filter=asked)}
    return unknown.annotate(**counted).filter(due)


def _dispatch_allows() -> Q:
    """Where the first request never arrived, asking is sending: not for a dispatch that somebody stopped, nor too late."""
    in_time = Q(dispatch__send_until__isnull=True) | Q(dispatch__send_until__gt=timezone.now())
    return in_time & Q(dispatch__state__in=(DispatchState.RUNNING, DispatchState.DONE))


def is_asked_about(batch: Batch) -> bool:
    """Will the vendor be asked by itself? Not any more once its dispatch was stopped or `send_until` has passed."""
    dispatch = batch.dispatch
    over = dispatch.send_until is not None and dispatch.send_until <= timezone.now()
    late = batch.claimed_at is None or batch.claimed_at <= timezone.now() - CHECK_WITHIN
    is_on = not over and not late and dispatch.state in (DispatchState.RUNNING, DispatchState.DONE)
    return is_on and batch.attempts.filter(_UNANSWERED).exists()


def _may_check(batch: Batch, dispatch: Dispatch) -> bool:
    """All that holds for a claim holds here: dispatch, window, template, account, and nobody who has opted out since."""
    if not vendor_class(dispatch.account.vendor).capabilities.repeat_is_safe or stop_switch.current() is not None:
        return False
    if not claim.in_window(dispatch, timezone.now()) or claim.template_missing(dispatch):
        return False
    if batch.deliveries.filter(Exists(suppressed(dispatch)), own_status__isnull=True).exists():
        return False
    return _due().filter(pk=batch.pk).exists()


def ask_vendor(batch_id: int) -> None:
    """The one permitted automatic repeat: the same request under the same reference, which the vendor itself recognises.
    The batch stays unknown while it is asked. What never arrived is sent by it, so it asks only where a claim might send."""
    departure = Departure()
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        dispatch = Dispatch.objects.select_related("account", "version", "signature", "chatbot").get(
            pk=batch.dispatch_id
        )
        first = batch.attempts.filter(_UNANSWERED).order_by("number").last()
        if first is None or not _may_check(batch, dispatch):
            return
        number = batch.attempts_made + 1
        Batch.objects.filter(pk=batch.pk).update(attempts_made=number)
        attempt = Attempt.objects.create(
            batch=batch,
            account=dispatch.account,
            number=number,
            reference=first.reference,
            is_vendor_check=True,
            started_at=timezone.now(),
        )
        request = hand_over.build_request(dispatch, batch, hand_over.people(batch), first.reference, is_repeat=True)
    calls: list[CallRecord] = []
    with adapters.departing(dispatch.account, departure):
        result = hand_over.transmit(dispatch, request, calls)
    outcomes.record(attempt.pk, result, calls)
