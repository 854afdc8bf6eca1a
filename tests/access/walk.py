"""Every address of the project and every action of the admin, and who gets what there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from campaigns import roles
from campaigns.models import AudienceImport
from kit import phone_keys
from messaging.models import SuppressionImport, VendorAccount
from templates_5g.models import TemplateVersion
from tests.access.rows import Rows
from tests.people import person

PHONE = "13812340001"
ROLES = (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS)
NOBODY, SUPERUSER, STRANGER = "无角色", "超级用户", "未登录"
PERSONS = (STRANGER, NOBODY, *ROLES, SUPERUSER)
# Words in addresses that stand for more than a row.
WORDS = {"act": "sent", "group": "to_send", "kind": "csv", "extension": "png", "how": "sent", "url": "nothing"}
ACTS = {"admin:first_use_decide": "grant", "admin:campaigns_rolegrant_decide": "yes"}
# Signing in and out, and languages: for everybody, whoever they are.
FOR_EVERYBODY = {
    "admin:login",
    "admin:logout",
    "set_language",
    "jsi18n",
    "csp-report",
    "public-media",
    "vendor-callback",
    "",
    "admin:",
}


@dataclass(frozen=True)
class Address:
    """One named pattern. `parameters` are the names in it."""

    name: str
    parameters: tuple[str, ...]


def addresses() -> list[Address]:
    """Every pattern with a name. The nameless ones are Django's redirects to old addresses and the catch-all."""
    found = {Address(name, parameters) for name, parameters in _walk(get_resolver(), "") if name.rpartition(":")[2]}
    return sorted(found, key=lambda address: address.name)


def _walk(resolver: Any, space: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            named = re.compile(str(pattern.pattern)).groupindex if not pattern.pattern.converters else {}
            yield f"{space}{pattern.name or ''}", tuple(pattern.pattern.converters) or tuple(named)


def path(address: Address, rows: Rows, **given: Any) -> str:
    """With the rows' keys in it; `given` stands for parameters by their names."""
    found = {name: given[name] if name in given else _value(address, name, rows) for name in address.parameters}
    return reverse(address.name, kwargs=found)


def _value(address: Address, parameter: str, rows: Rows) -> Any:
    if parameter == "act" and address.name in ACTS:
        return ACTS[address.name]
    if parameter in WORDS:
        return WORDS[parameter]
    if parameter == "app_label":
        return "messaging"
    if parameter == "key":
        return phone_keys.seal(PHONE)
    if parameter == "version_id":
        return rows.of(TemplateVersion).pk
    if parameter == "account_id":
        return rows.of(VendorAccount).pk
    if parameter in ("pk", "id", "object_id", "content_type_id", "state_id"):
        model = _model(address.name)
        return rows.of(model).pk if model else 1
    raise KeyError(f"tests/access/walk.py does not know what stands for <{parameter}> in {address.name}")


def _model(name: str) -> Any:
    """The model that an address is about, told by its name: admin:app_model_page."""
    if "audience_file" in name:
        return AudienceImport
    if "suppression_file" in name:
        return SuppressionImport
    plain = name.partition(":")[2]
    for model in apps.get_models():
        if plain.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    return {"unknown": apps.get_model("messaging", "batch"), "first": apps.get_model("campaigns", "firstuse")}.get(
        plain.partition("_")[0]
    )


def everybody() -> dict[str, Client]:
    """A signed-in browser for each person."""
    clients = {who: Client(raise_request_exception=False) for who in PERSONS}
    for who, client in clients.items():
        if who != STRANGER:
            client.force_login(person("" if who in (NOBODY, SUPERUSER) else who, superuser=who == SUPERUSER))
    return clients


def is_open(who: str, client: Client, method: str, url: str) -> bool:
    """Whether this person gets further than "you may not": whatever they do there is undone."""
    session = client.cookies.copy()
    with transaction.atomic():
        answer = client.generic(method, url, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    client.cookies = session
    if answer.status_code >= 500:
        raise AssertionError(f"{method} {url} as {who}: {answer.status_code}")
    to_login = answer.status_code == 302 and "/login/" in answer.headers["Location"]
    return not to_login and answer.status_code not in (401, 403)


def actions() -> list[tuple[str, str]]:
    """(model, action) of every action that a superuser is offered."""
    return sorted(
        (model._meta.label_lower, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(_request(SUPERUSER))
    )


def may_act(who: str, label: str, action: str) -> bool:
    page = admin.site._registry[apps.get_model(label)]
    request = _request(who)
    return page.has_view_permission(request) and action in page.get_actions(request)


def _request(who: str) -> Any:
    request = RequestFactory().get("/")
    request.user = person("" if who in (NOBODY, SUPERUSER) else who, superuser=who == SUPERUSER)
    return request
