"""The callback addresses of an account: shown, changed with an overlap, and kept where nobody reads them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from campaigns.models import AuditEvent
from campaigns.roles import ADMINISTRATORS, CAMPAIGNS
from messaging.accounts import callback_addresses
from messaging.models import CallbackEvent, VendorAccount
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


def page(account, name="change"):
    return reverse(f"admin:messaging_vendoraccount_{name}", args=[account.pk])


def taken(house, client, token, at=None):
    """The status of a push to the address with this token."""
    body, headers = house.sealed([{"n": CallbackEvent.objects.count()}])
    return client.post(
        f"/callbacks/rcs_gateway/{token}/receipt/", body, content_type="text/plain", headers=headers
    ).status_code


def shown(account):
    body = signed_in(ADMINISTRATORS).get(page(account)).content.decode()
    return set(re.findall(r"/callbacks/rcs_gateway/([^/\"]+)/", body)), body


def test_the_old_address_works_beside_the_new_one_for_the_days_that_were_chosen(house, client):
    old = house.account.callback_token
    admin = signed_in(ADMINISTRATORS)
    assert admin.get(page(house.account, "callbacks")).status_code == 200
    assert admin.post(page(house.account, "callbacks"), {"days": 7}).url == page(house.account)
    house.account.refresh_from_db()
    new = house.account.callback_token
    assert new != old
    tokens, body = shown(house.account)
    assert tokens == {new}
    assert "旧地址" in body
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert (taken(house, client, old), taken(house, client, new)) == (200, 200)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert (taken(house, client, old), taken(house, client, new)) == (404, 200)
        assert "旧地址" not in shown(house.account)[1]


@pytest.mark.parametrize(("language", "span"), [("zh-hans", "7 天"), ("en", "7 days")])
def test_the_spans_are_in_the_words_of_whoever_looks(house, language, span):
    client = signed_in(ADMINISTRATORS, language=language)
    assert f">{span}</option>" in client.get(page(house.account, "callbacks")).content.decode()


def test_without_an_overlap_the_old_address_is_gone_at_once(house, client):
    old = house.account.callback_token
    signed_in(ADMINISTRATORS).post(page(house.account, "callbacks"), {"days": 0})
    house.account.refresh_from_db()
    assert (taken(house, client, old), taken(house, client, house.account.callback_token)) == (404, 200)


def test_a_second_change_ends_the_oldest_and_says_so_before(house, client):
    first = house.account.callback_token
    admin = signed_in(ADMINISTRATORS)
    admin.post(page(house.account, "callbacks"), {"days": 30})
    house.account.refresh_from_db()
    second = house.account.callback_token
    assert "上次更换前的旧地址马上失效" in admin.get(page(house.account, "callbacks")).content.decode()
    admin.post(page(house.account, "callbacks"), {"days": 30})
    house.account.refresh_from_db()
    third = house.account.callback_token
    assert [taken(house, client, token) for token in (first, second, third)] == [404, 200, 200]


def test_the_page_says_whether_the_vendor_still_uses_the_old_address_and_ends_it(house, client):
    old = house.account.callback_token
    admin = signed_in(ADMINISTRATORS)
    admin.post(page(house.account, "callbacks"), {"days": 7})
    house.account.refresh_from_db()
    assert "更换以后服务商没有用过旧地址" in shown(house.account)[1]
    taken(house, client, old)
    assert "到服务商后台登记新地址" in shown(house.account)[1]
    assert admin.post(page(house.account, "callbacks_end")).url == page(house.account)
    assert taken(house, client, old) == 404
    assert "旧地址" not in shown(house.account)[1]


def test_every_change_is_in_the_audit_trail_without_the_token(house):
    admin = signed_in(ADMINISTRATORS)
    before = house.account.callback_token
    admin.post(page(house.account, "callbacks"), {"days": 7})
    admin.post(page(house.account, "callbacks_end"))
    house.account.refresh_from_db()
    events = list(AuditEvent.objects.filter(action__contains="callbacks_").order_by("pk"))
    assert [(event.action, event.actor) for event in events] == [
        ("account.callbacks_changed", person(ADMINISTRATORS)),
        ("account.old_callbacks_ended", person(ADMINISTRATORS)),
    ]
    assert events[0].detail == {"old_works_days": 7}
    assert not any(token in str(vars(event)) for event in events for token in (before, house.account.callback_token))


@pytest.mark.parametrize("days", ["", "2", "-1", "9999", "x", "7; DROP"])
def test_other_spans_are_refused(house, days):
    before = house.account.callback_token
    assert signed_in(ADMINISTRATORS).post(page(house.account, "callbacks"), {"days": days}).status_code == 200
    house.account.refresh_from_db()
    assert house.account.callback_token == before


def test_who_may_only_look_changes_nothing_and_sees_no_token(house):
    client = signed_in(CAMPAIGNS)
    assert house.account.callback_token not in client.get(page(house.account)).content.decode()
    for name in ("callbacks", "callbacks_end"):
        assert client.post(page(house.account, name), {"days": 0}).status_code == 403


def test_no_token_stands_in_the_database(house):
    callback_addresses.renew(house.account, 7, None)
    token = VendorAccount.objects.get().callback_token
    assert re.fullmatch(r"[\w-]{32}", token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM messaging_vendoraccount")
        assert token not in str(cursor.fetchall())


def test_tokens_are_sealed_anew_with_the_other_secrets(house, settings):
    from cryptography.fernet import Fernet

    token = house.account.callback_token
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    call_command("rotate_secrets")
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert VendorAccount.objects.get().callback_token == token


def test_a_push_costs_the_same_questions_as_before(house, client, django_assert_num_queries):
    """The account, the push, and whether somebody is woken already."""
    token = house.account.callback_token
    taken(house, client, token)
    body, headers = house.sealed([{"another": 1}])
    with django_assert_num_queries(3):
        client.post(f"/callbacks/rcs_gateway/{token}/receipt/", body, content_type="text/plain", headers=headers)
