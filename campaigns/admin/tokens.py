"""API tokens: made, changed, stopped; the token itself is shown once, on the page that answers the making."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import ApiToken
from campaigns.services import tokens
from campaigns.states import Scope
from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging.admin.base import Page, needs


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        label=gettext_lazy("allowed"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only what the other system needs. Without “See full numbers” numbers are masked."),
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "per_minute", "active")


class NewTokenForm(TokenForm):
    """A new one is active."""

    active = None


@admin.register(ApiToken)
class ApiTokenAdmin(Page):
    form = TokenForm
    list_display = ("name", "begins", "allowed", "state", "used_lately", "made_by")
    list_select_related = ("created_by",)
    list_note = gettext_lazy("With a token another system sends and reads through /api/v1/. It acts for who made it.")
    list_empty = gettext_lazy("No API token yet.")
    list_add_label = gettext_lazy("New API token")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("begins with"))
    def begins(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @admin.display(description=gettext_lazy("allowed"))
    def allowed(self, token: ApiToken) -> str:
        return "、".join(str(Scope(value).label) for value in token.scopes)

    @admin.display(description=gettext_lazy("status"), ordering="active")
    def state(self, token: ApiToken) -> SafeString:
        return show.badge(_("In use"), "good") if token.active else show.badge(_("Stopped"), "idle")

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def used_lately(self, token: ApiToken) -> str:
        return show.when(token.last_used_at)

    @admin.display(description=gettext_lazy("made by"))
    def made_by(self, token: ApiToken) -> str:
        return token.created_by.get_username()

    @needs("campaigns.add_apitoken")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = NewTokenForm(request.POST or None)
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

    def _made(self, request: HttpRequest, data: dict[str, Any]) -> HttpResponse:
        token, plain = tokens.make(data["name"], data["scopes"], request.user, data["per_minute"])
        return shown_once(self, request, _("API token %(name)s") % {"name": token.name}, plain)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if not change:
            raise PermissionDenied
        super().save_model(request, obj, form, change)
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        audit.record(gettext_noop("Changed an API token"), actor=request.user, target=obj, detail=changed)


def shown_once(page: Page, request: HttpRequest, title: str, secret: str) -> HttpResponse:
    """The answer to a POST: neither a reload nor the history brings the secret back, and no cache keeps it."""
    answer = page.page(request, "campaigns/secret.html", title=title, secret=secret, back=page.address("changelist"))
    answer.headers["Cache-Control"] = "no-store"
    return answer
