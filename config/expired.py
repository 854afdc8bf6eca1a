"""Answers to a request whose sign-in or form token is gone: JSON for scripts, the typed text for people.

A script gets {"code", "message"}: 401 "signed_out", 403 "form_expired" or 403 "not_allowed". It keeps what was typed, asks for a
new token at `admin:session` and goes on. A form that was posted by the browser itself is answered by a page that shows the text,
so that it can be copied. The text is shown, never posted again for the person: the request may come from another site."""

import re

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

_SECRET = re.compile(r"pass|secret|token|credential|key", re.IGNORECASE)
# Numbers, dates, ids and choices: quickly entered again.
_NO_TEXT = re.compile(r"[!-~]{0,40}")
_MOST_CHARACTERS = 200_000


def is_script(request: HttpRequest) -> bool:
    """Whether one of our scripts asks: it wants JSON and would show a page to nobody."""
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    return request.headers.get("Accept", "").startswith("application/json")


def signed_out(request: HttpRequest) -> HttpResponse | None:
    """The answer to somebody who is not signed in; None where the way to the log-in page is the right one."""
    if is_script(request):
        return _problem(401, "signed_out", _("You have been signed out. Sign in again to go on."))
    typed = typed_text(request)
    if not typed:
        return None
    sign_in = f"{reverse('admin:login')}?{urlencode({'next': _page_before(request)})}"
    answer = render(request, "signed_out.html", {"typed": typed, "sign_in": sign_in}, status=401)
    add_never_cache_headers(answer)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    if is_script(request):
        return _problem(403, "form_expired", _("This page is too old to be sent. Load it again."))
    answer = render(request, "403_csrf.html", {"typed": typed_text(request)}, status=403)
    add_never_cache_headers(answer)
    return answer


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The handler403 of the addresses."""
    if is_script(request):
        return _problem(403, "not_allowed", _("Your role may not do this."))
    return render(request, "403.html", status=403)


def typed_text(request: HttpRequest) -> list[str]:
    """The texts of a posted form, without secrets, tokens and what is quickly entered again."""
    if request.method != "POST":
        return []
    try:
        posted = request.POST
    except (SuspiciousOperation, UnreadablePostError):
        return []
    values = (
        text
        for name, texts in posted.lists()
        if not _SECRET.search(name)
        for text in texts
        if not _NO_TEXT.fullmatch(text.strip())
    )
    found, room = [], _MOST_CHARACTERS
    for text in values:
        room -= len(text)
        if room >= 0:
            found.append(text)
    return found


def _page_before(request: HttpRequest) -> str:
    """The page whose form was posted, as far as the browser tells it; the address itself may answer posts alone."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else reverse("admin:index")


def _problem(status: int, code: str, message: str) -> JsonResponse:
    answer = JsonResponse({"code": code, "message": message}, status=status)
    add_never_cache_headers(answer)
    return answer
