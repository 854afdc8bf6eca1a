"""Opening a submission. Nothing is on the wire here: a worker hands it over."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.compatibility import problems
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, Signature, TemplateReview, VendorAccount
from messaging.reviews import check
from messaging.reviews.handover import wake
from messaging.states import ReviewStatus
from templates_5g.blocks import errors
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze

# The vendor has nothing under way for these, so that a new submission takes their place.
ROOM = (ReviewStatus.REJECTED, ReviewStatus.WITHDRAWN, ReviewStatus.DRAFT)


@transaction.atomic
def submit(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    signature: Signature,
    chatbot: Chatbot | None = None,
    options: Mapping[str, Any] | None = None,
    actor: Actor = None,
) -> list[TemplateReview]:
    """Open a review for every part that the vendor audits by its API, for a worker to hand over. Freezes the version.

    A part with an approval that ends is renewed: the new review waits beside it, and sends go on with the old one until the
    new one is approved. A part under way, or approved without an end, is left alone: fewer come back than there are parts.

    Raises NotReady (rules of the house), ContentNotSupported (the vendor's), and ValidationError where the vendor has no audit
    operation or somebody saved the version meanwhile.
    """
    require_ready(version, account, options=options, chatbot=chatbot)
    freeze(version)
    reviews = [
        review
        for part in _parts(version, account)
        if (review := _open(version, account, part, signature, chatbot, dict(options or {})))
    ]
    if reviews:
        audit.record(
            AuditAction.REVIEW_SUBMITTED,
            actor=actor,
            target=version,
            detail={
                "account": account.name,
                "parts": [review.part for review in reviews],
                "renewed": [review.part for review in reviews if review.renewal],
            },
        )
    for review in reviews:
        wake(review.pk)
    return reviews


def require_ready(
    version: TemplateVersion,
    account: VendorAccount,
    *,
    options: Mapping[str, Any] | None = None,
    chatbot: Chatbot | None = None,
) -> None:
    """The one gate of every way to submit. Raises as `submit` does."""
    hard = check.hard_findings(version)
    if hard:
        raise check.NotReady(hard)
    found = errors(problems.problems_for(version, account, options=options, chatbot=chatbot))
    if found:
        raise check.ContentNotSupported(found)
    if not check.audits(account):
        raise ValidationError(_("This vendor has no audit operation; register the template by hand."))


def _parts(version: TemplateVersion, account: VendorAccount) -> list[str]:
    wanted = {"main", *version.fallback_blocks.parts}
    return sorted(
        vendor_class(account.vendor).capabilities.review_parts & wanted, key=["main", "sms", "mms", "aim"].index
    )


def room_for(version: TemplateVersion, account: VendorAccount) -> bool:
    """Is there a part that a submission would open? Else everything is under way or approved without an end."""
    standing = TemplateReview.objects.filter(Q(live=True) | Q(renewal=True), version=version, account=account)
    by_part: dict[str, list[TemplateReview]] = {}
    for review in standing:
        by_part.setdefault(review.part, []).append(review)
    return any(_room(by_part.get(part, []), account) for part in _parts(version, account))


def can_renew(review: TemplateReview) -> bool:
    """May this approval be renewed by submitting the same version anew? Says nothing about a renewal under way."""
    return (
        review.live
        and review.status == ReviewStatus.APPROVED
        and review.approved_until is not None
        and not problems.edits(review.account)
    )


def _room(standing: list[TemplateReview], account: VendorAccount) -> str:
    """How a new review may begin beside what stands there: "new", "renewal", or "" for not at all."""
    if any(review.renewal and review.status not in ROOM for review in standing):
        return ""
    live = next((review for review in standing if review.live), None)
    if live is None or live.status in ROOM or (live.by_hand and problems.edits(account)):
        return "new"
    if not can_renew(live):
        return ""
    return "renewal" if live.approved_until and live.approved_until > timezone.now() else "new"


def _open(
    version: TemplateVersion,
    account: VendorAccount,
    part: str,
    signature: Signature,
    chatbot: Chatbot | None,
    options: Mapping[str, object],
) -> TemplateReview | None:
    """The row before the call, None where there is no room: of two who submit at once one finds the other's."""
    try:
        with transaction.atomic():
            standing = TemplateReview.objects.select_for_update().filter(
                Q(live=True) | Q(renewal=True), version=version, account=account, part=part
            )
            rows = list(standing.order_by("pk"))
            way = _room(rows, account)
            if not way:
                return None
            _retire([row.pk for row in rows if row.renewal or way == "new"])
            return TemplateReview.objects.create(
                version=version,
                account=account,
                part=part,
                signature=signature,
                chatbot=chatbot,
                options=options,
                live=way == "new",
                renewal=way == "renewal",
                vendor_template_id=problems.known_id(version, account, part),
            )
    except IntegrityError:
        return None


def _retire(ids: list[int]) -> None:
    TemplateReview.objects.filter(pk__in=ids).update(live=False, renewal=False)
