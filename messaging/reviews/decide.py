"""What vendors decide: pushed, polled or asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kit import audit, masks
from kit.people import Actor
from messaging.accounts import health
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.events import store
from messaging.gateway import reasons
from messaging.gateway.outcomes import GatewayError, Outcome, Unsupported
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import ReviewEvent, ReviewState, Verdict
from messaging.hooks import review_decided
from messaging.models import Attempt, Batch, CallbackEvent, TemplateReview, VendorAccount
from messaging.states import BatchState, ReviewStatus

STANDING = Q(live=True) | Q(renewal=True)  # what counts, and what waits beside it
_MOST_EARLY = 200  # pushes within one submission's time on the wire
_STATUS_OF = {
    ReviewState.WAITING: ReviewStatus.WAITING,
    ReviewState.APPROVED: ReviewStatus.APPROVED,
    ReviewState.REJECTED: ReviewStatus.REJECTED,
}


def until(valid_days: int | None, now: datetime) -> datetime | None:
    """When an approval ends; None where it does not, or the vendor does not say."""
    return now + timedelta(days=valid_days) if valid_days else None


def apply_event(account: VendorAccount, event: ReviewEvent, source: CallbackEvent) -> bool:
    """A pushed or polled audit. Matched by the vendor's template id; where the id is a send's, that batch becomes rejected.
    False if it is about nothing that we know, or says nothing that we know: then somebody must look."""
    decided_at = event.at or source.signed_at or source.arrived_at
    review = (
        TemplateReview.objects.filter(STANDING, account=account, vendor_template_id=event.template_id)
        .exclude(vendor_template_id="")
        .order_by("-pk")
        .first()
    )
    if event.state is None:
        return False
    if review:
        apply_decision(review, event.state, event.message or event.code, decided_at)
        return True
    if event.state is ReviewState.REJECTED:
        _reject_batch(account, event)
    return bool(event.task_id) and Attempt.objects.filter(account=account, task_id=event.task_id).exists()


def hear_early(review: TemplateReview) -> None:
    """Apply what was pushed about a template before our own answer told its id: then it matched nothing."""
    vendor = vendor_class(review.account.vendor)(review.account.config)
    pushed = CallbackEvent.objects.filter(account=review.account_id, kind="review", arrived_at__gte=review.claimed_at)
    for source in pushed.order_by("pk")[:_MOST_EARLY]:
        try:
            events = vendor.events(store.inbound_of(source))
        except GatewayError:
            continue
        mine = [e for e in events if isinstance(e, ReviewEvent) and e.template_id == review.vendor_template_id]
        matched = [apply_event(review.account, event, source) for event in mine]
        if matched and all(matched) and len(mine) == len(events):
            unmatched = CallbackEvent.objects.filter(pk=source.pk, state=CallbackEvent.State.UNMATCHED)
            unmatched.update(state=CallbackEvent.State.APPLIED, note="")


@transaction.atomic
def apply_decision(
    review: TemplateReview, state: ReviewState, message: str, decided_at: datetime, actor: Actor = None
) -> bool:
    """Set a review's status unless a newer decision, or this very one, stands. True if it changed. An approved renewal begins
    to count."""
    _locked_part(review)
    status = _STATUS_OF[state]
    newer = Q(decided_at__isnull=True) | Q(decided_at__lte=decided_at)
    other = TemplateReview.objects.filter(newer, pk=review.pk).exclude(status=status, decided_at=decided_at)
    changed = other.update(
        status=status,
        decided_at=decided_at,
        approved_until=until(review.valid_days, decided_at) if status == ReviewStatus.APPROVED else None,
        vendor_message=masks.text(message, review.account.config.secrets)[:500],
    )
    if changed:
        review.refresh_from_db()
        promote(review)
        review_decided.send(sender=TemplateReview, review=review)
        audit.record(AuditAction.REVIEW_DECIDED, actor=actor, target=review, detail={"status": status.value})
    return bool(changed)


def _locked_part(review: TemplateReview) -> list[TemplateReview]:
    """What stands for the review's part, locked in one order everywhere: two decisions would else wait for each other."""
    part = TemplateReview.objects.select_for_update().filter(
        STANDING, version=review.version_id, account=review.account_id, part=review.part
    )
    return list(part.order_by("pk"))


@transaction.atomic
def promote(review: TemplateReview) -> None:
    """An approved renewal takes the place of the approval that it waited beside. The rows of the part are locked, so that
    there is always exactly one that counts."""
    standing = _locked_part(review)
    mine = next((row for row in standing if row.pk == review.pk), None)
    if mine is None or not mine.renewal or mine.status != ReviewStatus.APPROVED:
        return
    TemplateReview.objects.filter(pk__in=[row.pk for row in standing if row.live]).update(live=False)
    TemplateReview.objects.filter(pk=mine.pk).update(live=True, renewal=False)
    review.live, review.renewal = True, False


def _reject_batch(account: VendorAccount, event: ReviewEvent) -> None:
    """The vendor accepted a send and rejected its content afterwards: `submitted -> rejected`."""
    if event.task_id:
        sent = Attempt.objects.filter(task_id=event.task_id, account=account)
        batch_states.step(
            Batch.objects.filter(pk__in=sent.values("batch"), account=account),
            to=BatchState.REJECTED,
            from_=(BatchState.SUBMITTED, BatchState.UNKNOWN),
            reason="content_refused",
            vendor_message=event.message[:300],
        )


@dataclass(frozen=True)
class Asked:
    """What asking about a review gave: the vendor's answer, and whether the review changed by it."""

    verdict: Verdict
    changed: bool


def refresh(review: TemplateReview) -> Asked:
    """Ask the vendor for its present word. A template that it does not have is rejected there, so that it can be submitted
    again; an answer against the account stops the account. Raises Unsupported where it cannot be asked."""
    status = health.adapter_for(review.account).query_template(review.vendor_template_id)
    verdict, state, word = status.verdict, status.state, status.reason
    if verdict.outcome is Outcome.BLOCKED and verdict.blocks == "account":
        health.stop(review.account, verdict.reason, verdict.message or verdict.code)
    elif verdict.outcome is Outcome.ACCEPTED:
        health.note_success(review.account)
    elif verdict.outcome is Outcome.REJECTED and verdict.reason == reasons.TEMPLATE_UNUSABLE:
        state, word = ReviewState.REJECTED, f"{verdict.code} {verdict.message}".strip()
    return Asked(verdict, state is not None and apply_decision(review, state, word, timezone.now()))


def refresh_waiting() -> int:
    """Ask about every review that waits at a vendor that can be asked. Returns how many changed."""
    changed = 0
    waiting = TemplateReview.objects.filter(STANDING, status=ReviewStatus.WAITING).exclude(vendor_template_id="")
    for review in waiting.select_related("account", "version")[:100]:
        try:
            changed += refresh(review).changed
        except Unsupported:
            continue
    return changed
