"""The worker's side of a submission: claim, call the vendor, record. Never twice.

`submitting` without `claimed_at` waits for a worker; with it, a worker may have it on the wire. A counted UPDATE between both
is the lock. What a dead worker leaves claimed becomes unknown: only a person, who can look at the vendor, decides what now.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from kit import masks
from messaging import queue
from messaging.accounts import health
from messaging.compatibility.problems import submission_of
from messaging.gateway import reasons
from messaging.gateway.outcomes import GatewayError, Outcome, UnusableKey
from messaging.gateway.types import SubmissionResult, Verdict
from messaging.hooks import review_decided
from messaging.models import TemplateReview, VendorAccount
from messaging.reviews.decide import hear_early
from messaging.states import AccountStatus, ReviewStatus

AGAIN_AFTER = 60  # seconds before the next try of what certainly did not arrive


def wake(review_id: int) -> bool:
    """Wake a worker for it; appears with the commit. A lost or doubled job does no harm."""
    return queue.enqueue_once(
        f"submit:{review_id}", "messaging.worker.tasks.hand_over_review", review_id, queue="notice"
    )


def due() -> list[int]:
    """Submissions that wait for a worker and may go now: not those of an account that is stopped."""
    waiting = TemplateReview.objects.filter(
        _now_or_earlier(timezone.now()),
        status=ReviewStatus.SUBMITTING,
        claimed_at=None,
        account__status__in=(AccountStatus.OK, AccountStatus.UNTESTED),
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:100])


def _now_or_earlier(now: datetime) -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=now)


def hand_over(review_id: int) -> bool:
    """Claim one submission, hand it to the vendor and record the answer. False where it is not there to be claimed: another
    worker has it, it was taken back, it has to wait, or its account is stopped. Call it outside a transaction: the claim
    must be committed before anything is on the wire."""
    review = _claim(review_id)
    if review is None:
        return False
    _record(review, _transmit(review))
    return True


def _claim(review_id: int) -> TemplateReview | None:
    related = ("account", "version__template", "signature", "chatbot")
    review = TemplateReview.objects.select_related(*related).filter(pk=review_id).first()
    if review is None or not review.account.usable:
        return None
    now = timezone.now()
    waiting = TemplateReview.objects.filter(
        _now_or_earlier(now), pk=review_id, status=ReviewStatus.SUBMITTING, claimed_at=None
    )
    if not waiting.update(claimed_at=now, reason=""):
        return None
    review.claimed_at = now
    return review


def _transmit(review: TemplateReview) -> SubmissionResult:
    """What is raised was raised while building, before anything was on the wire."""
    try:
        return health.adapter_for(review.account).submit(submission_of(review))
    except UnusableKey as error:
        return SubmissionResult(Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, "", str(error), blocks="account"))
    except (GatewayError, KeyError, ValueError) as error:
        return SubmissionResult(Verdict(Outcome.REJECTED, reasons.BAD_REQUEST, "", str(error)))


def _record(review: TemplateReview, result: SubmissionResult) -> None:
    """A definite answer is recorded even where the sweeper gave this very claim up meanwhile."""
    verdict = result.verdict
    mine = TemplateReview.objects.filter(
        pk=review.pk, claimed_at=review.claimed_at, status__in=(ReviewStatus.SUBMITTING, ReviewStatus.UNKNOWN)
    )
    word = _vendor_message(verdict, review.account)
    if verdict.outcome is Outcome.NOT_TAKEN or _is_account(verdict):
        _requeue(mine, verdict, word)
    else:
        mine.update(**_answer(review, result), vendor_message=word)
    if _is_account(verdict):
        health.stop(review.account, verdict.reason, verdict.message or verdict.code)
    elif verdict.outcome is Outcome.ACCEPTED:
        health.note_success(review.account)
    _announce(review)


def _vendor_message(verdict: Verdict, account: VendorAccount) -> str:
    """Without a code of the vendor's a lost or missing answer is told in our words, which are not the vendor's; the
    exchange keeps them."""
    if verdict.outcome in (Outcome.UNKNOWN, Outcome.NOT_TAKEN) and not verdict.code:
        return ""
    return masks.text(f"{verdict.code} {verdict.message}".strip(), account.config.secrets)[:500]


def _is_account(verdict: Verdict) -> bool:
    """The account was refused, not this template: it goes as soon as the account is mended."""
    return verdict.outcome is Outcome.BLOCKED and verdict.blocks == "account"


def _requeue(mine: QuerySet[TemplateReview], verdict: Verdict, word: str) -> None:
    wait = max(verdict.retry_after, AGAIN_AFTER) if verdict.outcome is Outcome.NOT_TAKEN else 0
    mine.update(
        status=ReviewStatus.SUBMITTING,
        claimed_at=None,
        not_before=timezone.now() + timedelta(seconds=wait),
        reason=verdict.reason,
        vendor_message=word,
    )


def _answer(review: TemplateReview, result: SubmissionResult) -> dict[str, object]:
    now, status = timezone.now(), _status(result)
    return {
        "status": status,
        "vendor_template_id": result.template_id or review.vendor_template_id,
        "reason": result.verdict.reason,
        "submitted_at": now,
        "decided_at": now if status == ReviewStatus.REJECTED else None,
        "valid_days": result.valid_days,
        "renews_itself": result.renews,
        "approved_until": None,
    }


def _status(result: SubmissionResult) -> ReviewStatus:
    if result.verdict.outcome is Outcome.UNKNOWN:
        return ReviewStatus.UNKNOWN
    if result.verdict.outcome is not Outcome.ACCEPTED:
        return ReviewStatus.REJECTED
    if result.draft:
        return ReviewStatus.DRAFT
    return ReviewStatus.WAITING


def _announce(review: TemplateReview) -> None:
    """A rejection is a decision; one that came before the answer is taken up."""
    review.refresh_from_db()
    if review.status == ReviewStatus.WAITING and review.vendor_template_id:
        hear_early(review)
    elif review.status == ReviewStatus.REJECTED:
        review_decided.send(sender=TemplateReview, review=review)


def sweep() -> int:
    """Claimed and never answered: its worker died, and the vendor may have it or not. Unknown, never handed over again by
    itself. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["CLAIM_SECONDS"])
    dead = TemplateReview.objects.filter(status=ReviewStatus.SUBMITTING, claimed_at__lt=before)
    return dead.update(status=ReviewStatus.UNKNOWN, reason=reasons.NO_ANSWER, submitted_at=timezone.now())
