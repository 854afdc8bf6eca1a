"""Vendor accounts: a form from what the vendor declares, secrets that go in and never come out."""

import html
from decimal import Decimal
from typing import Any

import pytest

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.gateway.registry import all_vendors
from messaging.models import VendorAccount
from tests.builders import House
from tests.forms import saved, sent
from tests.markup import read
from tests.messaging.admin.conftest import SECRET, Office
from tests.people import signed_in

ADD = "/admin/messaging/vendoraccount/add/?vendor=rcs_gateway"
KEY = "0123456789abcdef0123456789ABCDEF"


def change(account: VendorAccount) -> str:
    return f"/admin/messaging/vendoraccount/{account.pk}/change/"


def filled(**values: str) -> dict[str, str]:
    return {
        "vendor": "rcs_gateway",
        "name": "新账号",
        "base_url": "https://vendor.example/api",
        "credential_sp_id": "100001",
        "credential_password": "first-password",
        "credential_aes_key": KEY,
        "setting_balance_unit": "yuan",
        "setting_text_key": "text",
        "per_second": "50",
        "in_flight": "2",
        "batch_size": "100",
        "price_rcs": "0.08",
        "price_sms": "0.045",
        **values,
    }


@pytest.mark.django_db
def test_adding_begins_with_the_vendor() -> None:
    page = read(signed_in(roles.ADMINISTRATORS).get("/admin/messaging/vendoraccount/add/"))
    assert [link for link in page.links if link.startswith("?vendor=")] == [f"?vendor={code}" for code in all_vendors()]


@pytest.mark.django_db
@pytest.mark.parametrize("code", list(all_vendors()))
def test_the_form_asks_for_what_the_vendor_declares(code: str) -> None:
    vendor = all_vendors()[code]
    page = read(signed_in(roles.ADMINISTRATORS).get(f"/admin/messaging/vendoraccount/add/?vendor={code}"))
    asked = {name.removeprefix("credential_") for name in page.inputs if name.startswith("credential_")}
    assert asked == {field.name for field in vendor.credentials}
    for field in vendor.credentials:
        if field.kind == "secret":
            assert page.inputs[f"credential_{field.name}"]["type"] == "password"
    assert {f"setting_{field.name}" for field in vendor.settings} <= set(page.inputs)


@pytest.mark.django_db
def test_an_account_is_stored_with_its_secrets_encrypted() -> None:
    client = signed_in(roles.ADMINISTRATORS)
    assert client.post(ADD, filled()).status_code == 302
    account = VendorAccount.objects.get(name="新账号")
    assert account.credentials == {"sp_id": "100001", "password": "first-password", "aes_key": KEY}
    assert account.settings["balance_unit"] == "yuan"
    assert account.prices == {"rcs": "0.0800", "sms": "0.0450"} or account.prices == {"rcs": "0.08", "sms": "0.045"}
    assert account.status == "untested"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM messaging_vendoraccount WHERE id = %s", [account.pk])
        assert "first-password" not in cursor.fetchone()[0]
    event = AuditEvent.objects.get(target_type="messaging.vendoraccount")
    assert event.detail == {"secrets_changed": ["AES key", "Password", "Account ID (spId)"]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"credential_aes_key": "short"}, "32"),
        ({"credential_password": ""}, ""),
        ({"batch_size": "100000"}, "最多收 1000 个号码"),
        ({"callback_addresses": "10.0.0.300"}, "10.0.0.300 不是 IP 地址"),
        ({"per_second": "0"}, ""),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(wrong: dict[str, str], sentence: str) -> None:
    response = signed_in(roles.ADMINISTRATORS).post(ADD, filled(**wrong))
    assert response.status_code == 200
    page = read(response)
    assert "1 处待修改" in page.text
    assert sentence in page.text
    assert "first-password" not in response.content.decode()
    assert not VendorAccount.objects.exists()


def test_an_empty_secret_keeps_what_is_stored(office: Office) -> None:
    client, account = signed_in(roles.ADMINISTRATORS), office.account
    page = read(client.get(change(account)))
    assert page.inputs["credential_password"].get("value", "") == ""
    assert page.inputs["credential_password"]["placeholder"] == "已设置，留空不修改"
    data = filled(name=account.name, base_url=account.base_url, credential_password="", credential_aes_key="")
    assert saved(client, change(account), data).status_code == 302
    account.refresh_from_db()
    assert account.credentials["password"] == SECRET
    assert account.credentials["sp_id"] == "100001"


def test_a_new_price_leaves_the_account_tested_and_the_trail_names_no_credential(office: Office) -> None:
    """What is no secret is shown in its field and comes back with every save."""
    client, account = signed_in(roles.ADMINISTRATORS), office.account
    VendorAccount.objects.filter(pk=account.pk).update(status="ok")
    page = client.get(change(account))
    assert read(page).inputs["credential_sp_id"]["value"] == account.credentials["sp_id"]
    assert client.post(change(account), sent(page, price_rcs="0.09")).status_code == 302
    account.refresh_from_db()
    assert (account.status, account.prices["rcs"]) == ("ok", "0.09")
    assert AuditEvent.objects.latest("pk").detail == {"secrets_changed": []}
    page = client.get(change(account))
    assert client.post(change(account), sent(page, credential_sp_id="100009")).status_code == 302
    account.refresh_from_db()
    assert account.status == "untested"
    assert AuditEvent.objects.latest("pk").detail == {"secrets_changed": ["Account ID (spId)"]}


