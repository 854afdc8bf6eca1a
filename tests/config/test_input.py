"""Odd input is answered with a sentence or "not found" on every page, never with a crash: NUL, signs that look like digits, ids
longer than any column, names that are no columns."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.people import signed_in

pytestmark = pytest.mark.django_db
ODD_IDS = ["²", "x", "9" * 5000, "-1", "%00", "1e5", "½", "0x1"]
PARAMETERS = ["q", "p", "o", "state", "tag", "action", "before"]


def addresses(kind: str, *args: object) -> list[str]:
    found = []
    for model in admin.site._registry:
        try:
            found.append(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args))
        except NoReverseMatch:
            continue
    return found


@pytest.mark.parametrize("kind", ["change", "delete", "history"])
def test_an_odd_id_is_nobody(kind: str) -> None:
    client = signed_in(superuser=True)
    found = addresses(kind, "ID")
    assert len(found) > 8
    for url in found:
        for odd in ODD_IDS:
            status = client.get(url.replace("ID", odd)).status_code
            assert status in (302, 400, 403, 404), (url, odd[:9])


@pytest.mark.parametrize("text", ["²", "9" * 5000, "[", "\ud83d".encode("utf-8", "surrogatepass")], ids=ascii)
def test_an_odd_parameter_breaks_no_list(text: object) -> None:
    client = signed_in(superuser=True)
    lists = [
        *addresses("changelist"),
        reverse("admin:index"),
        reverse("admin:run_status"),
        reverse("admin:unknown_outcomes"),
    ]
    for url in lists:
        for name in PARAMETERS:
            assert client.get(url, {name: text}).status_code in (200, 302, 400, 404), (url, name)


def test_nul_in_a_form_is_refused() -> None:
    client = signed_in(superuser=True)
    for url in [*addresses("add"), reverse("admin:phone_lookup")]:
        assert client.post(url, {"name": "a\0b"}).status_code in (400, 403, 405), url


def test_nul_in_any_address_is_refused_or_nobody() -> None:
    for path in (
        "/admin/%00/",
        "/m/%00.png",
        "/callbacks/%00/x/receipt/",
        "/callbacks/rcs_gateway/%00/receipt/",
        "/%00",
    ):
        assert Client().get(path).status_code in (400, 404), path
    for path in ("/api/v1/%00/", "/api/v1/replies/?limit=%00", "/api/v1/messages/%00/"):
        answer = Client().get(path)
        assert answer.status_code in (400, 401, 404), path
        assert answer.json()["error"]["code"], path


def test_browsers_are_told_what_no_page_uses() -> None:
    answer = Client().get("/admin/login/")
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
