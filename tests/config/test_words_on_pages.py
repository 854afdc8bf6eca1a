"""Pages in Chinese say nothing in English or in codes, and colleagues stand there by their names."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns import roles
from kit import audit, phone_keys
from messaging.eligibility import entries
from messaging.models import SendingPolicy, Suppression, VendorAccount
from tests.forms import sent
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


def named(login: str, first: str) -> User:
    return User.objects.create(username=login, first_name=first, is_staff=True)


def test_a_password_that_is_too_short_is_refused_in_chinese_and_there_is_no_account_without_one() -> None:
    client, url = signed_in(roles.ADMINISTRATORS), "/admin/auth/user/add/"
    assert "usable_password" not in read(client.get(url)).inputs
    page = read(client.post(url, {"username": "xin", "password1": "kurz-12", "password2": "kurz-12"}))
    assert "密码太短：至少 12 个字符。" in page.text
    assert "This password" not in page.text
    page = read(client.post(url, {"username": "xin", "password1": "", "password2": ""}))
    assert page.text.count("该字段是必填项。") == 2
    assert not User.objects.filter(username="xin").exists()


def test_the_trail_says_values_in_the_words_of_their_pages() -> None:
    entry = entries.suppress("13800000001", source="hand", actor=person(roles.SUPPORT))
    audit.record("Asked the vendor now", actor=None, target=None, detail={"kinds": ["receipt", "click"]})
    audit.record("policy.changed", target=SendingPolicy(), detail={"approve_people": 5})
    page = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:campaigns_auditevent_changelist")))
    assert str(entry) == "138****0001"
    assert "号码：138****0001 · 范围：全部消息 · 来源：手工登记" in page.text
    assert "种类：回执、点击" in page.text
    assert "超过多少人要审批：5" in page.text
    assert "object (" not in page.text


def test_pushes_that_wait_are_filtered_by_vendor_account() -> None:
    for name in ("甲", "乙"):
        VendorAccount.objects.create(name=name, vendor="rcs_gateway", base_url="https://vendor.example.com")
    text = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:messaging_callbackevent_changelist"))).text
    assert "服务商账号" in text
    assert "Account" not in text


def test_who_keeps_a_token_is_chosen_by_name() -> None:
    named("wangwu", "王五")
    text = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:campaigns_apitoken_add"))).text
    assert "王五 (wangwu)" in text


def test_a_number_that_is_known_is_not_called_optional() -> None:
    client, add = signed_in(roles.SUPPORT), reverse("admin:messaging_suppression_add")
    known = read(client.get(f"{add}?key={phone_keys.seal('13800000001')}"))
    assert known.inputs["phone"]["value"] == "138****0001"
    assert "号码 （选填）" not in known.text
    assert not Suppression.objects.exists()


def test_rules_that_leave_holidays_alone_are_saved_without_a_word_about_rounds() -> None:
    client, url = signed_in(roles.ADMINISTRATORS), reverse("admin:messaging_sendingpolicy_changelist")
    text = read(client.post(url, sent(client.get(url), approve_people="30000"), follow=True)).text
    assert "已保存。" in text
    assert "节假日执行" not in text
    assert SendingPolicy.current().approve_people == 30000


def test_a_changed_password_leads_back_to_the_workbench() -> None:
    page = read(signed_in(roles.SUPPORT).get("/admin/password_change/done/"))
    assert "您的密码已修改。" in page.text
    assert "回工作台" in page.text
    assert "首页" not in page.text
