"""No list answers questions about columns that its page does not offer to filter by: else a masked number, a callback
token or a password is read letter by letter from rows that come and go."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, reverse

from campaigns import roles
from kit.lookups import NamedLookups
from messaging.models import Suppression, VendorAccount
from tests.people import signed_in

pytestmark = pytest.mark.django_db
LOOKUPS = ("", "__exact", "__startswith", "__regex", "__gte", "__lt", "__in", "__isnull", "__contains")
REGISTERED = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)


def offered(page: Any) -> set[str]:
    """The columns that the page's own filters name."""
    named = set()
    for item in page.list_filter:
        if isinstance(item, type):
            named.add(getattr(item, "parameter_name", ""))
        else:
            named.add(item if isinstance(item, str) else item[0])
    return named | {page.date_hierarchy or ""}


def columns(model: type[models.Model]) -> list[str]:
    own = [field.name for field in model._meta.concrete_fields]
    far = [
        f"{field.name}__{other.name}"
        for field in model._meta.concrete_fields
        if field.is_relation
        for other in field.related_model._meta.concrete_fields
    ]
    return own + far


@pytest.mark.parametrize(("model", "page"), REGISTERED, ids=[model._meta.label for model, _page in REGISTERED])
def test_hidden_columns_cannot_be_asked_about(model: type[models.Model], page: Any) -> None:
    assert isinstance(page, NamedLookups)
    try:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    except NoReverseMatch:
        return
    client = signed_in(superuser=True)
    shown = client.get(url)
    if shown.status_code != 200:  # a page of its own stands there, which takes no lookups
        return
    hidden = [name for name in columns(model) if name.partition("__")[0] not in offered(page)]
    assert hidden
    answered = [
        name + lookup
        for name in hidden
        for lookup in (LOOKUPS if "__" not in name else ("", "__startswith", "__regex"))
        if page.lookup_allowed(name + lookup, "1", shown.wsgi_request)
    ]
    assert answered == []
    # Over HTTP: a page that goes past Django's list must not read its address as a condition either.
    whole = len(shown.content)
    for name in hidden[:8]:
        answer = client.get(url, {f"{name}__startswith": "zzz"})
        assert answer.status_code == 400 or abs(len(answer.content) - whole) < 3000, name


def test_a_masked_number_is_not_found_digit_by_digit() -> None:
    Suppression.objects.create(phone="13812349876", scope="all", source="hand")
    url = reverse("admin:messaging_suppression_changelist")
    for role in (roles.CAMPAIGNS, roles.ADMINISTRATORS, roles.SUPPORT):
        client = signed_in(role)
        for name in ("phone__startswith", "phone__regex", "phone", "phone__gte", "note__contains"):
            assert client.get(url, {name: "1381"}).status_code == 400, (role, name)
        assert client.get(url, {"scope__exact": "all"}).status_code == 200
        assert client.get(url, {"scope": "all"}).status_code == 200


def test_a_callback_token_is_not_found_letter_by_letter() -> None:
    VendorAccount.objects.create(name="短信", vendor="veesing", base_url="http://127.0.0.1:9", status="ok")
    url = reverse("admin:messaging_vendoraccount_changelist")
    client = signed_in(roles.CAMPAIGNS)
    for name in ("callback_token__regex", "callback_token__startswith", "callback_token__gt", "id", "id__in"):
        assert client.get(url, {name: "1"}).status_code == 400, name
    assert client.get(url, {"status__exact": "ok"}).status_code == 200
    assert client.get(url, {"vendor": "veesing"}).status_code == 200


def test_the_filters_that_a_page_offers_work() -> None:
    client = signed_in(superuser=True)
    for model, page in REGISTERED:
        try:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        answer = client.get(url)
        changes = getattr(answer, "context_data", None) or {}
        if "cl" not in changes:
            continue
        for spec in changes["cl"].filter_specs:
            for choice in spec.choices(changes["cl"]):
                if "query_string" in choice:
                    assert client.get(url + choice["query_string"]).status_code == 200, (model, choice)
        assert page
