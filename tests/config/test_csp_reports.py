"""Complaints of browsers about the content policy end as a line in the log."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from campaigns import roles
from tests.people import signed_in

pytestmark = pytest.mark.django_db
REPORT = {
    "document-uri": "https://songda.example/admin/campaigns/campaign/?q=1",
    "effective-directive": "script-src-elem",
    "violated-directive": "script-src",
    "blocked-uri": "https://evil.example/x.js",
}


def send(client: Client, body: Any) -> int:
    text = body if isinstance(body, bytes) else json.dumps({"csp-report": body}).encode()
    return client.post("/csp-report/", text, content_type="application/csp-report").status_code


def test_every_page_names_the_address():
    policy = signed_in(roles.SUPPORT).get("/admin/")["Content-Security-Policy"]
    assert "report-uri /csp-report/" in policy


def test_a_complaint_is_one_line_however_often_it_comes(caplog):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(signed_in(roles.SUPPORT).get("/admin/").wsgi_request.user)
    assert [send(strict, REPORT) for _ in range(3)] == [204, 204, 204]
    said = [record.getMessage() for record in caplog.records if record.name == "config.csp_reports"]
    assert said == ["Content policy: script-src-elem blocked https://evil.example/x.js on /admin/campaigns/campaign/"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 5000,
        b"\xff\xfe",
        {},
        {**REPORT, "blocked-uri": 5},
        {**REPORT, "blocked-uri": "chrome-extension://abc/x.js"},
        {**REPORT, "blocked-uri": "x" * 9000},
    ],
)
def test_what_is_no_complaint_of_a_page_says_nothing(caplog, body):
    assert send(signed_in(roles.SUPPORT), body) == 204
    assert "Content policy" not in caplog.text


@pytest.mark.parametrize("length", ["many", "-1", "1.5", "９９９９９", "9" * 5000])
def test_a_length_that_is_none_is_ignored(caplog, length):
    client = signed_in(roles.SUPPORT)
    client.raise_request_exception = False
    sent = client.post("/csp-report/", {"csp-report": REPORT}, content_type="application/json", CONTENT_LENGTH=length)
    assert sent.status_code == 204
    assert "Content policy" not in caplog.text


def test_a_stranger_writes_nothing_into_the_log(caplog):
    assert send(Client(), REPORT) == 204
    assert "Content policy" not in caplog.text


def test_no_line_is_forged_by_a_line_break(caplog):
    cache.clear()
    send(signed_in(roles.SUPPORT), {**REPORT, "blocked-uri": "inline\nERROR all is lost"})
    assert "blocked inline ERROR all is lost on" in caplog.text


def test_it_is_not_read():
    assert signed_in(roles.SUPPORT).get("/csp-report/").status_code == 405
