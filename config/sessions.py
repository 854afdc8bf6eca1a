"""When a session ends by itself, and what its person must do first.

A session ends after SESSION_IDLE_MINUTES without activity, and SESSION_HOURS after the log-in in any case. Activity is what a
person does: a page that is opened, a form that is sent, typing (static/theme/forms.js asks for the session meanwhile). What a page
does by itself is none: its pictures and scripts, and what its scripts repeat, such as polls and saves that failed, which carry
X-Background unless the person has typed or clicked within the last minute (static/theme/ask.js)."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from config.expired import is_script

BEGAN, SEEN, MUST_CHANGE = "began", "seen", "must_change_password"
# `seen` is written again only after so long: a page costs no write of its session.
_EVERY_SECONDS = 60
_OPEN_BEFORE_CHANGE = frozenset({"password_change", "password_change_done", "logout", "login", "jsi18n"})


class SessionRules:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _judge(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """Who has a password that somebody else knows changes it before anything else."""
        match = request.resolver_match
        if match is None or match.app_name != "admin" or match.url_name in _OPEN_BEFORE_CHANGE:
            return None
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get(MUST_CHANGE):
            return redirect("admin:password_change")
        return None


def begin(request: HttpRequest, *, must_change: bool) -> None:
    """At every log-in."""
    now = int(time.time())
    request.session[BEGAN], request.session[SEEN] = now, now
    if must_change:
        request.session[MUST_CHANGE] = True


def _judge(request: HttpRequest) -> None:
    now, session = int(time.time()), request.session
    began, seen = session.get(BEGAN, now), session.get(SEEN, now)
    minutes, hours = settings.SONGDA["SESSION_IDLE_MINUTES"], settings.SONGDA["SESSION_HOURS"]
    if now - seen >= minutes * 60:
        _end(request, "idle", _("You were signed out after %(n)s minutes without activity.") % {"n": minutes})
    elif now - began >= hours * 3600:
        _end(request, "old", _("You were signed out %(n)s hours after your log-in.") % {"n": hours})
    elif BEGAN not in session or (now - seen >= _EVERY_SECONDS and is_activity(request)):
        session[BEGAN], session[SEEN] = began, now


def _end(request: HttpRequest, why: str, words: str) -> None:
    request.ended_because = why  # type: ignore[attr-defined]
    logout(request)
    messages.info(request, words)


def is_activity(request: HttpRequest) -> bool:
    """Whether a person did something, not the page by itself."""
    if "X-Background" in request.headers:
        return False
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return request.method not in ("GET", "HEAD") or is_page or is_script(request)
