"""Tokens, scopes, pace, and the one shape of everything that goes wrong."""

import re

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from campaigns.api import tokens
from campaigns.models import ApiToken, AuditEvent, Campaign
from messaging.models import Delivery, Dispatch, Suppression
from tests.campaigns.api.conftest import ROOT
from tests.database import failing
from tests.people import person

pytestmark = pytest.mark.django_db

PHONE = "13800000001"
EVERY = [
    ("GET", "/messages/1/", "send"),
    ("POST", "/messages/", "send"),
    ("POST", "/audiences/", "audiences"),
    ("GET", "/imports/1/", "audiences"),
    ("POST", "/imports/1/check/", "audiences"),
    ("POST", "/imports/1/confirm/", "audiences"),
    ("POST", "/imports/1/discard/", "audiences"),
    ("POST", "/campaigns/", "campaigns"),
    ("GET", "/campaigns/1/", "campaigns"),
    ("POST", "/campaigns/1/check/", "campaigns"),
    ("POST", "/campaigns/1/ask/", "campaigns"),
    ("POST", "/campaigns/1/withdraw/", "campaigns"),
    ("POST", "/campaigns/1/start/", "campaigns"),
    ("POST", "/campaigns/1/pause/", "campaigns"),
    ("POST", "/campaigns/1/resume/", "campaigns"),
    ("POST", "/campaigns/1/cancel/", "campaigns"),
    ("GET", f"/deliveries/?phone={PHONE}", "lookup"),
    ("GET", "/replies/", "replies"),
    ("GET", "/suppressions/", "suppressions"),
    ("POST", "/suppressions/", "suppressions"),
    ("POST", "/suppressions/1/lift/", "suppressions"),
]
SCOPES = {"send", "campaigns", "audiences", "lookup", "replies", "suppressions", "reveal"}


def shape(response):
    """(status, code, path) of an error; fails where it is not of the one shape."""
    assert response["Content-Type"] == "application/json"
    error = response.json()["error"]
    assert set(error) - {"details"} == {"code", "message", "path"}
    assert error["message"]
    return response.status_code, error["code"], error["path"]


def test_the_list_above_is_every_address():
    from campaigns.api.urls import urlpatterns

    routes = {str(p.pattern).replace("<id:pk>", "1") for p in urlpatterns} - {"schema/", ""}
    assert {path.partition("?")[0].lstrip("/") for _, path, _ in EVERY} == routes


@pytest.mark.parametrize(("method", "path", "scope"), EVERY)
def test_without_the_scope_nothing_happens(method, path, scope, caller):
    """All the other scopes together do not make up for the missing one."""
    system = caller(*(SCOPES - {scope}))
    before = AuditEvent.objects.count()
    answer = system.call(method, path, {"phone": PHONE}, headers={"Idempotency-Key": "k"})
    assert shape(answer) == (403, "scope_missing", "")
    assert f"“{scope}”" in answer.json()["error"]["message"]
    assert not Dispatch.objects.exists()
    assert not Suppression.objects.exists()
    assert not Campaign.objects.exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(("method", "path", "scope"), EVERY)
def test_the_one_scope_is_enough(method, path, scope, caller):
    assert caller(scope).call(method, path).status_code not in (401, 403)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Bearer a b", "Basic abc", "Bearer \xff"])
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in EVERY[:3]])
def test_without_a_token(method, path, header):
    headers = {"Authorization": header} if header else {}
    answer = Client().generic(method, ROOT + path, headers=headers)
    assert shape(answer)[0] == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_token_itself_is_kept_nowhere(caller):
    system = caller("lookup")
    row = ApiToken.objects.values().get()
    assert re.fullmatch(r"sd_[\w-]{43}", system.plain)
    assert system.plain not in str(row)
    assert row["prefix"] == system.plain[:9]
    assert row["digest"] == tokens.digest(system.plain)
    detail = AuditEvent.objects.get(action="token.made").detail
    assert (detail["scopes"], detail["holder"]) == (["lookup"], system.token.created_by.get_username())
    assert system.plain not in str(detail)


def test_a_stopped_token_and_one_whose_person_left_are_as_unknown(caller):
    system = caller("replies")
    assert system.get("/replies/").status_code == 200
    ApiToken.objects.update(active=False)
    stopped = system.get("/replies/")
    ApiToken.objects.update(active=True)
    User.objects.filter(pk=system.token.created_by_id).update(is_active=False)
    assert shape(stopped) == shape(system.get("/replies/")) == (401, "authentication_failed", "")


