"""Pages where a person decides: unknown outcomes, submissions, tests, answers, pause and cancel."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from messaging import form_tokens
from messaging.models import Batch, Delivery, Dispatch, Receipt, Reply, TemplateReview
from tests.builders import CARD, House, phones
from tests.markup import read
from tests.messaging.admin.conftest import Office
from tests.people import person, signed_in, token_on


def decide(batch: Batch, act: str) -> str:
    return reverse("admin:unknown_decide", args=[batch.pk, act])


def test_the_unknown_are_listed_with_what_was_done(office: Office) -> None:
    text = read(signed_in(roles.CAMPAIGNS).get(reverse("admin:unknown_outcomes"))).text
    assert "1 批 2 人" in text
    assert "不要重发" in text
    assert "回执 0 / 2" in text
    assert "现在不能标为提交失败" in text


def test_who_only_looks_sees_no_buttons(office: Office) -> None:
    links = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:unknown_outcomes"))).links
    assert not [link for link in links if "/unknown/" in link and link.endswith(("/sent/", "/not-sent/"))]


def test_marking_as_sent_wants_a_reason_and_works_once(office: Office) -> None:
    client, url = signed_in(roles.CAMPAIGNS), decide(office.unknown, "sent")
    token = token_on(client, url)
    assert client.post(url, {"token": token, "reason": ""}).status_code == 200
    office.unknown.refresh_from_db()
    assert office.unknown.state == "unknown"
    client.post(url, {"token": token, "reason": "服务商客服确认已收"})
    office.unknown.refresh_from_db()
    assert office.unknown.state == "submitted"
    event = AuditEvent.objects.get(target_type="messaging.batch")
    assert event.detail == {"reason": "服务商客服确认已收", "people": 2}
    assert client.post(url, {"token": token, "reason": "again"}).status_code == 404


def test_not_sent_is_refused_before_the_deadline_and_after_a_receipt(office: Office) -> None:
    client, url = signed_in(roles.CAMPAIGNS), decide(office.unknown, "not-sent")
    response = client.post(url, {"token": token_on(client, url), "reason": "没有"}, follow=True)
    office.unknown.refresh_from_db()
    assert office.unknown.state == "unknown"
    assert [str(message.level_tag) for message in response.context["messages"]] == ["error"]
    late = timezone.now() - timedelta(hours=73)
    Batch.objects.filter(pk=office.unknown.pk).update(claimed_at=late, n_delivered=1)
    client.post(url, {"token": token_on(client, url), "reason": "没有"})
    office.unknown.refresh_from_db()
    assert office.unknown.state == "unknown"
    Batch.objects.filter(pk=office.unknown.pk).update(n_delivered=0)
    page = read(client.get(url))
    assert "2 人会收到两次" in page.text
    client.post(url, {"token": page.inputs["token"]["value"], "reason": "服务商查无此单"})
    office.unknown.refresh_from_db()
    assert office.unknown.state == "rejected"


@pytest.mark.django_db
def test_a_form_token_is_for_one_person_one_purpose_and_one_time() -> None:
    one, other = User.objects.create(username="wangwu", first_name="王五"), person(roles.SUPPORT)
    token = form_tokens.issue(one, "start:1")
    for user, purpose, text in ((other, "start:1", token), (one, "start:2", token), (one, "start:1", "forged")):
        with pytest.raises(form_tokens.BadToken):
            form_tokens.spend(text, user, purpose)
    form_tokens.spend(token, one, "start:1")
    with pytest.raises(form_tokens.AlreadyDone) as caught:
        form_tokens.spend(token, one, "start:1")
    at = timezone.localtime(caught.value.at).strftime("%H:%M")
    assert str(caught.value) == f"这张表单已经用过：王五 于 今天 {at} 提交。没有再做一次。"
    assert form_tokens.issue(one, "start:1") != token


def submit_url(house: House, version: Any) -> str:
    return reverse("admin:messaging_templatereview_submit", args=[version.pk])


def test_a_version_is_submitted_from_the_page(house: House, run_queue: Any) -> None:
    from templates_5g.services import create_template

    version = create_template("新品", "marketing", {"kind": "text", "text": "新品上市", "suggestions": []}, {}, None)
    client = signed_in(roles.MARKETING)
    url = submit_url(house, version)
    prefix = f"account-{house.account.pk}"
    data = {"signature": house.signature.pk, f"{prefix}-chosen": "on", f"{prefix}-chatbot": house.chatbot.pk}
    page = read(client.get(url))
    assert f"{prefix}-chosen" in page.inputs
    token = page.inputs["token"]["value"]
    nobody = client.post(url, {"signature": house.signature.pk, "token": token})
    assert "至少选一个账号。" in read(nobody).text
    assert client.post(url, {**data, "token": token}).status_code == 302
    assert TemplateReview.objects.get(version=version).status == "submitting"
    run_queue()
    review = TemplateReview.objects.get(version=version)
    assert (review.account, review.part, review.status) == (house.account, "main", "waiting")
    assert review.vendor_template_id
    version.refresh_from_db()
    assert version.is_frozen
    client.post(url, {**data, "token": token})
    assert TemplateReview.objects.filter(version=version).count() == 1


def test_what_a_vendor_cannot_carry_is_named_before_submission(house: House) -> None:
    from templates_5g.services import create_template

    version = create_template("卡片", "marketing", CARD, {}, None)
    page = read(signed_in(roles.MARKETING).get(submit_url(house, version)))
    assert "errorlist" in signed_in(roles.MARKETING).get(submit_url(house, version)).content.decode()
    assert f"account-{house.account.pk}-chosen" not in page.inputs


def test_what_exists_at_the_vendor_is_registered_by_hand(house: House) -> None:
    client = signed_in(roles.MARKETING)
    version = house.version
    url = reverse("admin:messaging_templatereview_by_hand", args=[version.pk])
    data = {
        "account": house.account.pk, "part": "main", "vendor_template_id": "T-77", "status": "approved",
        "approved_until": "2099-12-03T10:00", "note": "服务商后台看到",
    }  # fmt: skip
    assert client.post(url, {**data, "approved_until": "2001-01-01T00:00"}).status_code == 200
    assert client.post(url, data).status_code == 302
    live = TemplateReview.objects.get(version=version, account=house.account, live=True)
    assert (live.vendor_template_id, live.by_hand, live.status) == ("T-77", True, "approved")
    assert TemplateReview.objects.filter(version=version, live=False).count() == 1


def test_the_matrix_shows_each_account_and_only_trouble_when_asked(office: Office) -> None:
    client = signed_in(roles.MARKETING)
    url = reverse("admin:messaging_templatereview_matrix")
    text = read(client.get(url)).text
    assert "已通过" in text
    assert "会员日满减" in read(client.get(url)).text
    assert "没有有问题的审核。" in read(client.get(url + "?show=trouble")).text
    TemplateReview.objects.filter(pk=office.review.pk).update(approved_until=timezone.now() + timedelta(days=2))
    assert "即将到期" in read(client.get(url + "?show=trouble")).text
    TemplateReview.objects.filter(pk=office.review.pk).update(status="rejected", vendor_message="缺少退订方式")
    assert "服务商原话： 缺少退订方式" in read(client.get(url + "?show=trouble")).text


def test_a_test_goes_out_once_after_its_cost_was_shown(house: House, run_queue: Any) -> None:
    house.account.prices = {"rcs": "0.08"}
    house.account.save()
    client = signed_in(roles.CAMPAIGNS)
    url = reverse("admin:messaging_dispatch_test_send", args=[house.version.pk, house.account.pk])
    numbers = phones(3)
    data = {"numbers": "\n".join(numbers), "signature": house.signature.pk, "chatbot": house.chatbot.pk}
    wrong = client.post(url, {**data, "numbers": "12345"})
    assert "不是手机号：12345" in read(wrong).text
    shown = client.post(url, data)
    page = read(shown)
    assert not Dispatch.objects.exists()
    assert "¥0.24" in page.text
    assert "确认发送给 3 人" in page.text
    confirmed = {**data, "token": page.inputs["token"]["value"]}
    client.post(url, confirmed)
    client.post(url, confirmed)  # a second click
    assert Dispatch.objects.count() == 1
    assert list(Delivery.objects.order_by("phone").values_list("phone", flat=True)) == numbers
    run_queue()
    assert house.accepted() == dict.fromkeys(numbers, 1)


def test_a_version_without_approval_cannot_be_tested(house: House) -> None:
    TemplateReview.objects.update(status="waiting")
    url = reverse("admin:messaging_dispatch_test", args=[house.version.pk])
    page = read(signed_in(roles.CAMPAIGNS).get(url))
    assert "没有通过审核" in page.text
    assert not [link for link in page.links if "/test/" in link]


def test_pause_resume_cancel(office: Office) -> None:
    client, base = signed_in(roles.CAMPAIGNS), f"/admin/messaging/dispatch/{office.dispatch.pk}"
    client.post(f"{base}/pause/")
    office.dispatch.refresh_from_db()
    assert office.dispatch.state == "paused"
    client.post(f"{base}/resume/")
    office.dispatch.refresh_from_db()
    assert office.dispatch.state == "running"
    Batch.objects.create(dispatch=office.dispatch, account=office.account, number=3, size=5)
    page = read(client.get(f"{base}/cancel/"))
    assert "取消剩余 5 人" in page.text
    client.post(f"{base}/cancel/", {"token": "forged"})
    office.dispatch.refresh_from_db()
    assert office.dispatch.state == "running"
    client.post(f"{base}/cancel/", {"token": page.inputs["token"]["value"]})
    office.dispatch.refresh_from_db()
    assert office.dispatch.state == "cancelled"
    assert Batch.objects.get(dispatch=office.dispatch, number=3).state == "cancelled"


def test_a_round_shows_counts_that_close(office: Office) -> None:
    text = read(signed_in(roles.CAMPAIGNS).get(f"/admin/messaging/dispatch/{office.dispatch.pk}/change/")).text
    assert "合计 4" in text
    assert "与计划人数一致" in text
    Dispatch.objects.filter(pk=office.dispatch.pk).update(total=5)
    assert (
        "不一致" in read(signed_in(roles.CAMPAIGNS).get(f"/admin/messaging/dispatch/{office.dispatch.pk}/change/")).text
    )


def test_a_reply_is_answered_once(house: House, run_queue: Any) -> None:
    reply = Reply.objects.create(
        account=house.account, key="r", phone="13800000000", content="能叠加吗", replied_at=timezone.now()
    )
    client, base = signed_in(roles.SUPPORT), f"/admin/messaging/reply/{reply.pk}"
    client.post(f"{base}/take/")
    reply.refresh_from_db()
    assert (reply.state, reply.assigned_to) == ("assigned", person(roles.SUPPORT))
    page = read(client.get(f"{base}/change/"))
    assert "【示例商城】" in page.text
    data = {"text": "您好，可以叠加。", "signature": house.signature.pk, "token": page.inputs["token"]["value"]}
    client.post(f"{base}/answer/", data)
    client.post(f"{base}/answer/", data)
    assert Dispatch.objects.filter(kind="answer").count() == 1
    reply.refresh_from_db()
    assert reply.state == "answered"
    run_queue()
    assert house.accepted() == {"13800000000": 1}


def test_an_opt_out_is_not_answered(house: House) -> None:
    reply = Reply.objects.create(
        account=house.account, key="r", phone="13800000000", content="R", is_opt_out=True, state="auto",
        replied_at=timezone.now(),
    )  # fmt: skip
    client, base = signed_in(roles.SUPPORT), f"/admin/messaging/reply/{reply.pk}"
    data = {
        "text": "您好",
        "signature": house.signature.pk,
        "token": form_tokens.issue(person(roles.SUPPORT), f"answer:{reply.pk}"),
    }
    client.post(f"{base}/answer/", data)
    assert not Dispatch.objects.exists()


def test_receipts_are_matched_again_or_dismissed(office: Office) -> None:
    client, url = signed_in(roles.ADMINISTRATORS), "/admin/messaging/receipt/"
    post = {"action": "match_again", "_selected_action": [office.receipt.pk]}
    assert "仍有 1 条找不到对应消息" in read(client.post(url, post, follow=True)).text
    reasons = client.post(url, {**post, "action": "dismiss"}).headers["Location"]
    client.post(reasons, {"reason": "别家的回执"})
    assert Receipt.objects.get(pk=office.receipt.pk).state == "dismissed"
    assert "没有未匹配的回执。" in read(client.get(url)).text
    looks = signed_in(roles.SUPPORT)
    Receipt.objects.update(state="unmatched")
    looks.post(url, {**post, "action": "dismiss"})
    assert Receipt.objects.get(pk=office.receipt.pk).state == "unmatched"
