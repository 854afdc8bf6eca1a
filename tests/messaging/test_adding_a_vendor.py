"""Adding a vendor is adding one folder: no migration, no other file."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

import messaging.vendors
from messaging.accounts import health
from messaging.deliveries.status import delivery_status
from messaging.gateway import registry
from messaging.models import Delivery, Reply, Signature, VendorAccount
from messaging.models.accounts import vendor_choices
from messaging.sandbox.server import run_in_thread, settle
from messaging.sending import test_sends
from messaging.sending.spec import Message
from messaging.states import ReviewStatus
from templates_5g.services import create_template
from tests.builders import handed_over

FOLDER = Path(__file__).parents[1] / "toy_vendors" / "toy"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The toy's folder, put beside the other vendors."""
    shutil.copytree(FOLDER, tmp_path / "toy")
    monkeypatch.setattr(messaging.vendors, "__path__", [*messaging.vendors.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    registry.all_vendors.cache_clear()
    yield registry.vendor_class("toy")
    registry.all_vendors.cache_clear()
    for name in [name for name in sys.modules if name.startswith("messaging.vendors.toy")]:
        del sys.modules[name]
    if hasattr(messaging.vendors, "toy"):
        del messaging.vendors.toy


@pytest.fixture
def server(toy):
    with run_in_thread() as running:
        yield running


def test_the_registry_knows_it_by_its_folder(toy):
    assert toy.__module__ == "messaging.vendors.toy.adapter"
    assert ("toy", "Toy") in vendor_choices()


def test_a_vendor_that_is_not_there_is_an_error_of_its_own():
    with pytest.raises(registry.UnknownVendor):
        registry.vendor_class("toy")


def test_two_of_the_same_code_are_refused(toy):
    with pytest.raises(ValueError, match="Two vendors call themselves toy"):
        registry.register({"toy": toy}, toy)


@pytest.mark.django_db
def test_it_needs_no_migration(toy, capsys):
    call_command("makemigrations", check=True, dry_run=True)
    assert "No changes detected" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_account_form_asks_for_what_it_declares(toy):
    from messaging.accounts.admin.form import form_for

    form = form_for(toy, None)(
        {
            "name": "toy account",
            "vendor": "toy",
            "base_url": "http://127.0.0.1:8090/toy",
            "per_second": "10",
            "in_flight": "1",
            "batch_size": "101",
            "credential_app_id": "toy-application",
            "setting_region": "east",
        }
    )
    assert set(form.errors) == {"batch_size", "setting_region", "credential_app_secret"}
    assert form.fields["credential_app_secret"].widget.input_type == "password"
    assert [value for value, _ in form.fields["setting_region"].choices] == ["north", "south"]


@pytest.mark.django_db(transaction=True)
def test_it_reviews_sends_and_hears_back(server, live_server, run_queue):
    """The whole way over real HTTP: submission, audit, a send, its receipt and a reply."""
    account = VendorAccount.objects.create(
        name="toy account",
        vendor="toy",
        base_url=server.base_url("toy"),
        credentials=server.mount("toy").sandbox.credentials,
    )
    callbacks = f"{live_server.url}/callbacks/toy/{account.callback_token}"
    for kind in ("review", "receipt", "reply"):
        server.mount("toy").pusher.callbacks[kind] = f"{callbacks}/{kind}/"
    signature = Signature.objects.create(text="测试")

    health.try_connection(account)
    account.refresh_from_db()
    assert (account.status, str(account.balance)) == ("ok", "12.5000")

    version = create_template("玩具", "marketing", {"kind": "sms", "text": "您好，拒收请回复R"}, {}, None)
    (review,) = handed_over(version, account, signature=signature)
    assert (review.status, review.vendor_template_id) == (ReviewStatus.WAITING, "m1")
    server.mount("toy").approve("m1", True, "")
    assert settle(server)
    run_queue()
    review.refresh_from_db()
    assert review.status == ReviewStatus.APPROVED

    server.mount("toy").world.settings["auto_receipt"] = True
    message = Message(account=account, version=version, signature=signature)
    test_sends.send_test(message, ["13800138000", "13800138001"])
    run_queue()
    assert server.mount("toy").world.accepted == {"13800138000": 1, "13800138001": 1}
    server.mount("toy").reply("13800138001", "在吗")
    assert settle(server)
    run_queue()
    states = {row.phone: delivery_status(row) for row in Delivery.objects.all()}
    assert states == {"13800138000": "delivered", "13800138001": "delivered"}
    reply = Reply.objects.get()
    assert (reply.phone, reply.content) == ("13800138001", "在吗")
    assert server.mount("toy").pusher.state()["failed"] == 0
