"""What a review says today: near its end or past it, how long is left, what it waits for."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import display
from messaging.models import TemplateReview
from messaging.reviews.decide import STANDING
from messaging.states import AccountStatus, ReviewStatus

NEAR = timedelta(days=2)  # an approval that ends so soon is a warning
LISTED = timedelta(days=7)  # and so soon it stands in the list of those to renew
_TROUBLE = (ReviewStatus.REJECTED, ReviewStatus.UNKNOWN, ReviewStatus.DRAFT)
_MOVING = (ReviewStatus.SUBMITTING, ReviewStatus.WAITING)


def status_of(review: TemplateReview) -> str:
    """The stored status, or expiring / expired where its end is near or past. A key of badges.REVIEW."""
    left = left_of(review)
    if left is None:
        return str(review.status)
    if left <= timedelta():
        return "expired"
    return "expiring" if left <= NEAR else str(review.status)


def left_of(review: TemplateReview) -> timedelta | None:
    """How long the approval still holds; None where there is none or it has no end."""
    if review.status != ReviewStatus.APPROVED or review.approved_until is None:
        return None
    return review.approved_until - timezone.now()


def note_of(review: TemplateReview) -> str:
    """The line under the badge. Uses the review's account."""
    if review.status == ReviewStatus.APPROVED:
        return _of_approval(review)
    if review.status == ReviewStatus.WAITING and review.submitted_at:
        return _("for %(time)s") % {"time": display.duration(review.submitted_at)}
    if review.status == ReviewStatus.SUBMITTING:
        return _of_submission(review)
    if review.status == ReviewStatus.UNKNOWN:
        return " ".join(part for part in (_("Look at the vendor first, then decide."), review.vendor_message) if part)
    if review.status == ReviewStatus.DRAFT:
        return _("Saved at the vendor, not reviewed.")
    return review.vendor_message if review.status == ReviewStatus.REJECTED else ""


def _of_approval(review: TemplateReview) -> str:
    left = left_of(review)
    if left is None and review.renews_itself:
        return _("renewed by the vendor")
    if left is not None and left <= timedelta():
        return _("ended on %(date)s") % {"date": display.day(review.approved_until)}
    if left is not None:
        values = {"date": display.day(review.approved_until), "time": display.duration(left)}
        return _("until %(date)s, %(time)s left") % values
    return _("registered by hand, %(id)s") % {"id": review.vendor_template_id} if review.by_hand else ""


def _of_submission(review: TemplateReview) -> str:
    """Why it has not gone yet, as far as there is a reason."""
    if review.claimed_at:
        return ""
    if review.account.status in (AccountStatus.STOPPED, AccountStatus.OFF):
        return _("The account is stopped; it goes on when that is mended.")
    if review.not_before and review.not_before > timezone.now():
        return _("The vendor could not be reached; tried again at %(time)s.") % {
            "time": display.day_and_time(review.not_before)
        }
    return ""


def moves(review: TemplateReview) -> bool:
    """May it change without anybody here doing anything?"""
    return review.status in _MOVING


def in_trouble() -> Q:
    """Reviews that want somebody: rejected, unknown, a draft, expired or about to."""
    soon = timezone.now() + NEAR
    ends = Q(live=True, status=ReviewStatus.APPROVED, approved_until__lte=soon)
    return (STANDING & Q(status__in=_TROUBLE)) | ends


def ends_soon() -> Q:
    """Approvals that serve and end within the week, or have ended and nothing took their place."""
    return Q(live=True, status=ReviewStatus.APPROVED, approved_until__lte=timezone.now() + LISTED)
