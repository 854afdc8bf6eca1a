"""What the schema says is what the API does: random calls made from it break neither."""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks

from campaigns import preflight
from campaigns.api import tokens
from campaigns.models import Campaign
from campaigns.states import Scope
from config.wsgi import application
from messaging.models import Reply, Suppression
from tests.campaigns.conftest import Maker
from tests.people import integrator

api = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
EXAMPLES = int(os.environ.get("API_EXAMPLES", "15"))


def operations():
    for path, methods in api.raw_schema["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_address_is_described_with_its_errors():
    from campaigns.api.urls import urlpatterns

    described = {path.removeprefix("/api/v1/").replace("{id}", "<id:pk>") for _, path, _ in operations()}
    assert described == {str(pattern.pattern) for pattern in urlpatterns} - {"", "schema/"}
    for method, path, operation in operations():
        errors = {code for code in operation["responses"] if code >= "400"}
        assert errors >= {"400", "401", "403", "404", "405", "429", "500"}, (method, path)
        assert operation["security"] == [{"token": []}], (method, path)
        assert operation["summary"]
        body = operation.get("requestBody")
        if body and "application/json" in body["content"]:
            assert body["content"]["application/json"]["examples"], (method, path)


def test_it_is_versioned_and_open(client):
    assert (api.raw_schema["openapi"], api.raw_schema["info"]["version"]) == ("3.0.3", "1.0.0")
    schemes = api.raw_schema["components"]["securitySchemes"]
    assert schemes == {"token": {"type": "http", "scheme": "bearer"}}


@pytest.fixture
def open_connection() -> Iterator[None]:
    """The end of a request closes a connection that is within a transaction, as every test's is."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(db, open_connection) -> str:
    """Something stands behind the small ids: a campaign, an import, a reply, an entry."""
    make = Maker()
    campaign = make.campaign(make.people(3), content={"kind": "text", "text": "您好", "suggestions": []})
    preflight.check(campaign)
    account = campaign.account
    for n in range(3):
        Reply.objects.create(
            account=account, key=str(n), phone="13800000001", content="好", replied_at=account.created_at
        )
    Suppression.objects.create(phone="13800000001", source="hand")
    assert Campaign.objects.count() == 1
    return tokens.make("乱敲", [scope.value for scope in Scope], integrator(), per_minute=60_000)[1]


@pytest.mark.slow
@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_call_breaks_the_schema(case, token):
    """No 5xx, no status, header, type or body beside the schema. That a name is unknown or a number is none no schema says."""
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}"}, excluded_checks=[checks.positive_data_acceptance]
    )
