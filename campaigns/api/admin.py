"""API tokens: made, changed, rotated, stopped; the token itself is shown once, on the page that answers the making."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.api import tokens
from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken
from campaigns.models.api import TOKEN_DAYS, TOKEN_MOST_DAYS
from campaigns.states import Scope
from kit import audit, display
from kit.labels import Label
from kit.people import Actor, signed_in
from messaging.admin_base import Page, needs


class NetworksField(forms.CharField):
    """One address or network a line; [] means any."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial or []).split() != str(data or "").split()

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = str(super().clean(value) or "").split()
        for line in lines:
            try:
                ipaddress.ip_network(line, strict=False)
            except ValueError as error:
                words = _("“%(line)s” is no address and no network.") % {"line": line}
                raise forms.ValidationError(words) from error
        return lines


def _days(label: Label, initial: int, most: int, help_text: Label) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, initial=initial, min_value=0 if most < TOKEN_MOST_DAYS else 1, max_value=most, help_text=help_text
    )


class TokenForm(forms.ModelForm):
    """`person` fills it in: they hand out no more than they may do themselves."""

    person: Actor = None
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        label=gettext_lazy("allowed"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Only what the other system needs, and at most what you may do yourself: the token never does more than you may at "
            "that moment. Without “See full numbers” numbers are masked."
        ),
    )
    networks = NetworksField(
        label=gettext_lazy("allowed addresses"),
        required=False,
        help_text=gettext_lazy("The other system's addresses or networks, one a line. Empty: from anywhere."),
    )

    class Meta:
        model = ApiToken
        fields = ("name", "system", "scopes", "per_minute", "holder", "networks", "active")
        help_texts = {
            "system": gettext_lazy(
                "Tokens of one system share the limits: of notices by hour and day, of marketing by template version and day. "
                "Empty: all tokens of who made this one that name no system."
            )
        }

    def __init__(self, *args: Any, person: Actor = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person or self.person
        holder: Any = self.fields["holder"]
        holder.queryset = User.objects.filter(is_active=True).order_by("username")
        holder.label_from_instance = display.named
        holder.required = True
        holder.empty_label = gettext_lazy("Choose a colleague")
        for act in ("add", "change", "delete", "view"):
            setattr(holder.widget, f"can_{act}_related", False)  # people have pages of their own

    def clean_scopes(self) -> list[str]:
        """What is there already may stay; whether it works is asked at each call."""
        wanted: list[str] = self.cleaned_data["scopes"]
        added = set(wanted) - set(self.instance.scopes or [])
        makers = (self.person,) if self.instance.pk is None else (self.person, self.instance.created_by)
        refused = {scope for maker in makers if maker is not None for scope in tokens.beyond(added, maker)}
        if refused:
            words = _("Not possible, since you or who made the token may not do this: %(scopes)s.")
            named = "、".join(str(scope.label) for scope in sorted(refused))
            raise forms.ValidationError(words % {"scopes": named})
        return wanted


class NewTokenForm(TokenForm):
    """A new one is active."""

    active = None
    days = _days(
        gettext_lazy("valid for days"),
        TOKEN_DAYS,
        TOKEN_MOST_DAYS,
        gettext_lazy("A year at most. Two weeks before the end the workbench reminds; rotate it then."),
    )
    field_order = ("name", "system", "scopes", "holder", "days", "networks", "per_minute")


class RotateForm(forms.Form):
    days = _days(gettext_lazy("valid for days"), TOKEN_DAYS, TOKEN_MOST_DAYS, gettext_lazy("Of the new secret."))
    overlap = _days(
        gettext_lazy("old secret works for days"),
        tokens.OVERLAP_DAYS,
        tokens.MOST_OVERLAP_DAYS,
        gettext_lazy(
            "Time to change over the other system. 0: the old one ends now, for one that was seen by strangers."
        ),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(Page):
    form = TokenForm
    list_display = ("name", "begins", "allowed", "state", "ends", "used_lately", "held_by", "made_by")
    list_select_related = ("created_by", "holder")
    list_note = gettext_lazy(
        "With a token another system sends and reads through /api/v1/. It acts for who made it, and never does more than that "
        "person may."
    )
    list_empty = gettext_lazy("No API token yet.")
    list_add_label = gettext_lazy("New API token")
    change_form_template = "campaigns/token.html"
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("begins with"))
    def begins(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @admin.display(description=gettext_lazy("allowed"))
    def allowed(self, token: ApiToken) -> str | SafeString:
        lost = tokens.beyond(token.scopes, token.created_by)
        words = "、".join(str(Scope(value).label) for value in token.scopes if Scope(value) not in lost)
        if not lost:
            return words
        missing = _("no longer: %(scopes)s") % {"scopes": "、".join(str(scope.label) for scope in lost)}
        return format_html("{} {}", words, display.badge(missing, "attention"))

    @admin.display(description=gettext_lazy("status"), ordering="active")
    def state(self, token: ApiToken) -> SafeString:
        if not token.active:
            return display.badge(_("Stopped"), "idle")
        return display.badge(_("Expired"), "problem") if token.is_expired else display.badge(_("In use"), "good")

    @admin.display(description=gettext_lazy("expires"), ordering="expires_at")
    def ends(self, token: ApiToken) -> SafeString:
        words = display.when(token.expires_at)
        left = (token.expires_at - timezone.now()).days
        if not token.active or token.is_expired or left > tokens.WARN_DAYS:
            return SafeString(words)
        days = ngettext("in %(n)d day", "in %(n)d days", left) % {"n": left}
        return format_html("{} {}", words, display.badge(days, "attention"))

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def used_lately(self, token: ApiToken) -> SafeString:
        days = (timezone.now() - (token.last_used_at or token.created_at)).days
        words = display.when(token.last_used_at) if token.last_used_at else _("never")
        if not token.active or days < tokens.UNUSED_DAYS:
            return SafeString(words)
        unused = ngettext("unused for %(n)d day", "unused for %(n)d days", days) % {"n": days}
        return format_html("{} {}", words, display.badge(unused, "attention"))

    @admin.display(description=gettext_lazy("held by"))
    def held_by(self, token: ApiToken) -> str:
        return display.person(token.holder)

    @admin.display(description=gettext_lazy("made by"))
    def made_by(self, token: ApiToken) -> str:
        return display.person(token.created_by)

    def get_urls(self) -> list[Any]:
        return [self.own_url("<int:pk>/rotate/", self.rotate_view, "rotate"), *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"person": request.user})

    @needs("campaigns.add_apitoken")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = NewTokenForm(request.POST or None, person=signed_in(request), initial={"holder": request.user.pk})
        if form.is_valid():
            return self._made(request, form.cleaned_data)
        return self.page(
            request,
            "songda/form.html",
            title=_("New API token"),
            form=form,
            note=_("The token is shown once, on the next page. Have a safe place ready for it."),
            button=_("Make the token"),
            back=self.address("changelist"),
        )

    def _made(self, request: HttpRequest, data: Mapping[str, Any]) -> HttpResponse:
        token, plain = tokens.make(
            data["name"],
            data["scopes"],
            signed_in(request),
            data["per_minute"],
            holder=data["holder"],
            days=data["days"],
            networks=data["networks"],
            system=data["system"],
        )
        return shown_once(self, request, _("API token %(name)s") % {"name": token.name}, plain)

    @needs("campaigns.change_apitoken")
    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = get_object_or_404(ApiToken.objects.select_related("created_by", "holder"), pk=pk)
        refused = tokens.beyond(token.scopes, signed_in(request))
        form = RotateForm(request.POST or None)
        if request.method == "POST" and refused:
            raise PermissionDenied
        if form.is_valid():
            data = form.cleaned_data
            plain = tokens.rotate(token, signed_in(request), days=data["days"], overlap_days=data["overlap"])
            return shown_once(self, request, _("API token %(name)s") % {"name": token.name}, plain)
        why = _("Who sees the new secret can use it, and you may not do all that it may: %(scopes)s.")
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Rotate the token %(name)s") % {"name": token.name},
            facts=_facts(token),
            warning=why % {"scopes": "、".join(str(scope.label) for scope in refused)} if refused else "",
            form=None if refused else form,
            button="" if refused else _("Make a new secret"),
            back=self.address("change", pk),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        token = self.get_object(request, object_id)
        extra = {"token_facts": _facts(token)} if token else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if not change:
            raise PermissionDenied
        super().save_model(request, obj, form, change)
        changed = {name: _plain(form.cleaned_data[name]) for name in form.changed_data}
        audit.record(AuditAction.TOKEN_CHANGED, actor=signed_in(request), target=obj, detail=changed)


def _plain(value: object) -> Any:
    return display.named(value) if isinstance(value, User) else value


def _facts(token: ApiToken) -> list[tuple[Any, Any]]:
    facts: list[tuple[Any, Any]] = [
        (_("begins with"), f"{token.prefix}…"),
        (_("expires"), display.moment(token.expires_at)),
        (_("last used"), display.when(token.last_used_at) if token.last_used_at else _("never")),
        (_("made by"), display.person(token.created_by)),
        (_("held by"), display.person(token.holder)),
    ]
    if token.old_until and token.old_until > timezone.now():
        used = display.when(token.old_used_at) if token.old_used_at else _("not since the new one was made")
        facts += [(_("old secret works until"), display.moment(token.old_until)), (_("old secret last used"), used)]
    return facts


def shown_once(page: Page, request: HttpRequest, title: str, secret: str) -> HttpResponse:
    """The answer to a POST: neither a reload nor the history brings the secret back, and no cache keeps it."""
    answer = page.page(request, "campaigns/secret.html", title=title, secret=secret, back=page.address("changelist"))
    answer.headers["Cache-Control"] = "no-store"
    return answer
