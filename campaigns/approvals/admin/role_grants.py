"""Roles that wait for a second person: the list, and the page on which somebody else than the asker decides."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.approvals import decide, role_grants
from campaigns.models import RoleGrant
from campaigns.states import ApprovalState
from kit import display
from kit.people import signed_in
from messaging.admin_base import LookOnly, needs, post_only, say_error

_RELATED = ("user", "group", "permission", "asked_by", "decided_by")


class DecideForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, required=False)


@admin.register(RoleGrant)
class RoleGrantAdmin(LookOnly):
    list_display = ("person", "role", "status", "asked", "decided", "reason", "act")
    list_display_links = None
    fields = ("user", "group", "permission", "state", "asked_by", "decided_by", "decided_at", "reason")
    list_filter = ("state",)
    list_select_related = _RELATED
    list_note = gettext_lazy(
        "A role that sends, approves, gives roles or shows full numbers is in force only when a second person has confirmed it."
    )
    list_empty = gettext_lazy("No role waits for anybody.")

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/withdraw/", self.withdraw_view, "withdraw"),
            self.own_url("<int:pk>/decide/<slug:act>/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("for"))
    def person(self, row: RoleGrant) -> str:
        return display.person(row.user)

    @admin.display(description=gettext_lazy("role"))
    def role(self, row: RoleGrant) -> str:
        return row.words

    @admin.display(description=gettext_lazy("status"), ordering="state")
    def status(self, row: RoleGrant) -> SafeString:
        return badges.approval(row)

    @admin.display(description=gettext_lazy("asked"), ordering="id")
    def asked(self, row: RoleGrant) -> str:
        return format_html("{} {}", display.person(row.asked_by), display.when(row.asked_at))

    @admin.display(description=gettext_lazy("decided"))
    def decided(self, row: RoleGrant) -> str:
        if row.decided_at is None:
            return ""
        return format_html("{} {}", display.person(row.decided_by), display.when(row.decided_at))

    @admin.display(description="")
    def act(self, row: RoleGrant) -> SafeString | str:
        if row.state != ApprovalState.PENDING:
            return ""
        return format_html('<a href="{}">{}</a>', self.address("decide", row.pk, "yes"), _("Look and decide"))

    @needs(role_grants.DECIDE)
    def decide_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        row = get_object_or_404(RoleGrant.objects.select_related(*_RELATED), pk=pk)
        if act not in ("yes", "no"):
            raise Http404
        yes, form = act == "yes", DecideForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._decide(request, row, yes, form.cleaned_data["reason"])
        why_not = role_grants.why_not_mine(row, signed_in(request))
        is_open = row.state == ApprovalState.PENDING and not why_not
        return self.page(
            request,
            "campaigns/role_grant.html",
            title=_("Role for %(person)s: %(role)s") % {"person": display.person(row.user), "role": row.words},
            facts=self._facts(row, yes, is_open),
            warning=why_not
            or _("From then on this person can do all that the role allows. Ask them if you are not sure."),
            form=form if is_open else None,
            button=(_("Confirm the role") if yes else _("Refuse")) if is_open else "",
            danger=not yes,
            back=self.address("changelist"),
            withdraw=row.state == ApprovalState.PENDING and row.asked_by_id == request.user.pk,
            withdraw_url=self.address("withdraw", row.pk),
        )

    def _decide(self, request: HttpRequest, row: RoleGrant, yes: bool, reason: str) -> HttpResponse:
        try:
            if yes:
                decide.grant(row, signed_in(request), reason)
            else:
                decide.refuse(row, signed_in(request), reason)
        except decide.CannotDecide as refusal:
            say_error(request, refusal)
            return redirect(request.path)
        done = _("Confirmed. %(person)s has the role now.") if yes else _("Refused. %(person)s does not get the role.")
        messages.success(request, done % {"person": display.person(row.user)})
        return redirect(self.address("changelist"))

    @needs(role_grants.DECIDE)
    @post_only
    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if role_grants.withdraw(get_object_or_404(RoleGrant, pk=pk), signed_in(request)):
            messages.success(request, _("Withdrawn."))
        else:
            messages.info(request, _("This request is no longer open."))
        return redirect(self.address("changelist"))

    def _facts(self, row: RoleGrant, yes: bool, is_open: bool) -> list[tuple[Any, Any]]:
        held = "、".join(group.name for group in row.user.groups.all()) or display.UNKNOWN
        facts: list[tuple[Any, Any]] = [
            (_("Person"), f"{display.person(row.user)} ({row.user.get_username()})"),
            (_("Role"), row.words),
            (_("Has already"), held),
            (_("status"), row.get_state_display()),
            (_("Asked by"), format_html("{} {}", display.person(row.asked_by), display.moment(row.asked_at))),
        ]
        if row.decided_at:
            words = format_html("{} {} {}", display.person(row.decided_by), display.moment(row.decided_at), row.reason)
            facts.append((_("decided"), words))
        if is_open:
            act, word = ("no", _("Refuse")) if yes else ("yes", _("Confirm the role"))
            facts.append((_("Or else"), format_html('<a href="{}">{}</a>', self.address("decide", row.pk, act), word)))
        return facts
