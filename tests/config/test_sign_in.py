"""Signing in: who is locked, who is slowed down, who is neither; what passwords there may be; when a session ends."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns import roles
from campaigns.models import AuditEvent
from config import sign_in
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "Sunny-Meadow-42"
PROXY = "10.0.0.1"
LOG_IN = "/admin/login/"


@pytest.fixture
def guarded(settings: Any) -> None:
    settings.AXES_ENABLED = True
    settings.TRUSTED_PROXIES = [PROXY]


def somebody(name: str) -> User:
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    return user


def attempt(name: str, password: str, address: str = "198.51.100.9", client: Client | None = None) -> Any:
    data = {"username": name, "password": password}
    return (client or Client()).post(LOG_IN, data, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=address)


@pytest.mark.usefixtures("guarded")
class TestLock:
    def test_a_stranger_behind_the_proxy_locks_nobody_else_out(self) -> None:
        somebody("kefu")
        for n in range(6):
            last = attempt(f"unsinn{n % 2}" if n else "unsinn0", "falsch", "203.0.113.1")
        for _ in range(5):
            last = attempt("kefu", "falsch", "203.0.113.1")
        assert last.status_code == 429
        assert attempt("kefu", PASSWORD, "203.0.113.1").status_code == 429
        assert attempt("kefu", PASSWORD, "198.51.100.9").status_code == 302

    def test_ones_own_log_in_forgets_nothing_of_others(self) -> None:
        somebody("chef")
        somebody("kefu")
        answers = []
        for _ in range(3):
            answers += [attempt("chef", "falsch").status_code for _ in range(2)]
            attempt("kefu", PASSWORD)
        assert answers == [200, 200, 200, 200, 429, 429]
        assert attempt("chef", PASSWORD).status_code == 429

    def test_going_on_does_not_prolong_the_lock(self) -> None:
        somebody("kefu")
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            for _ in range(5):
                attempt("kefu", "falsch")
            for _ in range(14):
                clock.shift(60)
                assert attempt("kefu", "falsch").status_code == 429
            clock.shift(61)
            assert attempt("kefu", PASSWORD).status_code == 302

    @pytest.mark.parametrize("forwarded", ["unsinn", "1.2.3.4:99", "", "x" * 400])
    def test_what_is_no_address_counts_as_the_proxys(self, forwarded: str) -> None:
        somebody("kefu")
        assert attempt("kefu", "falsch", forwarded).status_code == 200
        assert AccessAttempt.objects.get().ip_address == PROXY


@pytest.mark.usefixtures("guarded")
class TestSlow:
    def tries(self, name: str, count: int) -> None:
        """From as many addresses."""
        for n in range(count):
            attempt(name, "falsch", f"203.0.113.{n + 1}")

    def test_many_addresses_are_slowed_down_for_one_name(self) -> None:
        somebody("kefu")
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            self.tries("kefu", sign_in.SLOW_AFTER["name"])
            judged = [attempt("kefu", "falsch", f"192.0.2.{n}").status_code for n in range(1, 60)]
            assert judged == [200, *[429] * 58]
            refused = attempt("kefu", PASSWORD, "192.0.2.200")
            assert (refused.status_code, refused["Retry-After"]) == (429, "10")
            assert "10" in read(refused).text
            clock.shift(10)
            assert attempt("kefu", PASSWORD, "192.0.2.200").status_code == 302

    def test_whoever_signed_in_here_before_does_not_wait(self) -> None:
        somebody("kefu")
        mine = Client()
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False):
            assert attempt("kefu", PASSWORD, client=mine).status_code == 302
            mine.cookies.pop("sessionid")
            self.tries("kefu", 40)
            for _ in range(3):
                assert attempt("kefu", PASSWORD, client=mine).status_code == 302
                mine.cookies.pop("sessionid")

    def test_the_cookie_is_for_one_person_and_cannot_be_made(self) -> None:
        somebody("kefu")
        somebody("chef")
        mine, forged = Client(), Client()
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False):
            attempt("kefu", PASSWORD, client=mine)
            mine.cookies.pop("sessionid")
            forged.cookies[sign_in.COOKIE] = str(User.objects.get(username="chef").pk)
            self.tries("chef", 40)
            assert attempt("chef", "falsch", client=mine).status_code == 429
            assert attempt("chef", "falsch", client=forged).status_code == 429
            cookie = mine.cookies[sign_in.COOKIE]
            assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/admin/")

    def test_one_address_is_slowed_down_for_many_names(self) -> None:
        somebody("kefu")
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            for n in range(sign_in.SLOW_AFTER["address"]):
                attempt(f"name{n}", "falsch", "203.0.113.1")
            assert [attempt(f"n{n}", "falsch", "203.0.113.1").status_code for n in range(4)] == [200, 429, 429, 429]
            assert attempt("kefu", PASSWORD, "198.51.100.9").status_code == 302
            clock.shift(5)
            assert attempt("n9", "falsch", "203.0.113.1").status_code == 200


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("name", ["x" * 256, "x" * 151, "名" * 5000, ""])
def test_odd_names_get_the_form_again(name: str) -> None:
    answer = attempt(name, "falsch")
    assert answer.status_code == 200
    assert "username" in read(answer).inputs


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize(("name", "password"), [("a\x00b", "falsch"), ("\x00", "falsch"), ("kefu", "a\x00b")])
def test_a_nul_is_refused(name: str, password: str) -> None:
    """As anywhere in a request."""
    assert attempt(name, password).status_code == 400


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("Kurz-und-gu", False),
        ("123456789012", False),
        ("198704151987", False),
        ("passwordpassword1", True),
        ("qwertyuiop123", False),
        ("Sunny-Meadow-", True),
    ],
)
def test_passwords_have_twelve_characters_and_are_not_digits_alone(password: str, taken: bool) -> None:
    data = {"username": "neu", "usable_password": "true", "password1": password, "password2": password}
    signed_in(roles.ADMINISTRATORS).post(reverse("admin:auth_user_add"), data)
    assert User.objects.filter(username="neu").exists() is taken


class TestTrail:
    def events(self) -> list[tuple[str, str, Any]]:
        rows = AuditEvent.objects.order_by("pk").select_related("actor")
        return [(row.action, row.target_name, row.detail) for row in rows]

    def test_log_ins_log_outs_and_failures(self, settings: Any) -> None:
        settings.TRUSTED_PROXIES = [PROXY]
        somebody("kefu")
        client = Client()
        attempt("kefu", "falsch", client=client)
        attempt("niemand", "vielleicht-ein-passwort", client=client)
        attempt("kefu", PASSWORD, client=client)
        client.post(reverse("admin:logout"), REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="198.51.100.9")
        at = {"address": "198.51.100.9"}
        assert self.events() == [
            ("person.log_in_failed", "kefu", at),
            ("person.signed_in", "kefu", at),
            ("person.signed_out", "kefu", at),
        ]

    @pytest.mark.usefixtures("guarded")
    def test_tries_while_locked_do_not_fill_it(self) -> None:
        somebody("kefu")
        for _ in range(30):
            attempt("kefu", "falsch")
        assert [action for action, _name, _detail in self.events()] == ["person.log_in_failed"] * 5


class TestEndOfSession:
    HOME = "/admin/"

    def test_an_hour_without_activity_ends_it(self) -> None:
        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            clock.shift(timedelta(minutes=59))
            assert client.get(self.HOME).status_code == 200
            clock.shift(timedelta(minutes=59))
            assert client.get(self.HOME).status_code == 200
            clock.shift(timedelta(minutes=60))
            answer = client.get(self.HOME)
            assert answer.status_code == 302
            assert answer["Location"].startswith(LOG_IN)
            assert "60" in read(client.get(answer["Location"])).text
        event = AuditEvent.objects.get(action="person.timed_out")
        assert event.actor == person(roles.SUPPORT)

    def test_what_a_page_does_by_itself_is_no_activity(self, house: Any) -> None:
        inbox = reverse("admin:messaging_reply_changes")
        json_wanted = {"Accept": "application/json", "X-Background": "1"}
        save = reverse("admin:templates_5g_templateversion_save", args=[house.version.pk])
        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            for _ in range(12):
                clock.shift(timedelta(minutes=5))
                client.get(inbox, headers=json_wanted)
                client.get(self.HOME, headers={"Sec-Fetch-Dest": "image"})
                client.post(save, json.dumps({}), content_type="application/json", headers=json_wanted)
            assert client.get(self.HOME).status_code == 302

    @pytest.mark.parametrize("page", ["admin:session", "admin:messaging_reply_changes"])
    def test_who_types_on_a_page_that_saves_nothing_stays(self, house: Any, page: str) -> None:
        """Scripts ask without X-Background while somebody types."""
        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            for _ in range(20):
                clock.shift(timedelta(minutes=20))
                assert client.get(reverse(page), headers={"Accept": "application/json"}).status_code == 200
            assert client.get(self.HOME).status_code == 200

    def test_who_types_stays(self, house: Any) -> None:
        check = reverse("admin:templates_5g_templateversion_check", args=[house.version.pk])
        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.MARKETING)
            for _ in range(20):
                clock.shift(timedelta(minutes=20))
                body = json.dumps({"content": {}, "fallback": {}, "purpose": "notice"})
                client.post(check, body, content_type="application/json", headers={"Accept": "application/json"})
            assert client.get(self.HOME).status_code == 200

    def test_after_twelve_hours_in_any_case(self) -> None:
        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            for _ in range(23):
                clock.shift(timedelta(minutes=30))
                assert client.get(self.HOME).status_code == 200
            clock.shift(timedelta(minutes=30))
            assert client.get(self.HOME).status_code == 302

    def test_a_page_writes_the_session_once_a_minute(self, django_assert_num_queries: Any) -> None:
        from django.contrib.sessions.models import Session

        with time_machine.travel("2026-03-01T08:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.SUPPORT)
            before = Session.objects.get().session_data
            clock.shift(59)
            client.get(self.HOME)
            assert Session.objects.get().session_data == before
            clock.shift(1)
            client.get(self.HOME)
            assert Session.objects.get().session_data != before
