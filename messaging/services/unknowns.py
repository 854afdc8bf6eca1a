"""Batches whose outcome is unknown: settled by what comes back, by the vendor's own check, or by a person."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit
from config.kit.words import gettext_noop
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.models import Attempt, Batch, Dispatch
from messaging.services import outcomes, sending
from messaging.states import AttemptOutcome, BatchState

CHECK_AFTER = timedelta(seconds=60)
MOST_CHECKS = 3


def deadline(batch: Batch) -> Any:
    """Until then only the vendor may say "not sent"."""
    since = batch.claimed_at or batch.dispatch.created_at
    return since + timedelta(hours=settings.SONGDA["UNKNOWN_DEADLINE_HOURS"])


def mark_sent(batch: Batch, actor: Any, reason: str) -> bool:
    """A person knows that the vendor has it. False if it was settled meanwhile."""
    return _decide(batch, actor, reason, BatchState.SUBMITTED, gettext_noop("Marked an unknown batch as sent"))


def mark_not_sent(batch: Batch, actor: Any, reason: str) -> bool:
    """A person knows that the vendor does not have it; its people may then enter a new leg. Raises ValidationError before
    the deadline or when any receipt exists."""
    if timezone.now() < deadline(batch):
        raise ValidationError(
            _("Receipts may still come until %(time)s; only then can this batch be marked as not sent.")
            % {"time": timezone.localtime(deadline(batch)).strftime("%Y-%m-%d %H:%M")}
        )
    if batch.n_delivered + batch.n_failed + batch.n_read:
        raise ValidationError(_("There are receipts for this batch, so it was sent."))
    return _decide(batch, actor, reason, BatchState.REFUSED, gettext_noop("Marked an unknown batch as not sent"))


def _decide(batch: Batch, actor: Any, reason: str, state: str, action: str) -> bool:
    with transaction.atomic():
        values = {"submitted_at": timezone.now()} if state == BatchState.SUBMITTED else {"reason": "person"}
        done = Batch.objects.filter(pk=batch.pk, state=BatchState.UNKNOWN).update(state=state, **values)
        if done:
            Attempt.objects.filter(batch=batch, outcome=AttemptOutcome.UNSURE).update(signed_by=actor)
            audit.record(action, actor=actor, target=batch, detail={"reason": reason, "people": batch.size})
    return bool(done)


def due_for_check() -> list[int]:
    """Unknown batches whose vendor can be asked by repeating the very same request."""
    before = timezone.now() - CHECK_AFTER
    can = [code for code, vendor in all_vendors().items() if vendor.capabilities.repeat_is_safe]
    rows = Batch.objects.filter(state=BatchState.UNKNOWN, claimed_at__lt=before, account__vendor__in=can)
    return [batch.pk for batch in rows.select_related("account").order_by("claimed_at")[:200] if _may_check(batch)]


def _may_check(batch: Batch) -> bool:
    if not vendor_class(batch.account.vendor).capabilities.repeat_is_safe or not batch.account.usable:
        return False
    checks = batch.attempts.filter(is_vendor_check=True)
    last = checks.order_by("-number").first()
    pause = timedelta(minutes=5 * 3 ** checks.count())
    return checks.count() < MOST_CHECKS and (last is None or last.started_at + pause < timezone.now())


def ask_vendor(batch_id: int) -> None:
    """The one permitted automatic repeat: the same request under the same reference, which the vendor itself recognises.
    The batch stays unknown while it is asked."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        dispatch = Dispatch.objects.select_related("account", "version", "signature", "chatbot").get(
            pk=batch.dispatch_id
        )
        first = batch.attempts.filter(outcome=AttemptOutcome.UNSURE, is_vendor_check=False).order_by("number").last()
        if batch.state != BatchState.UNKNOWN or first is None or not _may_check(batch):
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
        request = sending.build_request(dispatch, batch, sending.people(batch), first.reference, is_repeat=True)
    outcomes.record(attempt.pk, sending.transmit(dispatch, attempt, request))
