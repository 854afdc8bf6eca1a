"""Secrets at rest: unreadable in the database, rotatable, and a wrong key is an error rather than ciphertext."""

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from campaigns.models import WebhookEndpoint
from kit import fields
from kit.fields import WrongFieldKey
from messaging.models import VendorAccount

SECRETS = {"app_id": "visible-id", "app_key": "密钥-0123456789"}
OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def account(db, settings):
    settings.FIELD_KEYS = [OLD]
    return VendorAccount.objects.create(name="one", vendor="x", base_url="http://127.0.0.1/", credentials=SECRETS)


def stored(account: VendorAccount) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM messaging_vendoraccount WHERE id = %s", [account.pk])
        return cursor.fetchone()[0]


def read(account: VendorAccount) -> dict:
    return VendorAccount.objects.get(pk=account.pk).credentials


def test_the_database_holds_no_readable_secret(account):
    assert read(account) == SECRETS
    assert "visible-id" not in stored(account)
    assert "密钥" not in stored(account)
    assert stored(account).startswith("gAAAA")


def test_the_same_secret_is_never_stored_alike(account):
    before = stored(account)
    account.save()
    assert stored(account) != before


def test_nothing_is_stored_as_nothing(db):
    account = VendorAccount.objects.create(name="two", vendor="x", base_url="http://127.0.0.1/")
    assert stored(account) == ""
    assert read(account) == {}


def test_a_new_key_reads_the_old_and_writes_the_new(account, settings):
    settings.FIELD_KEYS = [NEW, OLD]
    assert read(account) == SECRETS
    VendorAccount.objects.get(pk=account.pk).save()
    settings.FIELD_KEYS = [NEW]
    assert read(account) == SECRETS


def test_reencrypting_moves_a_secret_to_the_newest_key(account, settings):
    settings.FIELD_KEYS = [NEW, OLD]
    moved = fields.reencrypt(stored(account))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_vendoraccount SET credentials = %s, callback_secret = '' WHERE id = %s",
            [moved, account.pk],
        )
    settings.FIELD_KEYS = [NEW]
    assert read(account) == SECRETS


def test_a_wrong_key_is_an_error_that_names_the_field(account, settings):
    settings.FIELD_KEYS = [OTHER]
    with pytest.raises(WrongFieldKey, match=r"VendorAccount\.credentials opens with none of FIELD_KEYS"):
        read(account)
    with pytest.raises(WrongFieldKey):
        fields.reencrypt(stored(account))


def test_a_list_of_accounts_can_be_shown_without_the_key(account, settings):
    settings.FIELD_KEYS = [OTHER]
    assert VendorAccount.objects.defer("credentials", "callback_secret").get(pk=account.pk).name == "one"


@pytest.mark.parametrize("keys", [["short"], ["x" * 44], [""]])
def test_a_key_that_is_none_says_how_to_make_one(account, settings, keys):
    settings.FIELD_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="new_field_key"):
        account.save()


def test_secrets_can_be_neither_searched_nor_exported(account):
    with pytest.raises(TypeError, match="cannot be searched"):
        VendorAccount.objects.filter(credentials="x").exists()
    with pytest.raises(TypeError, match="cannot be exported"):
        serializers.serialize("json", [account])


def test_every_secret_moves_to_the_newest_key(account, settings):
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/hook", secret={"key": "s-1"})
    settings.FIELD_KEYS = [NEW, OLD]
    call_command("rotate_secrets")
    settings.FIELD_KEYS = [NEW]
    assert read(account) == SECRETS
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).secret == {"key": "s-1"}


def test_a_missing_key_changes_no_secret(account, settings):
    before = stored(account)
    settings.FIELD_KEYS = [OTHER]
    with pytest.raises(WrongFieldKey):
        call_command("rotate_secrets")
    assert stored(account) == before
