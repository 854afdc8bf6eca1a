"""Billable parts of an SMS: counted in UTF-16 units in the check before sending, for the API and for tests, as in the editor."""

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns import preflight, roles
from campaigns.models import SystemUse
from messaging.models import Signature
from templates_5g.fallback import segments, signed
from tests.campaigns.api.conftest import Caller
from tests.cases import CASES
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db

SEVENTY = json.loads((CASES / "h05-sms-70-with-emoji.json").read_text())


@pytest.fixture
def shop(db):
    return Signature.objects.create(text=SEVENTY["signature"], cmcc="filed", cucc="filed", ctcc="filed")


def sms(text):
    return {"kind": "sms", "text": text}


def units(make, shop, text, variables=None, **values):
    campaign = make.campaign(
        [("13800000001", variables or {})], content=sms(text), signature=shop, vendor="emay", **values
    )
    return preflight.check(campaign).units


def test_seventy_characters_of_which_one_is_an_emoji_are_two_parts(make, shop):
    assert (len(SEVENTY["text"]) + 6, segments(signed(SEVENTY["text"], shop.text))) == (70, 2)
    assert units(make, shop, SEVENTY["text"]) == 2


@pytest.mark.parametrize(
    ("text", "variables", "wanted"),
    [
        ("字" * 64, {}, 1),
        ("字" * 65, {}, 2),
        ("a" * 64, {}, 1),
        ("字" * 62 + "😀", {}, 1),
        ("字" * 63 + "😀", {}, 2),
        ("😀" * 64, {}, 2),
        ("😀😀" * 32 + "字", {}, 3),
        ("字" * 60 + "${姓名}", {"姓名": "𠮷字字"}, 1),
        ("字" * 60 + "${姓名}", {"姓名": "𠮷𠮷字"}, 2),
        ("字" * 60 + "${姓名}", {"姓名": "\U0010ffff" * 2}, 1),
        ("【示例商城】" + "字" * 64, {}, 1),
        ("字" * 64 + "【示例商城】", {}, 1),
        ("【双十一】" + "字" * 60, {}, 2),
    ],
)
def test_the_check_counts_as_the_editor_does(make, shop, text, variables, wanted):
    filled = text.replace("${姓名}", variables.get("姓名", ""))
    assert segments(signed(filled, shop.text)) == wanted
    assert units(make, shop, text, variables) == wanted


def test_a_fallback_is_counted_the_same(make, shop):
    card = {"kind": "text", "text": "您好", "suggestions": []}
    account = make.account(prices={"rcs": "0.08", "sms": "0.05"})
    campaign = make.campaign(
        [("13800000001", {})],
        account=account,
        content=card,
        fallback={"sms": {"text": SEVENTY["text"]}},
        signature=shop,
    )
    report = preflight.check(campaign)
    assert (report.units, report.cost.high) == (2, Decimal("0.10"))


def test_an_order_by_the_api_costs_its_parts(make, shop):
    account = make.account("emay", prices={"sms": "0.05"})
    version = make.version(sms("${姓名}" + SEVENTY["text"][1:]), purpose="notice")
    make.approve(version, account)
    recipients = [
        {"phone": "13800000001", "variables": {"姓名": "😀"}},
        {"phone": "13800000002", "variables": {"姓名": "王"}},
        {"phone": "13800000003", "variables": {"姓名": "字" * 65}},
    ]
    order = {
        "template": version.template.name,
        "account": account.name,
        "signature": shop.text,
        "recipients": recipients,
    }
    answer = Caller("send").order(order)
    assert answer.status_code == 201, answer.content
    assert SystemUse.objects.get().cost == Decimal("0.05") * (2 + 1 + 2)


def test_the_page_of_a_test_names_the_cost_of_all_parts(make, shop):
    account = make.account("emay", prices={"sms": "0.05"})
    version = make.version(sms(SEVENTY["text"]))
    make.approve(version, account)
    client = signed_in(roles.MARKETING)
    address = reverse("admin:messaging_dispatch_test_send", args=[version.pk, account.pk])
    page = client.post(
        address, {"numbers": "13800000001\n13800000002", "signature": shop.pk}, headers={"Accept-Language": "en"}
    )
    assert "¥0.20" in read(page).text