def test_a_changed_address_asks_for_every_secret_again(office: Office) -> None:
    client, account = signed_in(roles.ADMINISTRATORS), office.account
    elsewhere = "https://somebody-else.example/api"
    data = filled(name=account.name, base_url=elsewhere, credential_password="", credential_aes_key="")
    page = read(saved(client, change(account), data))
    assert page.text.count("改了地址要重填全部密钥") == 2
    account.refresh_from_db()
    assert account.base_url == "http://127.0.0.1:9/api"
    assert saved(client, change(account), filled(name=account.name, base_url=elsewhere)).status_code == 302
    account.refresh_from_db()
    assert (account.base_url, account.credentials["password"], account.status) == (
        elsewhere,
        "first-password",
        "untested",
    )


def test_the_vendor_of_an_account_never_changes(office: Office) -> None:
    account = office.account
    data = filled(name=account.name, base_url=account.base_url, vendor="veesing")
    saved(signed_in(roles.ADMINISTRATORS), change(account), data)
    account.refresh_from_db()
    assert account.vendor == "rcs_gateway"


def test_callback_addresses_are_shown_whole_only_to_who_may_change_the_account(office: Office) -> None:
    account = office.account
    whole = f"http://127.0.0.1:8000/callbacks/rcs_gateway/{account.callback_token}/receipt/"
    assert whole in signed_in(roles.ADMINISTRATORS).get(change(account)).content.decode()
    body = signed_in(roles.CAMPAIGNS).get(change(account)).content.decode()
    assert account.callback_token not in body
    assert "/callbacks/rcs_gateway/***/receipt/" in body


def test_a_stopped_account_says_why_and_what_to_do_and_can_be_resumed(office: Office) -> None:
    client, account = signed_in(roles.ADMINISTRATORS), office.account
    VendorAccount.objects.filter(pk=account.pk).update(
        status="stopped", stop_reason="balance", stop_detail="9 余额不足"
    )
    assert "9 余额不足" in read(client.get(change(account))).text
    client.post(f"/admin/messaging/vendoraccount/{account.pk}/resume/")
    account.refresh_from_db()
    assert (account.status, account.stop_reason) == ("ok", "")
    client.post(f"/admin/messaging/vendoraccount/{account.pk}/off/")
    account.refresh_from_db()
    assert account.status == "off"


def test_the_connection_is_tested_against_the_vendor(house: House) -> None:
    client = signed_in(roles.ADMINISTRATORS)
    VendorAccount.objects.filter(pk=house.account.pk).update(status="untested")
    response = client.post(f"/admin/messaging/vendoraccount/{house.account.pk}/test/", follow=True)
    assert "连接正常。" in read(response).text
    house.account.refresh_from_db()
    assert house.account.status == "ok"
    assert isinstance(house.account.balance, Decimal)


def test_a_wrong_password_is_worded_and_quoted(house: House) -> None:
    house.account.credentials["password"] = "wrong-password"
    house.account.save()
    response = signed_in(roles.ADMINISTRATORS).post(
        f"/admin/messaging/vendoraccount/{house.account.pk}/balance/", follow=True
    )
    text = read(response).text
    assert "服务商原话" in text
    assert "wrong-password" not in text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "http://vendor.example/api",
            "没有 https，凭证会以明文传送。如果服务商只提供 http，请运维把“vendor.example”写进 VENDOR_HOSTS，再重启。",
        ),
        ("https://10.0.0.5/api", "“10.0.0.5”是内网地址。如果服务商确实在内网，请运维把它写进 VENDOR_HOSTS，再重启。"),
        ("https://169.254.169.254/latest/meta-data", "“169.254.169.254”是内网地址。"),
        ("https://[::1]/", "“::1”是内网地址。"),
        ("https://localhost/", "“localhost”是内网地址。"),
    ],
)
def test_credentials_go_over_tls_to_public_addresses(office: Office, settings: Any, url: str, sentence: str) -> None:
    settings.VENDOR_HOSTS = frozenset()
    client = signed_in(roles.ADMINISTRATORS)
    page = client.post(ADD, filled(base_url=url)).content.decode()
    assert sentence in html.unescape(page)
    assert not VendorAccount.objects.filter(base_url=url).exists()


def test_a_host_that_the_operator_names_may_be_inside(office: Office, settings: Any) -> None:
    settings.VENDOR_HOSTS = frozenset({"10.0.0.5"})
    client = signed_in(roles.ADMINISTRATORS)
    client.post(ADD, filled(base_url="http://10.0.0.5/api"))
    assert VendorAccount.objects.filter(base_url="http://10.0.0.5/api").exists()
