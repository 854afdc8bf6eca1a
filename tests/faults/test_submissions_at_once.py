"""Two people press submit, several workers take the same submission: the vendor hears of it once. On both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from messaging import reviews
from messaging.gateway.types import ReviewState
from messaging.models import Signature, TemplateReview
from tests.campaigns.conftest import Maker
from tests.faults.scenes import VENDOR, at_once

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

TEXT = {"kind": "text", "text": "您好，拒收请回复R", "suggestions": []}
ROUNDS = 6


class Desk:
    """Versions of their own for each test, and a vendor who takes a moment for an answer."""

    def __init__(self, sandbox: Any) -> None:
        self.mount = sandbox.mount(VENDOR)
        self.mount.faults.replace([{"kind": "latency", "milliseconds": 20}])
        self.make = Maker()
        self.make.number = int(timezone.now().timestamp() * 1000) % 100_000_000
        self.account = self.make.account(base_url=sandbox.base_url(VENDOR))
        self.signature, _ = Signature.objects.get_or_create(text="示例商城")

    @property
    def heard(self) -> int:
        """Submissions that the vendor got."""
        return int(self.mount.requests["/rcs/templateTextAdd"])

    def version(self) -> Any:
        return self.make.version(TEXT)

    def submit(self, version: Any) -> list[TemplateReview]:
        """As the page does: in one transaction."""
        fresh = type(version).objects.select_related("template").get(pk=version.pk)
        with transaction.atomic():
            return reviews.submit(fresh, self.account, signature=self.signature)


@pytest.fixture
def desk(base: str, sandbox: Any) -> Desk:
    return Desk(sandbox)


def rows(version: Any) -> list[tuple[str, bool, bool]]:
    found = TemplateReview.objects.filter(version=version).order_by("pk")
    return [(row.status, row.live, row.renewal) for row in found]


def test_of_two_who_submit_at_once_one_does(desk: Desk) -> None:
    for _dispatch in range(ROUNDS):
        version = desk.version()
        made = at_once(*[lambda v=version: desk.submit(v)] * 3)
        assert sorted(len(one) for one in made) == [0, 0, 1]
        assert rows(version) == [("submitting", True, False)]


def test_of_two_who_renew_at_once_one_does_and_the_approval_stays(desk: Desk) -> None:
    for _dispatch in range(ROUNDS):
        version = desk.version()
        (old,) = desk.submit(version)
        ends = timezone.now() + timedelta(days=1)
        TemplateReview.objects.filter(pk=old.pk).update(status="approved", approved_until=ends)
        made = at_once(*[lambda v=version: desk.submit(v)] * 3)
        assert sorted(len(one) for one in made) == [0, 0, 1]
        assert rows(version) == [("approved", True, False), ("submitting", False, True)]


def test_of_many_workers_one_hands_over(desk: Desk) -> None:
    for number in range(1, ROUNDS + 1):
        version = desk.version()
        (review,) = desk.submit(version)
        done = at_once(*[lambda r=review: reviews.hand_over(r.pk)] * 4)
        assert sorted(done) == [False, False, False, True]
        assert desk.heard == number
        assert rows(version) == [("waiting", True, False)]


def test_taken_back_or_handed_over_never_both(desk: Desk) -> None:
    def back(review: TemplateReview) -> bool:
        try:
            reviews.take_back(review, None)
        except ValidationError:
            return False
        return True

    for _dispatch in range(2 * ROUNDS):
        version = desk.version()
        (review,) = desk.submit(version)
        before = desk.heard
        mine, gone = at_once(lambda r=review: back(r), lambda r=review: reviews.hand_over(r.pk))
        assert mine != gone
        assert desk.heard - before == gone
        assert rows(version) == [("waiting" if gone else "withdrawn", True, False)]


def decide(review: TemplateReview, state: ReviewState, at: datetime) -> bool:
    fresh = TemplateReview.objects.select_related("account", "version__template").get(pk=review.pk)
    return reviews.apply_decision(fresh, state, "", at)


def test_an_approved_renewal_counts_alone_whatever_comes_with_it(desk: Desk) -> None:
    """The same decision twice, and a word about the old approval, at the same moment."""
    for _dispatch in range(ROUNDS):
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
            lambda r=old, at=now: decide(r, ReviewState.REJECTED, at),
        )
        assert rows(version) == [("rejected", False, False), ("approved", True, False)]
