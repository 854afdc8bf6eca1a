"""Two people press submit, several workers take the same submission: the vendor hears of it once. On both databases."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from messaging.gateway.errors import Outcome
from messaging.gateway.types import ReviewState, SubmissionResult, Verdict
from messaging.models import TemplateReview
from messaging.services import reviews
from messaging.services.reviews import handing_over
from tests.campaigns.conftest import Maker
from tests.faults.scenes import at_once

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

TEXT = {"kind": "text", "text": "您好，拒收请回复R", "suggestions": []}
ROUNDS = 6


class Desk:
    """Versions of their own for each test; `heard` is what the vendor got."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.make = Maker()
        self.make.number = int(timezone.now().timestamp() * 1000) % 100_000_000
        self.account = self.make.account()
        self.signature = self.make.signature()
        self.heard: list[int] = []
        monkeypatch.setattr(handing_over, "_transmit", self._transmit)

    def _transmit(self, review: TemplateReview) -> SubmissionResult:
        threading.Event().wait(0.02)
        self.heard.append(review.pk)
        return SubmissionResult(Verdict(Outcome.ACCEPTED, "accepted"), f"T{review.pk}", valid_days=7)

    def version(self) -> Any:
        return self.make.version(TEXT)

    def submit(self, version: Any) -> list[TemplateReview]:
        """As the page does: in one transaction."""
        fresh = type(version).objects.select_related("template").get(pk=version.pk)
        with transaction.atomic():
            return reviews.submit(fresh, self.account, signature=self.signature)


@pytest.fixture
def desk(base: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def rows(version: Any) -> list[tuple[str, bool, bool]]:
    found = TemplateReview.objects.filter(version=version).order_by("pk")
    return [(row.status, row.live, row.renewal) for row in found]


def test_of_two_who_submit_at_once_one_does(desk: Desk) -> None:
    for _round in range(ROUNDS):
        version = desk.version()
        made = at_once(*[lambda v=version: desk.submit(v)] * 3)
        assert sorted(len(one) for one in made) == [0, 0, 1]
        assert rows(version) == [("submitting", True, False)]


def test_of_two_who_renew_at_once_one_does_and_the_approval_stays(desk: Desk) -> None:
    for _round in range(ROUNDS):
        version = desk.version()
        (old,) = desk.submit(version)
        ends = timezone.now() + timedelta(days=1)
        TemplateReview.objects.filter(pk=old.pk).update(status="approved", approved_until=ends)
        made = at_once(*[lambda v=version: desk.submit(v)] * 3)
        assert sorted(len(one) for one in made) == [0, 0, 1]
        assert rows(version) == [("approved", True, False), ("submitting", False, True)]


def test_of_many_workers_one_hands_over(desk: Desk) -> None:
    for _round in range(ROUNDS):
        version = desk.version()
        (review,) = desk.submit(version)
        done = at_once(*[lambda r=review: reviews.hand_over(r.pk)] * 4)
        assert sorted(done) == [False, False, False, True]
        assert desk.heard.count(review.pk) == 1
        assert rows(version) == [("waiting", True, False)]


def test_taken_back_or_handed_over_never_both(desk: Desk) -> None:
    def back(review: TemplateReview) -> bool:
        try:
            reviews.take_back(review, None)
        except ValidationError:
            return False
        return True

    for _round in range(2 * ROUNDS):
        version = desk.version()
        (review,) = desk.submit(version)
        mine, gone = at_once(lambda r=review: back(r), lambda r=review: reviews.hand_over(r.pk))
        assert mine != gone
        assert (desk.heard.count(review.pk) == 1) is gone
        assert rows(version) == [("waiting" if gone else "withdrawn", True, False)]


def decide(review: TemplateReview, state: ReviewState, at: datetime) -> bool:
    fresh = TemplateReview.objects.select_related("account", "version__template").get(pk=review.pk)
    return reviews.apply_decision(fresh, state, "", at)


def test_an_approved_renewal_counts_alone_whatever_comes_with_it(desk: Desk) -> None:
    """The same decision twice, and a word about the old approval, at the same moment."""
    for _round in range(ROUNDS):
        version = desk.version()
        (old,) = desk.submit(version)
        ends = timezone.now() + timedelta(days=1)
        TemplateReview.objects.filter(pk=old.pk).update(status="approved", approved_until=ends)
        (renewal,) = desk.submit(version)
        reviews.hand_over(renewal.pk)
        renewal.refresh_from_db()
        now = timezone.now()
        at_once(
            lambda r=renewal, at=now: decide(r, ReviewState.APPROVED, at),
            lambda r=renewal, at=now: decide(r, ReviewState.APPROVED, at),
            lambda r=old, at=now: decide(r, ReviewState.REFUSED, at),
        )
        assert rows(version) == [("refused", False, False), ("approved", True, False)]
