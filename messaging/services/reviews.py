"""A version's audit at vendors: submit, decide, register by hand, ask."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit, masking
from config.kit.words import gettext_noop
from messaging.gateway import reasons
from messaging.gateway.errors import GatewayError, Outcome, Unsupported
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import ReviewEvent, ReviewState, Submission, SubmissionResult, Verdict
from messaging.hooks import review_decided
from messaging.models import Batch, CallbackEvent, Chatbot, Signature, TemplateReview, VendorAccount
from messaging.services import accounts, carrying
from messaging.states import BatchState, ReviewStatus
from templates_5g.blocks import Problem, errors
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze

_STATUS_OF = {
    ReviewState.WAITING: ReviewStatus.WAITING,
    ReviewState.APPROVED: ReviewStatus.APPROVED,
    ReviewState.REFUSED: ReviewStatus.REFUSED,
}


class NotCarried(ValidationError):
    """The vendor cannot carry this version. `problems` says what, by path."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(_("This vendor cannot carry this version."))
        self.problems = problems


def problems_for(version: TemplateVersion, account: VendorAccount) -> list[Problem]:
    """What the account's vendor cannot carry, before anything is submitted; media are looked at too."""
    vendor = vendor_class(account.vendor)(account.config)
    draft = TemplateReview(
        version=version, account=account, part="main", vendor_template_id=_known_id(version, account, "main")
    )
    return vendor.check_submission(submission_of(draft)) + carrying.media_problems(version, account)


def submit(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    signature: Signature,
    chatbot: Chatbot | None = None,
    options: Mapping[str, Any] | None = None,
    actor: Any = None,
) -> list[TemplateReview]:
    """Submit every part that the vendor audits by its API. Freezes the version. A part with a live review that is not
    refused is left alone. Raises NotCarried, and ValidationError where the vendor has no audit operation."""
    found = errors(problems_for(version, account))
    if found:
        raise NotCarried(found)
    if not audits(account):
        raise ValidationError(_("This vendor has no audit operation; register the template by hand."))
    freeze(version)
    reviews = [
        review
        for part in _parts(version, account)
        if (review := _open(version, account, part, signature, chatbot, dict(options or {})))
    ]
    audit.record(
        gettext_noop("Submitted a version for review"),
        actor=actor,
        target=version,
        detail={"account": account.name, "parts": [review.part for review in reviews]},
    )
    for review in reviews:
        transmit(review)
    return reviews


def audits(account: VendorAccount) -> bool:
    """Can a version be submitted to this vendor over its interface?"""
    return any(item.method == "submit" and item.offered for item in vendor_class(account.vendor).operations)


def _parts(version: TemplateVersion, account: VendorAccount) -> list[str]:
    wanted = {"main", *version.fallback_blocks.parts}
    return sorted(
        vendor_class(account.vendor).capabilities.review_parts & wanted, key=["main", "sms", "mms", "aim"].index
    )


def _open(
    version: TemplateVersion,
    account: VendorAccount,
    part: str,
    signature: Signature,
    chatbot: Chatbot | None,
    options: dict[str, Any],
) -> TemplateReview | None:
    """The row before the call. One live review a part: a refused one makes room, any other one stays; what was registered by
    hand makes room too where the vendor's operation is an edit of what exists."""
    room = Q(status__in=(ReviewStatus.REFUSED, ReviewStatus.WITHDRAWN))
    if _edits(account):
        room |= Q(by_hand=True)
    try:
        with transaction.atomic():
            old = TemplateReview.objects.select_for_update().filter(
                version=version, account=account, part=part, live=True
            )
            old.filter(room).update(live=False)
            return TemplateReview.objects.create(
                version=version,
                account=account,
                part=part,
                signature=signature,
                chatbot=chatbot,
                options=options,
                vendor_template_id=_known_id(version, account, part),
            )
    except IntegrityError:
        return None


def _edits(account: VendorAccount) -> bool:
    return vendor_class(account.vendor).capabilities.edits


def _known_id(version: TemplateVersion, account: VendorAccount, part: str) -> str:
    """Where submitting is an edit: the vendor's id of this template, from whichever version had it last."""
    if not _edits(account):
        return ""
    known = TemplateReview.objects.filter(version__template=version.template_id, account=account, part=part)
    return (
        known.exclude(vendor_template_id="").order_by("-pk").values_list("vendor_template_id", flat=True).first() or ""
    )


def transmit(review: TemplateReview) -> None:
    """Hand one review to the vendor and record its answer. An unsure answer is never repeated by itself."""
    adapter = accounts.adapter_for(review.account)
    try:
        result = adapter.submit(submission_of(review))
    except (GatewayError, KeyError, ValueError) as error:
        result = _unbuilt(error)
    _record(review, result)


def _unbuilt(error: Exception) -> SubmissionResult:
    return SubmissionResult(Verdict(Outcome.REFUSED, reasons.BAD_REQUEST, "", str(error)))


def submission_of(review: TemplateReview) -> Submission:
    version = review.version
    known = TemplateReview.objects.filter(
        version=version, account=review.account, live=True, status=ReviewStatus.APPROVED
    ).exclude(pk=review.pk)
    return Submission(
        name=f"{version.template.name} v{version.number}",
        part=review.part,
        content=version.blocks,
        fallback=version.fallback_blocks,
        signature=review.signature.text if review.signature else "",
        purpose=version.template.purpose,
        media=carrying.media_for(version, review.account),
        part_ids=dict(known.values_list("part", "vendor_template_id")),
        sender=review.chatbot.vendor_id if review.chatbot else "",
        template_id=review.vendor_template_id,
        options=review.options,
    )


