"""Taking a template back at the vendor, where it can be deleted there."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, masks
from kit.people import Actor
from messaging.accounts import health
from messaging.audit_actions import AuditAction
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Verdict
from messaging.models import Dispatch, TemplateReview, VendorAccount
from messaging.states import DispatchState, ReviewStatus

_ALIVE = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)


def can_delete(account: VendorAccount) -> bool:
    """Has this vendor's document an operation that deletes a template?"""
    return any(item.method == "delete_template" for item in vendor_class(account.vendor).operations)


def dispatches_in_the_way(review: TemplateReview) -> int:
    """Dispatches that are not over and would lose their template."""
    return Dispatch.objects.filter(version=review.version_id, account=review.account_id, state__in=_ALIVE).count()


def withdraw(review: TemplateReview, actor: Actor = None) -> Verdict:
    """Delete the template at the vendor. The review is withdrawn only on the vendor's yes; anything else leaves it as it was.
    Raises ValidationError where the vendor cannot, has no id of it, or a dispatch still needs it."""
    if not can_delete(review.account) or not review.vendor_template_id:
        raise ValidationError(_("This template cannot be deleted at the vendor."))
    if dispatches_in_the_way(review):
        raise ValidationError(_("A dispatch that is not over uses this template. Wait for its end or cancel it first."))
    verdict = health.adapter_for(review.account).delete_template(review.vendor_template_id)
    if verdict.outcome is Outcome.ACCEPTED:
        word = masks.text(f"{verdict.code} {verdict.message}".strip(), review.account.config.secrets)
        TemplateReview.objects.filter(pk=review.pk).update(
            status=ReviewStatus.WITHDRAWN, decided_at=timezone.now(), approved_until=None, vendor_message=word[:500]
        )
        review.refresh_from_db()
    audit.record(
        AuditAction.REVIEW_WITHDRAWN,
        actor=actor,
        target=review,
        detail={"vendor_template_id": review.vendor_template_id, "outcome": verdict.outcome.value},
    )
    return verdict
