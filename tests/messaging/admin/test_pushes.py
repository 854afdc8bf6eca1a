"""Pushes that wait for a person: on the home page, under run status, in a list of their own, tried again or dismissed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import AuditEvent
from campaigns.roles import ADMINISTRATORS, CAMPAIGNS, MARKETING, SUPPORT
from messaging import reviews
from messaging.callbacks import process
from messaging.events import set_aside
from messaging.models import CallbackEvent, TemplateReview
from messaging.reviews import decide
from messaging.states import ReviewStatus
from templates_5g.services import create_template
from tests.builders import TEXT, handed_over
from tests.people import signed_in

pytestmark = pytest.mark.django_db
LIST = reverse("admin:messaging_callbackevent_changelist")
DISMISS = reverse("admin:messaging_callbackevent_dismiss")


def audit(house, client, template_id, status=1, message="审核成功"):
    data = {"templateId": template_id, "status": status, "message": message}
    assert house.push("review", data, client=client).status_code == 200
    process.apply_new()
    return CallbackEvent.objects.latest("pk")


def grown_old():
    CallbackEvent.objects.update(arrived_at=timezone.now() - timedelta(minutes=11))


def on_home(client):
    return "不能处理的推送" in client.get(reverse("admin:index")).content.decode()


def acted(client, action, *pushes):
    return client.post(LIST, {"action": action, "_selected_action": [push.pk for push in pushes]})


# --- audits that match nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template_id", "status"), [(987654, 1), (987654, 2), (None, 3)], ids=["unknown", "refused", "word"]
)
def test_an_audit_that_changes_nothing_stays_in_sight(house, client, template_id, status):
    own = TemplateReview.objects.get()
    push = audit(house, client, template_id or int(own.vendor_template_id), status, "不含退订 13800138000")
    assert (push.state, push.note) == ("unmatched", set_aside.NO_SUCH_REVIEW)
    admin = signed_in(ADMINISTRATORS)
    page = admin.get(LIST).content.decode()
    assert str(template_id or own.vendor_template_id) in page
    assert "不含退订 138****8000" in page
    assert not on_home(admin), "it may yet come to its template by itself"
    grown_old()
    assert on_home(admin)
    assert LIST in admin.get(reverse("admin:run_status")).content.decode()
    detail = admin.get(reverse("admin:messaging_callbackevent_change", args=[push.pk])).content.decode()
    assert "13800138000" not in detail
    assert "不含退订" in detail


def test_an_audit_of_a_known_template_is_no_news_even_when_repeated(house, client):
    own = int(TemplateReview.objects.get().vendor_template_id)
    assert [audit(house, client, own, 2).state for _again in range(3)] == ["applied"] * 3


def test_once_the_id_is_registered_the_audit_is_applied_again(house, client, run_queue):
    push = audit(house, client, 987654, 2, "缺少退订")
    version = create_template("丢了答复", "marketing", TEXT, {}, None)
    reviews.register_by_hand(
        version, house.account, part="main", vendor_template_id="987654", status=ReviewStatus.WAITING, actor=None
    )
    TemplateReview.objects.filter(vendor_template_id="987654").update(decided_at=None)
    admin = signed_in(ADMINISTRATORS)
    assert acted(admin, "apply_again", push).status_code == 302
    run_queue()
    push.refresh_from_db()
    assert push.state == "applied"
    review = TemplateReview.objects.get(vendor_template_id="987654")
    assert (review.status, review.vendor_message) == ("rejected", "缺少退订")
    assert AuditEvent.objects.filter(actor__username=ADMINISTRATORS, action="pushes.applied_again").count() == 1


def test_an_audit_before_the_answer_that_tells_its_template_waits_for_nobody(house, client):
    house.world.settings["auto_approve"] = False
    expected = str(max(int(key) for key in house.world.store["templates"]) + 1)
    version = create_template("早到", "marketing", TEXT, {}, None)
    (review,) = reviews.submit(version, house.account, signature=house.signature, chatbot=house.chatbot, options={})
    TemplateReview.objects.filter(pk=review.pk).update(claimed_at=timezone.now() - timedelta(seconds=5))
    push = audit(house, client, int(expected), 1)
    assert push.state == "unmatched"
    TemplateReview.objects.filter(pk=review.pk).delete()
    (review,) = handed_over(version, house.account, signature=house.signature, chatbot=house.chatbot, options={})
    assert (review.vendor_template_id, review.status) == (expected, "waiting")
    TemplateReview.objects.filter(pk=review.pk).update(claimed_at=timezone.now() - timedelta(seconds=60))
    review.refresh_from_db()
    decide.hear_early(review)
    push.refresh_from_db()
    review.refresh_from_db()
    assert (push.state, review.status) == ("applied", "approved")


# --- unreadable and set aside ---------------------------------------------------------------------------------------------


@pytest.fixture
def unreadable(house, client):
    assert house.push_bytes("receipt", b"<html>", client=client).status_code == 200
    process.apply_new()
    push = CallbackEvent.objects.get()
    assert push.state == "unreadable"
    return push


def test_an_unreadable_push_is_an_alarm_at_once(unreadable):
    admin = signed_in(ADMINISTRATORS)
    assert on_home(admin)
    assert "The body is not JSON" in admin.get(LIST).content.decode()


def test_it_is_dismissed_with_a_reason_and_stays_findable(unreadable):
    admin = signed_in(ADMINISTRATORS)
    there = acted(admin, "dismiss", unreadable)
    assert there.url == f"{DISMISS}?keys={unreadable.pk}"
    assert admin.post(there.url, {"reason": ""}).status_code == 200
    assert admin.post(there.url, {"reason": "服务商确认是测试"}).status_code == 302
    unreadable.refresh_from_db()
    assert unreadable.state == "dismissed"
    assert AuditEvent.objects.get(action="pushes.dismissed").detail == {"count": 1, "reason": "服务商确认是测试"}
    assert not on_home(admin)
    assert f"/callbackevent/{unreadable.pk}/" in admin.get(LIST + "?state=dismissed").content.decode()


def test_what_is_applied_stands_in_no_list_and_at_no_address(house, client):
    house.push("receipt", [], client=client)
    process.apply_new()
    admin = signed_in(ADMINISTRATORS)
    push = CallbackEvent.objects.get()
    assert f"/callbackevent/{push.pk}/" not in admin.get(LIST).content.decode()
    assert admin.get(reverse("admin:messaging_callbackevent_change", args=[push.pk])).status_code == 302


@pytest.mark.parametrize("role", [MARKETING, CAMPAIGNS, SUPPORT])
def test_it_is_the_administrators_matter(unreadable, role):
    client = signed_in(role)
    assert client.get(LIST).status_code == 403
    assert client.post(f"{DISMISS}?keys={unreadable.pk}", {"reason": "x"}).status_code == 403
    assert not on_home(client)


@pytest.mark.parametrize("keys", ["", "²", "9" * 40, "1-x-%00", "-"])
def test_keys_that_are_none_dismiss_nothing(unreadable, keys):
    assert signed_in(ADMINISTRATORS).post(f"{DISMISS}?keys={keys}", {"reason": "x"}).status_code in (302, 400)
    unreadable.refresh_from_db()
    assert unreadable.state == "unreadable"
