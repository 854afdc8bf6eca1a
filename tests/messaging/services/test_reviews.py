"""A submission is handed over once, by a worker; approvals are renewed beside the one that serves."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from messaging import queue, reviews
from messaging.accounts import health
from messaging.callbacks import process
from messaging.gateway.types import ReviewState
from messaging.models import Signature, TemplateReview, VendorAccount, VendorCall
from messaging.sending import claim
from messaging.worker import tasks
from templates_5g.services import create_template
from tests.builders import TEXT, House, handed_over, phones
from tests.database import before

pytestmark = pytest.mark.django_db

MANUAL = {"autoRenew": False}
# The exchange is over, and what it says is not recorded yet.
ANSWERED = r"INSERT INTO \W?messaging_vendorcall"


@pytest.fixture
def version(house: House) -> Any:
    house.world.settings["auto_approve"] = False
    return create_template("续期", "marketing", TEXT, {}, None)


def submit(house: House, version: Any, **options: Any) -> list[TemplateReview]:
    return reviews.submit(
        version, house.account, signature=house.signature, chatbot=house.chatbot, options=options or MANUAL
    )


def approved(house: House, version: Any, days: float = 1.0) -> TemplateReview:
    """Approved at the vendor, for so many days more."""
    (review,) = handed_over(version, house.account, signature=house.signature, chatbot=house.chatbot, options=MANUAL)
    reviews.apply_decision(review, ReviewState.APPROVED, "审核成功", timezone.now())
    TemplateReview.objects.filter(pk=review.pk).update(approved_until=timezone.now() + timedelta(days=days))
    review.refresh_from_db()
    return review


def templates_there(house: House) -> int:
    return len(house.world.store.get("templates", {}))


def rows(version: Any) -> list[tuple[str, bool, bool]]:
    found = TemplateReview.objects.filter(version=version).order_by("pk")
    return [(row.status, row.live, row.renewal) for row in found]


# --- handing over -----------------------------------------------------------------------------------------------


def test_the_page_only_queues_and_the_worker_hands_over_once(house, version, run_queue):
    before, calls = templates_there(house), VendorCall.objects.count()
    (review,) = submit(house, version)
    assert (review.status, review.claimed_at, VendorCall.objects.count()) == ("submitting", None, calls)
    version.refresh_from_db()
    assert version.is_frozen
    assert reviews.due() == [review.pk]
    run_queue()
    for _again in range(3):
        queue.enqueue("messaging.worker.tasks.hand_over_review", review.pk, queue="notice")
    run_queue()
    review.refresh_from_db()
    assert (review.status, bool(review.vendor_template_id), reviews.due()) == ("waiting", True, [])
    assert templates_there(house) == before + 1


def test_a_lost_nudge_is_made_up_for_by_the_tick(house, version):
    from django_q.models import OrmQ

    (review,) = submit(house, version)
    OrmQ.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(minutes=30), tick=False):
        tasks.tick()
        queue.run_waiting()
    review.refresh_from_db()
    assert review.status == "waiting"


def test_what_a_dead_worker_had_is_unknown_and_never_handed_over_again(house, version):
    (review,) = submit(house, version)
    TemplateReview.objects.filter(pk=review.pk).update(claimed_at=timezone.now() - timedelta(seconds=60))
    assert reviews.sweep() == 0
    TemplateReview.objects.filter(pk=review.pk).update(claimed_at=timezone.now() - timedelta(seconds=600))
    before = templates_there(house)
    assert reviews.sweep() == 1
    assert reviews.hand_over(review.pk) is False
    tasks.tick()
    queue.run_waiting()
    review.refresh_from_db()
    assert (review.status, review.reason, templates_there(house)) == ("unknown", "no_answer", before)
    assert submit(house, version) == []


def test_an_answer_that_comes_after_the_sweep_is_still_recorded(house, version):
    (review,) = submit(house, version)
    swept = partial(TemplateReview.objects.filter(pk=review.pk).update, status="unknown", reason="no_answer")
    with before(ANSWERED, swept) as met:
        assert reviews.hand_over(review.pk)
    assert len(met) == 1
    review.refresh_from_db()
    assert (review.status, bool(review.vendor_template_id)) == ("waiting", True)


def test_an_answer_to_a_claim_that_is_not_ours_changes_nothing(house, version):
    (review,) = submit(house, version)

    def decided_meanwhile():
        reviews.register_by_hand(
            version, house.account, part="main", vendor_template_id="T-1", status="approved", actor=None
        )
        TemplateReview.objects.filter(pk=review.pk).update(status="withdrawn")

    with before(ANSWERED, decided_meanwhile):
        reviews.hand_over(review.pk)
    assert rows(version) == [("withdrawn", False, False), ("approved", True, False)]


def test_an_answer_that_means_nothing_is_unknown(house, version, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"path": "/rcs/templateTextAdd", "kind": "http_5xx"}])
    (review,) = handed_over(version, house.account, signature=house.signature, chatbot=house.chatbot)
    assert review.status == "unknown"
    assert reviews.due() == []


def test_a_vendor_that_cannot_be_reached_is_asked_again_and_has_refused_nothing(house, version):
    there = house.account.base_url
    VendorAccount.objects.filter(pk=house.account.pk).update(base_url="http://127.0.0.1:9/x")
    (review,) = submit(house, version)
    assert reviews.hand_over(review.pk)
    review.refresh_from_db()
    assert (review.status, review.claimed_at, reviews.due()) == ("submitting", None, [])
    VendorAccount.objects.filter(pk=house.account.pk).update(base_url=there)
    assert reviews.hand_over(review.pk) is False
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert reviews.due() == [review.pk]
        assert reviews.hand_over(review.pk)
    review.refresh_from_db()
    assert review.status == "waiting"
    assert templates_there(house) == 2


def test_a_refused_account_stops_and_its_submission_waits_until_it_is_mended(house, version, sandbox):
    refusal = {"path": "/rcs/templateTextAdd", "kind": "http_5xx", "status": 401, "when": "before", "count": 1}
    sandbox.mount("rcs_gateway").faults.replace([refusal])
    (review,) = handed_over(version, house.account, signature=house.signature, chatbot=house.chatbot)
    house.account.refresh_from_db()
    assert (house.account.status, review.status, review.reason) == ("stopped", "submitting", "credentials")
    assert reviews.due() == []
    assert reviews.hand_over(review.pk) is False
    health.resume(house.account, None)
    assert reviews.due() == [review.pk]
    assert reviews.hand_over(review.pk)


def test_a_push_that_came_before_our_own_answer_counts(house, version, client):
    """The vendor decides while the answer is still on the way, and the push is applied at once."""
    (review,) = submit(house, version)

    def pushed_first():
        data = {"templateId": max(map(int, house.world.store["templates"])), "status": 1, "message": "审核成功"}
        assert house.push("review", data, client=client).status_code == 200
        process.apply_new()

    with before(ANSWERED, pushed_first):
        reviews.hand_over(review.pk)
    review.refresh_from_db()
    assert (review.status, review.approved_until is None) == ("approved", False)


def test_what_no_worker_has_yet_can_be_taken_back(house, version):
    (review,) = submit(house, version)
    reviews.take_back(review, None)
    assert reviews.hand_over(review.pk) is False
    assert rows(version) == [("withdrawn", True, False)]
    (again,) = submit(house, version)
    assert reviews.hand_over(again.pk)
    with pytest.raises(ValidationError):
        reviews.take_back(again, None)
    assert rows(version) == [("withdrawn", False, False), ("waiting", True, False)]


def test_an_unknown_one_that_is_not_there_can_be_submitted_anew(house, version):
    (review,) = submit(house, version)
    TemplateReview.objects.filter(pk=review.pk).update(status="unknown", claimed_at=timezone.now())
    assert submit(house, version) == []
    reviews.declare_absent(review, "后台没有", None)
    (again,) = submit(house, version)
    assert reviews.hand_over(again.pk)
    assert rows(version) == [("withdrawn", False, False), ("waiting", True, False)]
    with pytest.raises(ValidationError):
        reviews.declare_absent(again, "后台没有", None)


# --- renewing ---------------------------------------------------------------------------------------------------


def serving(house: House, version: Any) -> str:
    dispatch = house.make_dispatch(phones(1), version=version)
    found = claim.live_reviews(dispatch)
    return found["main"].vendor_template_id if found else ""


def test_the_old_approval_serves_until_the_renewal_is_approved(house, version):
    old = approved(house, version)
    (renewal,) = submit(house, version)
    assert (renewal.live, renewal.renewal) == (False, True)
    reviews.hand_over(renewal.pk)
    renewal.refresh_from_db()
    assert renewal.vendor_template_id not in ("", old.vendor_template_id)
    assert serving(house, version) == old.vendor_template_id
    assert submit(house, version) == []
    reviews.apply_decision(renewal, ReviewState.APPROVED, "审核成功", timezone.now())
    assert serving(house, version) == renewal.vendor_template_id
    assert rows(version) == [("approved", False, False), ("approved", True, False)]
    renewal.refresh_from_db()
    assert renewal.approved_until - timezone.now() > timedelta(days=6)


def test_a_refused_renewal_leaves_the_old_approval_and_makes_room_for_another(house, version):
    old = approved(house, version)
    (renewal,) = submit(house, version)
    reviews.hand_over(renewal.pk)
    renewal.refresh_from_db()
    reviews.apply_decision(renewal, ReviewState.REJECTED, "图片不清晰", timezone.now())
    assert serving(house, version) == old.vendor_template_id
    assert rows(version) == [("approved", True, False), ("rejected", False, True)]
    (second,) = submit(house, version)
    assert second.renewal
    assert rows(version) == [("approved", True, False), ("rejected", False, False), ("submitting", False, True)]


def test_a_late_word_about_the_old_approval_does_not_touch_the_renewal(house, version):
    old = approved(house, version)
    (renewal,) = submit(house, version)
    reviews.hand_over(renewal.pk)
    reviews.apply_decision(old, ReviewState.REJECTED, "内容复核不通过", timezone.now())
    assert serving(house, version) == ""
    renewal.refresh_from_db()
    assert renewal.status == "waiting"
    reviews.apply_decision(renewal, ReviewState.APPROVED, "", timezone.now())
    assert serving(house, version) == renewal.vendor_template_id


def test_an_ended_approval_makes_room(house, version):
    approved(house, version, days=-1)
    (again,) = submit(house, version)
    assert rows(version) == [("approved", False, False), ("submitting", True, False)]
    assert not again.renewal


def test_an_approval_without_end_is_not_renewed(house, version):
    (review,) = handed_over(
        version, house.account, signature=house.signature, chatbot=house.chatbot, options={"autoRenew": True}
    )
    reviews.apply_decision(review, ReviewState.APPROVED, "", timezone.now())
    review.refresh_from_db()
    assert (review.renews_itself, review.approved_until) == (True, None)
    assert not reviews.can_renew(review)
    assert not reviews.room_for(version, house.account)
    assert submit(house, version) == []


def test_a_renewal_that_is_refused_by_hand_leaves_the_approval(house, version):
    approved(house, version)
    submit(house, version)
    named = {"part": "main", "vendor_template_id": "", "actor": None}
    reviews.register_by_hand(version, house.account, status="rejected", **named)
    assert rows(version) == [("approved", True, False), ("submitting", False, False), ("rejected", False, True)]
    reviews.register_by_hand(version, house.account, status="approved", **{**named, "vendor_template_id": "T-9"})
    assert rows(version)[0] == ("approved", False, False)
    assert rows(version)[-2:] == [("rejected", False, False), ("approved", True, False)]


def test_a_refusal_entered_without_a_renewal_ends_the_approval(house, version):
    approved(house, version)
    named = {"part": "main", "vendor_template_id": "", "actor": None}
    reviews.register_by_hand(version, house.account, status="waiting", **named)
    assert rows(version) == [("approved", True, False), ("waiting", False, True)]
    other = create_template("另一个", "marketing", TEXT, {}, None)
    approved(house, other)
    reviews.register_by_hand(other, house.account, status="rejected", **named)
    assert rows(other) == [("approved", False, False), ("rejected", True, False)]


# --- the gate ---------------------------------------------------------------------------------------------------

SINS = {
    "optout.missing": ({"kind": "sms", "text": "会员日满300减50"}, {}),
    "signature.in_body": ({"kind": "sms", "text": "【商城】会员日，拒收请回复R"}, {}),
    "variables.broken": ({**TEXT, "text": "您好 ${姓名"}, {}),
    "variables.adjacent": (TEXT, {"sms": {"text": "您好${姓名}${余额}，拒收请回复R"}}),
}


@pytest.mark.parametrize("rule", SINS)
def test_what_the_linter_finds_stops_a_submission_with_the_list(house, rule):
    content, fallback = SINS[rule]
    bad = create_template("有错", "marketing", content, fallback, None)
    with pytest.raises(reviews.NotReady) as caught:
        submit(house, bad)
    assert rule in {finding.problem.rule for finding in caught.value.findings}
    assert len(caught.value.messages) == 1 + len(caught.value.findings)
    bad.refresh_from_db()
    assert not bad.is_frozen
    assert not TemplateReview.objects.filter(version=bad).exists()


def test_a_notice_needs_no_way_to_refuse(house):
    version = create_template("通知", "notice", TEXT, {"sms": {"text": "您的订单已发出"}}, None)
    assert len(submit(house, version)) == 1


def test_the_submission_names_who_and_what_in_the_trail(house, version):
    from campaigns.models import AuditEvent

    approved(house, version)
    submit(house, version)
    last = AuditEvent.objects.filter(action="review.submitted").latest("pk")
    assert last.detail == {"account": house.account.name, "parts": ["main"], "renewed": ["main"]}
    assert Signature.objects.count() == 1
