"""What people know about a review and the vendor's interface does not tell."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.models import Chatbot, Signature, TemplateReview, VendorAccount
from messaging.reviews.decide import STANDING
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze


@transaction.atomic
def register_by_hand(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    part: str,
    vendor_template_id: str,
    status: str,
    actor: Actor,
    approved_until: datetime | None = None,
    signature: Signature | None = None,
    chatbot: Chatbot | None = None,
    note: str = "",
) -> TemplateReview:
    """Enter what already exists at the vendor, or a decision that a person learnt elsewhere. Freezes the version.

    While an approval serves and a renewal of it is under way, or is entered as waiting, anything but an approval is about the
    renewal: it stays beside the approval. All else takes the place of what stood there.
    """
    freeze(version)
    standing = TemplateReview.objects.select_for_update().filter(STANDING, version=version, account=account, part=part)
    rows = list(standing.order_by("pk"))
    beside = _is_about_renewal(rows, status)
    TemplateReview.objects.filter(pk__in=[row.pk for row in rows if row.renewal or not beside]).update(
        live=False, renewal=False
    )
    now = timezone.now()
    review = TemplateReview.objects.create(
        version=version,
        account=account,
        part=part,
        signature=signature,
        chatbot=chatbot,
        status=status,
        vendor_template_id=vendor_template_id,
        vendor_message=note[:500],
        submitted_at=now,
        decided_at=now,
        approved_until=approved_until,
        by_hand=True,
        live=not beside,
        renewal=beside,
    )
    detail = {"part": part, "vendor_template_id": vendor_template_id, "status": status}
    audit.record(AuditAction.REVIEW_REGISTERED, actor=actor, target=review, detail=detail)
    return review


def _is_about_renewal(standing: list[TemplateReview], status: str) -> bool:
    live = next((row for row in standing if row.live), None)
    serves = live is not None and live.status == ReviewStatus.APPROVED and live.approved_until is not None
    under_way = any(row.renewal for row in standing)
    return serves and status != ReviewStatus.APPROVED and (under_way or status == ReviewStatus.WAITING)


@transaction.atomic
def take_back(review: TemplateReview, actor: Actor) -> None:
    """Withdraw a submission that no worker has taken yet. Raises ValidationError where one has."""
    waiting = TemplateReview.objects.filter(pk=review.pk, status=ReviewStatus.SUBMITTING, claimed_at=None)
    if not waiting.update(status=ReviewStatus.WITHDRAWN, decided_at=timezone.now()):
        raise ValidationError(_("It is on its way to the vendor already."))
    review.refresh_from_db()
    audit.record(AuditAction.REVIEW_TAKEN_BACK, actor=actor, target=review)


@transaction.atomic
def declare_absent(review: TemplateReview, reason: str, actor: Actor) -> None:
    """A person has looked: the vendor does not have it. It can be submitted anew. Raises ValidationError where it is not
    unknown any more."""
    unknown = TemplateReview.objects.filter(pk=review.pk, status=ReviewStatus.UNKNOWN)
    if not unknown.update(status=ReviewStatus.WITHDRAWN, decided_at=timezone.now()):
        raise ValidationError(_("It was decided meanwhile."))
    review.refresh_from_db()
    audit.record(
        AuditAction.REVIEW_ABSENT,
        actor=actor,
        target=review,
        detail={"reason": reason},
    )