def test_so_many_calls_in_a_minute(caller):
    system, other = caller("replies", per_minute=3), caller("replies", name="别的", per_minute=1)
    with time_machine.travel("2026-11-21T10:00:20+08:00", tick=False) as clock:
        assert [system.get("/replies/").status_code for _ in range(3)] == [200, 200, 200]
        refused = system.get("/replies/")
        assert shape(refused)[:2] == (429, "throttled")
        assert refused["Retry-After"] == "40"
        assert other.get("/replies/").status_code == 200
        clock.shift(40)
        assert system.get("/replies/").status_code == 200


def test_a_refused_call_counts_too(caller):
    system = caller("send", per_minute=1)
    assert system.get("/replies/").status_code == 403
    assert system.get("/replies/").status_code == 429


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "wanted"),
    [
        ("GET", "/nowhere/", None, "application/json", (404, "not_found", "")),
        ("PUT", "/nowhere", None, "application/json", (404, "not_found", "")),
        ("GET", "/campaigns/77/", None, "application/json", (404, "not_found", "")),
        ("GET", f"/campaigns/{'9' * 19}/", None, "application/json", (404, "not_found", "")),
        ("GET", f"/campaigns/{'9' * 18}/", None, "application/json", (404, "not_found", "")),
        ("DELETE", "/suppressions/", None, "application/json", (405, "method_not_allowed", "")),
        ("GET", "/messages/", None, "application/json", (405, "method_not_allowed", "")),
        ("OPTIONS", "/messages/", None, "application/json", (405, "method_not_allowed", "")),
        (
            "POST",
            "/suppressions/",
            b"phone=1",
            "application/x-www-form-urlencoded",
            (415, "unsupported_media_type", ""),
        ),
        ("POST", "/audiences/", b"{}", "application/json", (415, "unsupported_media_type", "")),
        ("POST", "/suppressions/", b"{", "application/json", (400, "malformed", "")),
        ("POST", "/suppressions/", b'{"phone": NaN}', "application/json", (400, "malformed", "")),
        ("POST", "/suppressions/", b'{"note": "\\ud800"}', "application/json", (400, "malformed", "")),
        ("POST", "/suppressions/", b"\xff\xfe", "application/json", (400, "malformed", "")),
        ("POST", "/suppressions/", b"[]", "application/json", (400, "invalid", "")),
        ("POST", "/suppressions/", b'{"phone": "123"}', "application/json", (400, "invalid", "phone")),
        ("POST", "/suppressions/", b'{"phone": 13800000001}', "application/json", (400, "invalid", "phone")),
        ("POST", "/suppressions/", b" " * (4 * 1024 * 1024 + 1), "application/json", (413, "too_large", "")),
        ("POST", "/audiences/", b"--x", "multipart/form-data", (400, "malformed", "")),
        ("GET", "/deliveries/", None, "application/json", (400, "invalid", "phone")),
        ("GET", "/suppressions/?phone=", None, "application/json", (400, "invalid", "phone")),
        ("GET", "/suppressions/?fone=13800000001", None, "application/json", (400, "invalid", "fone")),
        ("GET", "/replies/?limit=0", None, "application/json", (400, "invalid", "limit")),
        ("GET", f"/replies/?after={2**63}", None, "application/json", (400, "invalid", "after")),
    ],
)
def test_every_failure_has_one_shape(method, path, body, content_type, wanted, caller):
    answer = caller(*SCOPES).call(method, path, body, content_type=content_type)
    assert shape(answer) == wanted


def test_what_nobody_expected_has_the_shape_and_tells_nothing(caller):
    with failing("SELECT .*messaging_reply", RuntimeError("secret inside 13800000001")):
        answer = caller("replies").get("/replies/")
    assert shape(answer) == (500, "internal", "")
    assert b"secret" not in answer.content


def test_the_sentence_comes_in_the_language_of_the_caller(caller):
    system = caller("suppressions")
    english = system.post("/suppressions/", {"phone": "1"}).json()["error"]["message"]
    chinese = system.post("/suppressions/", {"phone": "1"}, headers={"Accept-Language": "zh-CN"}).json()["error"]
    assert english == "This is no mobile number: it must have 11 digits."
    assert re.search("[\u4e00-\u9fff]", chinese["message"])


def test_a_session_of_the_admin_opens_nothing():
    client = Client()
    client.force_login(person(superuser=True))
    assert client.get(f"{ROOT}/replies/").status_code == 401


def test_a_message_of_another_token_is_not_there(caller):
    assert shape(caller("send").get("/messages/1/")) == (404, "not_found", "")
    assert not Delivery.objects.exists()
