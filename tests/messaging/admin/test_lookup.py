"""One number: posted, shown under a sealed key, masked; each reveal logged with its reason."""

import pytest
from django.urls import reverse

from campaigns import roles
from campaigns.models import AuditEvent
from kit import phone_keys
from messaging.models import Delivery, Suppression
from tests.markup import read
from tests.messaging.admin.conftest import PHONE, Office
from tests.people import signed_in

LOOKUP = "/admin/messaging/delivery/"


def test_the_number_stands_in_no_address(office: Office) -> None:
    client = signed_in(roles.SUPPORT)
    response = client.post(LOOKUP, {"phone": "138 1234 0001"})
    assert response.status_code == 302
    assert PHONE not in response.headers["Location"]
    page = read(client.get(response.headers["Location"]))
    assert "138****0001" in page.text
    assert "已送达 · 回落 短信" in page.text
    assert "客户回复：能叠加吗" in page.text
    assert "服务商原话： DELIVRD" in page.text
    assert "不在拒收名单中。" in page.text


def test_a_bad_number_is_worded(office: Office) -> None:
    page = read(signed_in(roles.SUPPORT).post(LOOKUP, {"phone": "1381234"}))
    assert "应为 11 位手机号" in page.text


def test_a_number_nobody_wrote_to(office: Office) -> None:
    response = signed_in(roles.SUPPORT).post(LOOKUP, {"phone": "13900000000"}, follow=True)
    assert "没有给这个号码发过消息。" in read(response).text


def test_a_made_up_key_is_not_found(office: Office) -> None:
    assert signed_in(roles.SUPPORT).get(f"{LOOKUP}{'x' * 40}/").status_code == 404


def test_the_page_costs_the_same_for_a_long_history(office: Office, django_assert_max_num_queries: object) -> None:
    client = signed_in(roles.SUPPORT)
    url = reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)])
    client.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(20):
        dispatch = type(office.dispatch).objects.create(
            title=f"活动 {n}", version=office.version, account=office.account, signature=office.signature, total=1
        )
        Delivery.objects.create(
            dispatch=dispatch, run_id=dispatch.run_id, leg="main", phone=PHONE, own_status=20, reason="over_cap"
        )
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_a_reveal_asks_why_and_is_logged_before_it_shows(office: Office) -> None:
    client = signed_in(roles.SUPPORT)
    url = reverse("admin:phone_lookup_reveal", args=[phone_keys.seal(PHONE)])
    assert PHONE not in client.get(url).content.decode()
    refused = client.post(url, {"why": "other", "note": ""})
    assert "写明用途。" in read(refused).text
    assert PHONE not in refused.content.decode()
    assert list(AuditEvent.objects.values_list("action", "detail")) == []
    shown = client.post(url, {"why": "call", "note": ""})
    assert PHONE in read(shown).text
    assert 'data-hide-after="60"' in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    event = AuditEvent.objects.get()
    assert event.actor.username == roles.SUPPORT
    assert event.detail == {"phone": "138****0001", "why": "call", "note": ""}


def test_support_enters_and_lifts_and_both_are_kept(office: Office) -> None:
    client = signed_in(roles.SUPPORT)
    key = phone_keys.seal(PHONE)
    add = f"/admin/messaging/suppression/add/?key={key}"
    data = {"phone": PHONE, "scope": "signature", "signature": office.signature.pk, "note": "电话里要求"}
    response = client.post(add, data)
    assert response.headers["Location"].startswith(LOOKUP)
    entry = Suppression.objects.get(phone=PHONE)
    assert (entry.scope, entry.signature, entry.source, entry.note) == (
        "signature",
        office.signature,
        "hand",
        "电话里要求",
    )
    assert entry.created_by.username == roles.SUPPORT
    assert "【示例商城】" in read(client.get(response.headers["Location"])).text
    lift = f"/admin/messaging/suppression/{entry.pk}/lift/"
    assert client.post(lift, {"reason": ""}).status_code == 200
    entry.refresh_from_db()
    assert entry.lifted_at is None
    client.post(lift, {"reason": "客户来电要求恢复"})
    entry.refresh_from_db()
    assert entry.lift_reason == "客户来电要求恢复"
    assert entry.lifted_by.username == roles.SUPPORT


@pytest.mark.parametrize("wrong", [{"scope": "signature"}, {"phone": "123"}, {"note": ""}])
def test_an_incomplete_entry_is_refused(office: Office, wrong: dict[str, str]) -> None:
    data = {"phone": "13900000000", "scope": "all", "note": "投诉", **wrong}
    before = Suppression.objects.count()
    assert signed_in(roles.SUPPORT).post("/admin/messaging/suppression/add/", data).status_code == 200
    assert Suppression.objects.count() == before


def test_entries_are_neither_edited_nor_deleted(office: Office) -> None:
    client = signed_in(superuser=True)
    base = f"/admin/messaging/suppression/{office.suppression.pk}"
    assert client.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{base}/change/", {"phone": "13900000000"}).status_code == 403
    office.suppression.refresh_from_db()
    assert office.suppression.phone == "13812340002"


def test_lists_are_searched_by_full_number_without_showing_it_in_the_address(office: Office) -> None:
    client = signed_in(roles.SUPPORT)
    response = client.post("/admin/messaging/suppression/search/", {"phone": "13812340002"})
    assert "13812340002" not in response.headers["Location"]
    page = read(client.get(response.headers["Location"]))
    assert "投诉" in page.text
    other = client.post("/admin/messaging/suppression/search/", {"phone": "13812340009"}, follow=True)
    assert "没有符合条件的。" in read(other).text
    # a part of a number finds nobody: no look through the whole table
    assert "没有符合条件的。" in read(client.get("/admin/messaging/suppression/?q=0002")).text
    wrong = client.post("/admin/messaging/suppression/search/", {"phone": "0002"}, follow=True)
    assert "应为 11 位" in read(wrong).text