def _record(review: TemplateReview, result: SubmissionResult) -> None:
    verdict = result.verdict
    status = {
        Outcome.ACCEPTED: ReviewStatus.APPROVED if result.approved else ReviewStatus.WAITING,
        Outcome.UNSURE: ReviewStatus.UNKNOWN,
    }.get(verdict.outcome, ReviewStatus.REFUSED)
    now = timezone.now()
    TemplateReview.objects.filter(pk=review.pk, status=ReviewStatus.SUBMITTING).update(
        status=status,
        vendor_template_id=result.template_id or review.vendor_template_id,
        reason=verdict.reason,
        vendor_word=masking.text(f"{verdict.code} {verdict.message}".strip(), review.account.config.secrets)[:500],
        submitted_at=now,
        decided_at=now if status in (ReviewStatus.APPROVED, ReviewStatus.REFUSED) else None,
        valid_days=result.valid_days,
        approved_until=_until(result.valid_days, now) if status == ReviewStatus.APPROVED else None,
    )
    if verdict.outcome is Outcome.BLOCKED and verdict.blocks == "account":
        accounts.stop(review.account, verdict.reason, verdict.message or verdict.code)
    review.refresh_from_db()


def _until(valid_days: int | None, now: datetime) -> datetime | None:
    """When an approval ends; None where it does not, or the vendor does not say."""
    return now + timedelta(days=valid_days) if valid_days else None


# --- decisions --------------------------------------------------------------------------------------------------


def apply_event(account: VendorAccount, event: ReviewEvent, source: CallbackEvent) -> bool:
    """A pushed or polled audit. Matched by the vendor's template id; where the id is a send's, that batch becomes refused."""
    decided_at = event.at or source.signed_at or source.arrived_at
    review = (
        TemplateReview.objects.filter(account=account, vendor_template_id=event.template_id, live=True)
        .exclude(vendor_template_id="")
        .first()
    )
    if review and event.state:
        return apply_decision(review, event.state, event.message or event.code, decided_at)
    if event.task_id and event.state is ReviewState.REFUSED:
        return _refuse_batch(account, event)
    return False


def apply_decision(
    review: TemplateReview, state: ReviewState, message: str, decided_at: datetime, actor: Any = None
) -> bool:
    """Set a review's status unless a newer decision stands. True if it changed."""
    status = _STATUS_OF[state]
    newer = Q(decided_at__isnull=True) | Q(decided_at__lte=decided_at)
    until = _until(review.valid_days, decided_at) if status == ReviewStatus.APPROVED else None
    changed = TemplateReview.objects.filter(newer, pk=review.pk).update(
        status=status,
        decided_at=decided_at,
        approved_until=until,
        vendor_word=masking.text(message, review.account.config.secrets)[:500],
    )
    if changed:
        review.refresh_from_db()
        review_decided.send(sender=TemplateReview, review=review)
        audit.record(
            gettext_noop("A vendor decided a review"), actor=actor, target=review, detail={"status": status.value}
        )
    return bool(changed)


def _refuse_batch(account: VendorAccount, event: ReviewEvent) -> bool:
    """The vendor accepted a send and refused its content afterwards: `submitted -> refused`."""
    return bool(
        Batch.objects.filter(
            attempts__task_id=event.task_id, account=account, state__in=(BatchState.SUBMITTED, BatchState.UNKNOWN)
        ).update(state=BatchState.REFUSED, reason="content_refused", vendor_word=event.message[:300])
    )


def refresh(review: TemplateReview) -> bool:
    """Ask the vendor for its present word. Raises Unsupported where it cannot be asked. True if something changed."""
    status = accounts.adapter_for(review.account).query_template(review.vendor_template_id)
    if status.state is None:
        return False
    return apply_decision(review, status.state, status.reason, timezone.now())


def refresh_waiting() -> int:
    """Ask about every review that waits at a vendor that can be asked. Returns how many changed."""
    changed = 0
    waiting = TemplateReview.objects.filter(live=True, status=ReviewStatus.WAITING).exclude(vendor_template_id="")
    for review in waiting.select_related("account", "version")[:100]:
        try:
            changed += refresh(review)
        except Unsupported:
            continue
    return changed


def register_by_hand(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    part: str,
    vendor_template_id: str,
    status: str,
    actor: Any,
    approved_until: datetime | None = None,
    signature: Signature | None = None,
    chatbot: Chatbot | None = None,
    note: str = "",
) -> TemplateReview:
    """Enter what already exists at the vendor, or a decision that a person learnt elsewhere. Freezes the version."""
    freeze(version)
    now = timezone.now()
    with transaction.atomic():
        TemplateReview.objects.filter(version=version, account=account, part=part, live=True).update(live=False)
        review = TemplateReview.objects.create(
            version=version,
            account=account,
            part=part,
            signature=signature,
            chatbot=chatbot,
            status=status,
            vendor_template_id=vendor_template_id,
            vendor_word=note[:500],
            submitted_at=now,
            decided_at=now,
            approved_until=approved_until,
            by_hand=True,
        )
        audit.record(
            gettext_noop("Registered a review by hand"),
            actor=actor,
            target=review,
            detail={"part": part, "vendor_template_id": vendor_template_id, "status": status},
        )
    return review
