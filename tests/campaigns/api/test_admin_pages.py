"""Tokens and webhooks as administrators see them: secrets shown once, and to nobody else."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import roles, webhooks
from campaigns.api import tokens
from campaigns.models import ApiToken, AuditEvent, WebhookDelivery, WebhookEndpoint
from tests.forms import saved
from tests.people import integrator, person, signed_in

pytestmark = pytest.mark.django_db

NEW = {"name": "商城", "scopes": ["send", "lookup"], "per_minute": "60", "days": "90"}
HOOK = {"name": "商城", "url": "https://example.com/hook", "events": ["reply.received"], "active": "on"}


def test_a_new_token_is_shown_once_and_works():
    client = signed_in(user=integrator())
    shown = client.post(reverse("admin:campaigns_apitoken_add"), {**NEW, "holder": person("管理员").pk})
    plain = re.search(r'value="(sd_[\w-]{43})"', shown.content.decode())[1]
    assert "no-store" in shown["Cache-Control"]
    token = tokens.find(plain)
    assert (token.scopes, token.per_minute, token.created_by) == (["lookup", "send"], 60, integrator())
    for name, args in (("changelist", ()), ("change", (token.pk,))):
        page = client.get(reverse(f"admin:campaigns_apitoken_{name}", args=args)).content.decode()
        assert plain not in page
        assert "商城" in page
    answer = client.get("/api/v1/deliveries/?phone=13800000001", headers={"Authorization": f"Bearer {plain}"})
    assert answer.status_code == 200


def test_a_token_is_changed_and_stopped_but_stays_the_same():
    token, plain = tokens.make("商城", ["send"], integrator())
    data = {"name": "商城", "scopes": ["replies"], "per_minute": "5", "holder": integrator().pk}
    done = saved(signed_in("管理员"), reverse("admin:campaigns_apitoken_change", args=[token.pk]), data)
    assert done.status_code == 302
    assert tokens.find(plain) is None
    token.refresh_from_db()
    assert (token.scopes, token.per_minute, token.active) == (["replies"], 5, False)
    event = AuditEvent.objects.get(action="token.changed")
    assert event.detail == {"scopes": ["replies"], "per_minute": 5, "active": False}


def test_a_token_needs_a_scope():
    signed_in("管理员").post(reverse("admin:campaigns_apitoken_add"), {**NEW, "scopes": []})
    assert not ApiToken.objects.exists()


def test_a_new_webhook_shows_its_secret_once():
    client = signed_in("管理员")
    shown = client.post(reverse("admin:campaigns_webhookendpoint_add"), HOOK)
    secret = re.search(r'value="(whsec_[\w-]{43})"', shown.content.decode())[1]
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret == {"secret": secret}
    assert (endpoint.events, endpoint.full_numbers) == (["reply.received"], False)
    page = client.get(reverse("admin:campaigns_webhookendpoint_change", args=[endpoint.pk])).content.decode()
    assert secret not in page
    client.get(reverse("admin:campaigns_webhookendpoint_secret", args=[endpoint.pk]))
    assert WebhookEndpoint.objects.get().secret == {"secret": secret}
    client.post(reverse("admin:campaigns_webhookendpoint_secret", args=[endpoint.pk]))
    assert WebhookEndpoint.objects.get().secret != {"secret": secret}
    changed = saved(
        client,
        reverse("admin:campaigns_webhookendpoint_change", args=[endpoint.pk]),
        {**HOOK, "url": "https://example.org/"},
    )
    assert changed.status_code == 302
    assert WebhookEndpoint.objects.values_list("url", "full_numbers").get() == ("https://example.org/", False)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://[::1]/", "https://localhost/x", "ftp://example.com/"])
def test_an_address_inside_is_refused_at_once(url):
    page = signed_in("管理员").post(reverse("admin:campaigns_webhookendpoint_add"), {**HOOK, "url": url})
    assert page.status_code == 200
    assert not WebhookEndpoint.objects.exists()


def test_telling_again_asks_first():
    endpoint = WebhookEndpoint(name="商城", url="https://example.com/", events=["reply.received"])
    webhooks.new_secret(endpoint, person("管理员"))
    row = WebhookDelivery.objects.create(
        endpoint=endpoint, event="reply.received", attempts=9, last_status=500, last_error="HTTP 500"
    )
    client = signed_in("管理员")
    listed = client.get(reverse("admin:campaigns_webhookdelivery_changelist")).content.decode()
    address = reverse("admin:campaigns_webhookdelivery_again", args=[row.pk])
    assert address in listed
    assert "HTTP 500" in listed
    assert client.get(address).status_code == 200
    row.refresh_from_db()
    assert row.next_at is None
    assert client.post(address).status_code == 302
    row.refresh_from_db()
    assert (row.attempts, row.last_status) == (0, None)
    assert row.next_at <= timezone.now()


@pytest.mark.parametrize("role", sorted(set(roles.PERMISSIONS) - {roles.ADMINISTRATORS}))
def test_nobody_else(role):
    token, _plain = tokens.make("商城", ["send"], integrator())
    endpoint = WebhookEndpoint(name="商城", url="https://example.com/", events=[])
    secret = webhooks.new_secret(endpoint, person("管理员"))
    row = WebhookDelivery.objects.create(endpoint=endpoint, event="reply.received")
    client = signed_in(role)
    for name, args in [
        ("apitoken_changelist", []),
        ("apitoken_add", []),
        ("apitoken_change", [token.pk]),
        ("webhookendpoint_changelist", []),
        ("webhookendpoint_add", []),
        ("webhookendpoint_change", [endpoint.pk]),
        ("webhookendpoint_secret", [endpoint.pk]),
        ("webhookdelivery_changelist", []),
        ("webhookdelivery_again", [row.pk]),
    ]:
        assert client.post(reverse(f"admin:campaigns_{name}", args=args), NEW).status_code == 403, name
        assert client.get(reverse(f"admin:campaigns_{name}", args=args)).status_code == 403, name
    assert ApiToken.objects.count() == 1
    assert WebhookEndpoint.objects.get().secret == {"secret": secret}
    menu = client.get(reverse("admin:index")).content.decode()
    assert "apitoken" not in menu
    assert "webhook" not in menu
