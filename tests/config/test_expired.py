"""What somebody is answered whose login or form token is gone: scripts get JSON, people see what they had typed."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import roles
from messaging.models import CannedAnswer
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
JSON = {"Accept": "application/json"}
CANNED = "/admin/messaging/cannedanswer/add/"
TEXT = "您好，满减可以叠加，\n详见 https://m.example.com/a"


def problem(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    assert response.json()["message"]
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("headers", [JSON, {"X-Requested-With": "XMLHttpRequest"}])
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/session/",
        "/admin/messaging/reply/changes.json",
        "/admin/templates_5g/mediaasset/list/",
        "/admin/autocomplete/",
        "/admin/templates_5g/templateversion/1/save/",
    ],
)
def test_a_script_without_a_login_is_told_so_and_not_sent_to_a_page(address: str, headers: dict[str, str]) -> None:
    assert problem(Client().get(address, headers=headers)) == (401, "signed_out")
    assert problem(Client().post(address, headers=headers)) == (401, "signed_out")


def test_a_person_is_led_to_the_login_as_ever() -> None:
    response = Client().get(CANNED, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={CANNED}")
    assert Client().post(CANNED, {"title": "1"}).status_code == 302  # nothing of it is a text


def test_who_is_no_longer_staff_counts_as_signed_out() -> None:
    client = signed_in(roles.SUPPORT)
    somebody = person(roles.SUPPORT)
    somebody.is_active = False
    somebody.save()
    assert problem(client.get("/admin/session/", headers=JSON)) == (401, "signed_out")


def test_a_script_with_an_old_token_gets_a_new_one_and_goes_on() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(roles.SUPPORT))
    address = reverse("admin:templates_5g_mediaasset_upload")
    for cookie in ("", "x" * 32):
        client.cookies["csrftoken"] = cookie
        assert problem(client.post(address, headers={**JSON, "X-CSRFToken": "y" * 64})) == (403, "form_expired")
    answer = client.get("/admin/session/", headers=JSON).json()
    assert answer["person"] == person(roles.SUPPORT).pk
    assert set(answer) == {"csrf", "person", "name"}
    response = client.post(address, headers={**JSON, "X-CSRFToken": answer["csrf"]})
    assert problem(response) == (403, "not_allowed")  # through the token's check, refused by the role


def test_a_script_is_told_what_its_role_may_not_do() -> None:
    client = signed_in(roles.SUPPORT)
    response = client.get(reverse("admin:templates_5g_mediaasset_list"), headers=JSON)
    assert response.status_code in (200, 403)
    assert problem(client.post("/admin/templates_5g/templateversion/1/save/", headers=JSON)) == (403, "not_allowed")


def test_a_form_posted_after_the_login_ended_shows_what_was_typed() -> None:
    page = f"http://testserver{CANNED}"
    response = Client().post(
        CANNED,
        {"title": "满减规则", "text": TEXT, "password": "很秘密的口令口令", "credential_token": "密钥 密钥"},
        headers={"Referer": page},
    )
    assert response.status_code == 401
    shown = read(response)
    assert "登录已失效" in shown.text
    body = response.content.decode()
    assert ">满减规则</textarea>" in body
    assert f">{TEXT}</textarea>" in body
    assert "口令" not in body
    assert "密钥" not in body
    assert 'href="/admin/login/?next=http%3A%2F%2Ftestserver%2Fadmin%2Fmessaging%2Fcannedanswer%2Fadd%2F"' in body
    assert shown.refused == []
    assert CannedAnswer.objects.count() == 0


def test_a_form_with_an_old_token_shows_what_was_typed_and_never_sends_it_again_by_itself() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(roles.SUPPORT))
    response = client.post(CANNED, {"title": "满减规则", "text": TEXT, "csrfmiddlewaretoken": "x" * 64})
    assert response.status_code == 403
    shown = read(response)
    assert "表单已过期" in shown.text
    assert "返回" not in shown.text
    assert TEXT in response.content.decode()
    assert "<form" not in response.content.decode()
    assert shown.refused == []


def test_what_another_site_posts_is_shown_as_text_alone() -> None:
    hostile = {"text": "</textarea><script>alert(1)</script> 你好"}
    response = Client().post(CANNED, hostile, headers={"Referer": "https://e.vil/"})
    body = response.content.decode()
    assert "<script>alert" not in body
    assert 'href="/admin/login/?next=%2Fadmin%2F"' in body


def test_the_end_of_signing_in_in_a_second_tab() -> None:
    assert "回到原来的标签页继续" in read(signed_in(roles.SUPPORT).get("/admin/signed-in/")).text
    assert Client().get("/admin/signed-in/").status_code == 302


def test_every_script_asks_in_the_one_place_that_notices_a_login_that_ended() -> None:
    own = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    asking = re.compile(r"\bfetch\(|XMLHttpRequest|sendBeacon|EventSource|WebSocket")
    assert [path.name for path in own if asking.search(path.read_text())] == ["ask.js"]
