"""Versions that a token wants to send for the first time: approved or sent back by a colleague."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.approvals import decide
from campaigns.models import FirstUse
from campaigns.states import ApprovalState
from kit import display
from kit.people import Person, signed_in
from messaging.admin_base import LookOnly, needs, say_error

MOST_SHOWN = 50


@dataclass(frozen=True)
class Line:
    """A first use in a list. `url` is empty for who may not decide."""

    row: FirstUse
    badge: SafeString
    url: str
    is_waiting: bool


def shown(user: Person, state: str = "", search: str = "") -> list[Line]:
    """For the list of approvals: what waits first, within both the newest first, at most MOST_SHOWN."""
    rows = FirstUse.objects.select_related("version__template", "token", "asked_by", "decided_by")
    if state:
        rows = rows.filter(state=state)
    for word in search.split():
        rows = rows.filter(version__template__name__icontains=word)
    waiting_first = Case(When(state=ApprovalState.PENDING, then=Value(0)), default=Value(1))
    return [_line(row, user) for row in rows.order_by(waiting_first, "-pk")[:MOST_SHOWN]]


def _line(row: FirstUse, user: Person) -> Line:
    waits = row.state == ApprovalState.PENDING and not decide.why_not(row, user)
    may_decide = user.has_perm("campaigns.approve_campaign")
    url = reverse("admin:first_use_decide", args=[row.pk, "grant"]) if may_decide else ""
    return Line(row, badges.approval(row), url, waits and may_decide)


class DecideForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, required=False)


@admin.register(FirstUse)
class FirstUseAdmin(LookOnly):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [path("<int:pk>/<slug:act>/", wrap(self.decide_view), name="first_use_decide")]

    def parents(self, request: HttpRequest) -> list[tuple[Any, str]]:
        return [(_("Approvals"), _list())] if _list_is_for(request) else []

    @needs("campaigns.approve_campaign")
    def decide_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        rows = FirstUse.objects.select_related("version__template", "token", "asked_by", "decided_by")
        row = get_object_or_404(rows, pk=pk)
        if act not in ("grant", "refuse"):
            raise Http404
        grant, form = act == "grant", DecideForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._decide(request, row, grant, form.cleaned_data["reason"])
        own = decide.why_not(row, signed_in(request))
        is_open = row.state != ApprovalState.GRANTED and not own
        return self.page(
            request,
            "songda/confirm.html",
            title=_("First use by API: %(version)s") % {"version": row.version},
            facts=_facts(row, grant, is_open),
            warning=own or _warning(),
            form=form if is_open else None,
            button=(_("Approve the first use") if grant else _("Send it back")) if is_open else "",
            danger=not grant,
            back=_home(request),
        )

    def _decide(self, request: HttpRequest, row: FirstUse, grant: bool, reason: str) -> HttpResponse:
        try:
            if grant:
                decide.grant(row, signed_in(request), reason)
            else:
                decide.refuse(row, signed_in(request), reason)
        except decide.CannotDecide as refusal:
            say_error(request, refusal)
            return redirect(request.path)
        done = _("Approved. The next order through the API goes out.") if grant else _("Sent back with your reason.")
        messages.success(request, done)
        return redirect(_home(request))


def _list() -> str:
    return reverse("admin:campaigns_approval_changelist")


def _list_is_for(request: HttpRequest) -> bool:
    return request.user.has_perm("campaigns.view_approval")


def _home(request: HttpRequest) -> str:
    """The list of all that waits, where this person may see it."""
    return _list() if _list_is_for(request) else reverse("admin:index")


def _warning() -> str:
    return _("Once approved, every order of this version through the API goes out within the sending policy.")


def _facts(row: FirstUse, grant: bool, is_open: bool) -> list[tuple[Any, Any]]:
    version = reverse("admin:templates_5g_templateversion_change", args=[row.version_id])
    facts: list[tuple[Any, Any]] = [
        (_("status"), row.get_state_display()),
        (_("Content"), format_html('<a href="{}">{}</a>', version, row.version)),
        (_("API token"), row.token.name),
        (_("Asked by"), format_html("{} {}", display.person(row.asked_by), display.moment(row.asked_at))),
    ]
    if row.decided_by and row.decided_at:
        words = format_html("{} {} {}", display.person(row.decided_by), display.moment(row.decided_at), row.reason)
        facts.append((_("decided"), words))
    if is_open:
        facts.append((_("Or else"), _other(row, grant)))
    return facts


def _other(row: FirstUse, grant: bool) -> SafeString:
    """The way to the other decision."""
    act, word = ("refuse", _("Send it back")) if grant else ("grant", _("Approve the first use"))
    return format_html('<a href="{}">{}</a>', reverse("admin:first_use_decide", args=[row.pk, act]), word)
