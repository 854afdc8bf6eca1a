"""The two text-message vendors through the services: polls and pushes together, and the vendor's own duplicate check."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from messaging import reviews
from messaging.callbacks import poll, process
from messaging.deliveries import status
from messaging.models import Attempt, Batch, CallbackEvent, Click, Dispatch, Reply, Suppression
from messaging.sending import dispatches, hand_over, unknown
from messaging.sending.admin.unknown import advice_for
from messaging.states import ReviewStatus
from templates_5g.services import create_template
from tests.builders import handed_over, phones
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def account_at(house, vendor, **values):
    mount = house.sandbox.mount(vendor)
    account = house.make_account(
        name=vendor,
        vendor=vendor,
        base_url=house.sandbox.base_url(vendor),
        credentials=dict(mount.sandbox.credentials),
        **values,
    )
    return account, mount


@pytest.fixture
def yixintong(house):
    """An account with a text whose template number T1 is registered."""
    account, mount = account_at(house, "yixintong")
    version = create_template("验证码", "notice", {"kind": "sms", "text": "您的订单已发货"}, {}, None)
    reviews.register_by_hand(
        version,
        account,
        part="main",
        vendor_template_id="T1",
        status=ReviewStatus.APPROVED,
        approved_until=None,
        actor=None,
    )
    dispatch = house.make_dispatch(phones(4), account=account, version=version, chatbot=None)
    return dispatch, mount


def counts(dispatch):
    return status.dispatch_counts([dispatch.pk])


def test_yixintong_receipts_and_replies_are_polled_and_confirmed(yixintong):
    dispatch, mount = yixintong
    hand_over.send_some(dispatch.pk)
    assert [line.phone for line in mount.world.ledger] == phones(4)
    mount.reply(phones(1)[0], "退订")
    poll.poll(dispatch.account_id, "receipt")
    poll.poll(dispatch.account_id, "reply")
    assert counts(dispatch) == {"delivered": 4}
    assert [(reply.phone, reply.is_opt_out) for reply in Reply.objects.all()] == [(phones(1)[0], True)]
    assert mount.world.store["replies"] == []
    assert CallbackEvent.objects.get(kind="reply").confirmed_at is not None


def test_a_lost_answer_is_settled_by_the_same_serial_number(yixintong):
    dispatch, mount = yixintong
    mount.faults.replace([{"kind": "http_5xx", "path": "/send", "count": 1}])
    hand_over.send_some(dispatch.pk)
    batch = Batch.objects.get(dispatch=dispatch)
    assert batch.state == "unknown"
    unknown.ask_vendor(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "submitted"
    assert len(mount.world.ledger) == 4
    first, check = Attempt.objects.order_by("number")
    assert (first.reference, check.is_vendor_check) == (check.reference, True)


def test_a_request_that_never_arrived_is_sent_by_the_check_itself(yixintong):
    dispatch, mount = yixintong
    mount.faults.replace([{"kind": "cut", "path": "/send", "count": 1, "when": "unread"}])
    hand_over.send_some(dispatch.pk)
    batch = Batch.objects.get(dispatch=dispatch)
    unknown.ask_vendor(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "submitted"
    assert [line.phone for line in mount.world.ledger] == phones(4)


class _EverySerial(set):
    """Another system has used every serial number at this vendor."""

    def __contains__(self, serial):
        return True


def test_a_serial_number_that_somebody_else_has_used_is_a_rejection(yixintong):
    dispatch, mount = yixintong
    mount.world.store["serials"] = _EverySerial()
    hand_over.send_some(dispatch.pk)
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.state, batch.reason) == ("rejected", "repeated_serial")
    Batch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now() - timedelta(minutes=2))
    assert unknown.due_for_check() == []
    unknown.ask_vendor(batch.pk)
    assert (batch.attempts.count(), counts(dispatch), mount.world.ledger) == (1, {"rejected": 4}, [])


def test_an_error_of_the_vendor_is_not_asked_about_by_repeating_it(yixintong):
    """It remembers the serial number of what it did not send: "I have it already" would say nothing."""
    dispatch, mount = yixintong
    mount.world.settings["answer_code"] = 20
    hand_over.send_some(dispatch.pk)
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.state, batch.reason) == ("unknown", "vendor_error")
    mount.world.settings["answer_code"] = 0
    mount.world.store["serials"] = _EverySerial()
    Batch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now() - timedelta(minutes=2))
    assert unknown.due_for_check() == []
    unknown.ask_vendor(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.attempts.count(), mount.world.ledger) == ("unknown", 1, [])


def made_unknown(dispatch, mount):
    mount.faults.replace([{"kind": "cut", "path": "/send", "count": 1, "when": "unread"}])
    hand_over.send_some(dispatch.pk)
    batch = Batch.objects.get(dispatch=dispatch)
    Batch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now() - timedelta(minutes=2))
    assert unknown.due_for_check() == [batch.pk]
    return batch


def opted_out(dispatch):
    Suppression.objects.create(phone=phones(1)[0], scope="all", source="reply")


def shut(dispatch):
    nine = timezone.localtime() - timedelta(hours=2)
    hours = {"window_from": nine.time(), "window_until": (nine + timedelta(hours=1)).time()}
    Dispatch.objects.filter(pk=dispatch.pk).update(**hours)


def too_late(dispatch):
    Dispatch.objects.filter(pk=dispatch.pk).update(send_until=timezone.now() - timedelta(seconds=1))


def stopped(dispatch):
    type(dispatch.account).objects.update(status="stopped")


def half_a_day_passed(dispatch):
    """Nobody knows whether the vendor still remembers the serial number."""
    Batch.objects.filter(dispatch=dispatch).update(claimed_at=timezone.now() - timedelta(hours=12))


@pytest.mark.parametrize(
    "meanwhile",
    [dispatches.cancel, dispatches.pause, opted_out, shut, too_late, stopped, half_a_day_passed],
    ids=lambda act: act.__name__,
)
def test_the_check_sends_nothing_that_a_claim_would_not(yixintong, meanwhile):
    dispatch, mount = yixintong
    batch = made_unknown(dispatch, mount)
    meanwhile(dispatch)
    unknown.ask_vendor(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.attempts.count(), mount.world.ledger) == ("unknown", 1, [])


@pytest.mark.parametrize("meanwhile", [dispatches.cancel, too_late, half_a_day_passed], ids=lambda act: act.__name__)
def test_the_page_says_that_nobody_is_asked_any_more(yixintong, meanwhile):
    batch = made_unknown(*yixintong)
    assert advice_for(batch).startswith("等")
    meanwhile(batch.dispatch)
    batch = Batch.objects.get(pk=batch.pk)
    assert not advice_for(batch).startswith("等")


def test_nobody_says_not_sent_while_the_vendor_is_asked(yixintong):
    dispatch, mount = yixintong
    batch = made_unknown(dispatch, mount)
    Batch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now() - timedelta(hours=73))
    batch.refresh_from_db()
    asked = {"account": dispatch.account, "reference": "r", "is_vendor_check": True, "started_at": timezone.now()}
    attempt = Attempt.objects.create(batch=batch, number=2, **asked)
    with pytest.raises(ValidationError):
        unknown.mark_not_sent(batch, None, "服务商说没有")
    batch.refresh_from_db()
    assert batch.state == "unknown"
    Attempt.objects.filter(pk=attempt.pk).update(outcome="unknown")
    assert unknown.mark_not_sent(batch, None, "服务商说没有")


def test_what_was_asked_often_enough_keeps_nobody_else_waiting(yixintong, django_assert_num_queries):
    dispatch, mount = yixintong
    fresh = made_unknown(dispatch, mount)
    long_ago = timezone.now() - timedelta(hours=10)
    given = {"dispatch": dispatch, "account": dispatch.account, "size": 0, "state": "unknown", "claimed_at": long_ago}
    old = Batch.objects.bulk_create(Batch(number=n, **given) for n in range(10, 220))
    asked = {"account": dispatch.account, "is_vendor_check": True, "outcome": "unknown", "started_at": long_ago}
    Attempt.objects.bulk_create(Attempt(batch=batch, number=n, **asked) for batch in old for n in (2, 3, 4))
    with django_assert_num_queries(1):
        assert unknown.due_for_check() == [fresh.pk]


def test_emay_pushes_and_polls_together_count_once(house, client):
    account, mount = account_at(house, "emay")
    dispatch = house.make_dispatch(phones(6), account=account, version=None, chatbot=None, text="您好，回T退订")
    mount.world.settings.update(fail_every=3, reply_every=6)
    hand_over.send_some(dispatch.pk)
    pushes = mount.world.take_pushes()
    for _again in range(2):
        for push in pushes:
            answer = client.post(
                f"/callbacks/emay/{account.callback_token}/{push.kind}/",
                push.body,
                content_type="application/octet-stream",
                headers=dict(push.headers),
            )
            assert (answer.status_code, answer.content) == (200, b"success")
        process.apply_new()
        poll.poll(account.pk, "receipt")
        poll.poll(account.pk, "reply")
    assert counts(dispatch) == {"delivered": 4, "failed": 2}
    assert Reply.objects.count() == 1
    batch = Batch.objects.get(dispatch=dispatch)
    assert (batch.n_delivered, batch.n_failed, batch.accepted_count) == (4, 2, 6)


def test_a_template_that_the_vendor_does_not_have_is_rejected_and_may_go_again(house):
    account, mount = account_at(house, "emay")
    version = create_template("会员日", "notice", {"kind": "sms", "text": "会员日满减"}, {}, None)
    (review,) = handed_over(version, account, signature=house.signature, actor=None)
    assert review.status == ReviewStatus.WAITING
    mount.world.store.clear()
    client = signed_in(superuser=True)
    page = client.post(
        reverse("admin:messaging_templatereview_refresh", args=[review.pk]), follow=True
    ).content.decode()
    review.refresh_from_db()
    assert (review.status, review.vendor_message) == (ReviewStatus.REJECTED, "-1 模板不存在")
    assert "服务商已给出结果。" in page
    assert reviews.submit(version, account, signature=house.signature, actor=None)


def test_a_question_about_a_template_that_the_account_may_not_ask_stops_the_account(house):
    account, mount = account_at(house, "emay")
    version = create_template("会员日", "notice", {"kind": "sms", "text": "会员日满减"}, {}, None)
    (review,) = handed_over(version, account, signature=house.signature, actor=None)
    account.credentials = {**account.credentials, "app_id": "another"}
    account.save(update_fields=["credentials"])
    client = signed_in(superuser=True)
    page = client.post(
        reverse("admin:messaging_templatereview_refresh", args=[review.pk]), follow=True
    ).content.decode()
    account.refresh_from_db()
    review.refresh_from_db()
    assert (account.status, review.status) == ("stopped", ReviewStatus.WAITING)
    assert "服务商没有给出结果" in page


def test_an_accepted_submission_shows_that_an_untested_account_works(house):
    account, _mount = account_at(house, "emay", status="untested")
    version = create_template("会员日", "notice", {"kind": "sms", "text": "会员日满减"}, {}, None)
    handed_over(version, account, signature=house.signature, actor=None)
    account.refresh_from_db()
    assert account.status == "ok"


def test_an_answered_poll_shows_that_an_untested_account_works(house):
    account, _mount = account_at(house, "yixintong", status="untested")
    poll.poll(account.pk, "receipt")
    account.refresh_from_db()
    assert account.status == "ok"


def test_emay_sends_a_version_without_an_audit_and_by_template_after_one(house):
    account, mount = account_at(house, "emay")
    version = create_template("会员日", "notice", {"kind": "sms", "text": "${姓名}，会员日满减"}, {}, None)
    named = {"account": account, "version": version, "chatbot": None, "variables": {"姓名": "王"}}
    first = house.make_dispatch(phones(2), **named)
    hand_over.send_some(first.pk)
    (review,) = handed_over(version, account, signature=house.signature, actor=None)
    reviews.refresh(review)
    second = house.make_dispatch(phones(2, 13900000000), **named)
    hand_over.send_some(second.pk)
    assert [(line.operation, line.content) for line in mount.world.ledger] == [
        ("sendBatchSMS", "【示例商城】王，会员日满减"),
        ("sendBatchSMS", "【示例商城】王，会员日满减"),
        ("sendTemplateVariableSMS", "【示例商城】王，会员日满减"),
        ("sendTemplateVariableSMS", "【示例商城】王，会员日满减"),
    ]


def test_emay_clicks_are_shown_for_the_number(house):
    account, mount = account_at(house, "emay")
    options = {"short_link_url": "https://example.com/a"}
    dispatch = house.make_dispatch(
        phones(2), account=account, version=None, chatbot=None, text="请看{#短网址#}", options=options
    )
    hand_over.send_some(dispatch.pk)
    with mount.world.lock:
        mount.sandbox.click(mount.world, phones(2)[1])
    poll.poll(account.pk, "click")
    click = Click.objects.get()
    assert (click.phone, click.url, click.delivery.dispatch_id) == (phones(2)[1], "https://example.com/a", dispatch.pk)
