"""Signing in: who may try how often, and what is written down about it.

Five wrong passwords of one person from one address lock these two for a quarter of an hour (django-axes). Tries from many addresses
for one name, or from one address for many names, are slowed down instead: one is judged every few seconds. Nobody is locked out by
strangers: a browser in which the person has signed in before does not wait."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import get_user_model, signals
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.approvals import password_notes
from config import sessions
from config.audit_actions import AuditAction
from kit import audit, client_ip
from kit.people import Person

COOKIE = "songda_known"
_COOKIE_LASTS = 180 * 24 * 3600
_SALT = "songda.known_browser"
# Failures within the time of a lock, after which tries for a name (from anywhere) or from an address (for any name) are slowed
# down, and the seconds between two that are judged.
SLOW_AFTER = {"name": 20, "address": 50}
SLOW_SECONDS = {"name": 10, "address": 5}
_NAME_LENGTH = 150


class LogInForm(AdminAuthenticationForm):
    """`wait`: seconds until the next try is judged; 0 where this one was."""

    username = UsernameField(
        max_length=_NAME_LENGTH,
        label=gettext_lazy("Username"),
        widget=forms.TextInput(attrs={"autofocus": True, "maxlength": _NAME_LENGTH}),
    )
    wait = 0

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if name and self.request is not None:
            self.wait = seconds_to_wait(self.request, name)
        if self.wait:
            words = _("There were many failed log-ins. Try again in %(n)s seconds.")
            raise forms.ValidationError(words % {"n": self.wait}, code="slow")
        return super().clean()


class OwnPasswordForm(AdminPasswordChangeForm):
    """The new password is not the old one: that one may be known to whoever set it."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        new = cleaned.get("new_password1")
        if new and self.user.check_password(new):
            self.add_error("new_password2", _("This is the password that you have already. Choose another one."))
        return cleaned


def seconds_to_wait(request: HttpRequest, name: str) -> int:
    """0 where this try is judged now. While it is slow, the first who comes after each pause is."""
    if not settings.AXES_ENABLED or _is_known(request, name):
        return 0
    address = client_ip.ip(request)
    since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    recent = AccessAttempt.objects.filter(attempt_time__gte=since)
    for kind, value, rows in (
        ("name", name, recent.filter(username=name)),
        ("address", address, recent.filter(ip_address=address)),
    ):
        failures = rows.aggregate(n=Sum("failures_since_start"))["n"] or 0
        if failures >= SLOW_AFTER[kind] and not _take_turn(kind, value):
            return SLOW_SECONDS[kind]
    return 0


def _take_turn(kind: str, value: str) -> bool:
    """The first for this name or address since the pause has the turn; the cache adds a key once only."""
    key = hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
    return cache.add(f"log-in:{key}", 1, SLOW_SECONDS[kind])


def _is_known(request: HttpRequest, name: str) -> bool:
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_COOKIE_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return False
    return isinstance(known, int) and get_user_model().objects.filter(pk=known, username=name).exists()


def remember_browser(answer: HttpResponse, user: Person) -> None:
    """So that strangers' tries do not slow this person down here. It opens nothing by itself."""
    answer.set_cookie(
        COOKIE,
        signing.dumps(user.pk, salt=_SALT),
        max_age=_COOKIE_LASTS,
        path="/admin/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def log_in_answer(answer: HttpResponse) -> HttpResponse:
    """429 with the seconds to wait where the try was not judged."""
    form = (getattr(answer, "context_data", None) or {}).get("form")
    if isinstance(form, LogInForm) and form.wait:
        answer.status_code = 429
        answer.headers["Retry-After"] = str(form.wait)
    return answer


# --- what is written down ----------------------------------------------------------------------------------------


def on_log_in(sender: object, request: HttpRequest, user: User, **_signal: object) -> None:
    sessions.begin(request, must_change=password_notes.must_change_password(user))
    if "REQUEST_METHOD" in request.META:  # a log-in by code alone has none
        audit.record(AuditAction.PERSON_SIGNED_IN, actor=user, target=user, detail={"address": client_ip.ip(request)})


def on_log_out(sender: object, request: HttpRequest, user: Person, **_signal: object) -> None:
    if user is not None and user.pk and "REQUEST_METHOD" in request.META:
        action = AuditAction.PERSON_SIGNED_OUT
        why = getattr(request, "ended_because", "")
        if why:
            action = AuditAction.PERSON_TIMED_OUT
        audit.record(action, actor=user, target=user, detail={"address": client_ip.ip(request)})


def on_failure(
    sender: object, credentials: Mapping[str, object], request: HttpRequest | None = None, **_signal: object
) -> None:
    """Of names that exist alone: others may be passwords in the wrong field. What was locked already is not written again."""
    if request is None or _was_locked(request):
        return
    user = get_user_model().objects.filter(username=credentials.get("username") or "").first()
    if user is not None:
        audit.record(AuditAction.PERSON_LOG_IN_FAILED, target=user, detail={"address": client_ip.ip(request)})


def _was_locked(request: HttpRequest) -> bool:
    """Locked before this try: django-axes then counts nothing. The try that locks is counted."""
    return (
        bool(getattr(request, "axes_locked_out", False)) and getattr(request, "axes_failures_since_start", None) is None
    )


def connect() -> None:
    signals.user_logged_in.connect(on_log_in, dispatch_uid="songda.log_in")
    signals.user_logged_out.connect(on_log_out, dispatch_uid="songda.log_out")
    signals.user_login_failed.connect(on_failure, dispatch_uid="songda.log_in_failed")
