"""Webhooks: whom to tell of what, their secrets, and what was handed over."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import webhooks
from campaigns.api.admin import shown_once
from campaigns.audit_actions import AuditAction
from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.states import WebhookEvent
from campaigns.webhooks import addresses
from kit import audit, display
from kit.people import Actor, signed_in
from messaging.admin_base import BigList, Page, needs, post_only


class WebhookForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        choices=WebhookEvent.choices, label=gettext_lazy("events"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("name", "url", "events", "full_numbers", "active")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}
        help_texts = {
            "url": gettext_lazy("https://… at a public address. Redirects are not followed."),
            "full_numbers": gettext_lazy("Otherwise 138****5678."),
        }

    def __init__(self, *args: Any, person: Actor = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person or self.person

    # Who fills the form in; the admin sets it on a subclass.
    person: Actor = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        full = bool(cleaned.get("full_numbers"))
        if full and self.opens_numbers and not (self.person and self.person.has_perm("messaging.reveal_phone")):
            words = _(
                "You may not see full numbers yourself, so you can neither send them nor change where they are sent."
            )
            self.add_error("full_numbers", words)
        if cleaned.get("url"):
            try:
                addresses.target(cleaned["url"], https_only=full)
            except addresses.Forbidden as error:
                self.add_error("url", str(error))
        return cleaned

    @property
    def opens_numbers(self) -> bool:
        """Whether by this change full numbers go to where they did not go before."""
        new = self.instance.pk is None
        return bool(self.cleaned_data.get("full_numbers")) and (
            new or bool({"full_numbers", "url"} & set(self.changed_data))
        )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(Page):
    form = WebhookForm
    list_display = ("name", "url", "told_of", "numbers", "state")
    list_select_related = ("created_by",)
    list_empty = gettext_lazy("No webhook yet.")
    list_add_label = gettext_lazy("New webhook")
    change_form_template = "campaigns/webhook.html"
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("events"))
    def told_of(self, endpoint: WebhookEndpoint) -> str:
        return "、".join(str(WebhookEvent(value).label) for value in endpoint.events)

    @admin.display(description=gettext_lazy("numbers"))
    def numbers(self, endpoint: WebhookEndpoint) -> str | SafeString:
        if not endpoint.full_numbers:
            return _("masked")
        if endpoint.reveals:
            return _("full")
        return display.badge(
            _("masked: %(person)s may not see full numbers") % {"person": display.person(endpoint.created_by)},
            "attention",
        )

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"person": request.user})

    @admin.display(description=gettext_lazy("status"), ordering="active")
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        return display.badge(_("In use"), "good") if endpoint.active else display.badge(_("Stopped"), "idle")

    def get_urls(self) -> list[Any]:
        return [self.own_url("<int:pk>/secret/", self.secret_view, "secret"), *super().get_urls()]

    @needs("campaigns.add_webhookendpoint")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = WebhookForm(request.POST or None, person=signed_in(request))
        if form.is_valid():
            endpoint = form.save(commit=False)
            endpoint.created_by = request.user
            return self._with_secret(request, endpoint)
        return self.page(
            request,
            "songda/form.html",
            title=_("New webhook"),
            form=form,
            note=_("The secret that proves our signature is shown once, on the next page."),
            button=_("Make the webhook"),
            back=self.address("changelist"),
        )

    @needs("campaigns.change_webhookendpoint")
    @post_only
    def secret_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._with_secret(request, get_object_or_404(WebhookEndpoint, pk=pk))

    def _with_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        secret = webhooks.new_secret(endpoint, signed_in(request))
        return shown_once(self, request, _("Secret of the webhook %(name)s") % {"name": endpoint.name}, secret)

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        if form.opens_numbers:
            obj.created_by_id = request.user.pk  # who opens them answers for them
        super().save_model(request, obj, form, change)
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        audit.record(AuditAction.WEBHOOK_CHANGED, actor=signed_in(request), target=obj, detail=changed)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(BigList):
    list_display = ("when", "endpoint", "event_words", "outcome", "attempts", "next_time")
    list_display_links = None
    list_select_related = ("endpoint",)
    list_filter = ("event", "endpoint")
    list_note = gettext_lazy("What was told to whom, newest first. Kept for 30 days.")
    list_empty = gettext_lazy("Nothing was told yet.")

    def get_list_display(self, request: HttpRequest) -> Any:
        may = request.user.has_perm("campaigns.change_webhookdelivery")
        return (*self.list_display, "again") if may else self.list_display

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("campaigns.view_webhookdelivery")

    def get_urls(self) -> list[Any]:
        return [self.own_url("<int:pk>/again/", self.again_view, "again"), *super().get_urls()]

    @admin.display(description=gettext_lazy("at"), ordering="id")
    def when(self, row: WebhookDelivery) -> str:
        return display.moment(row.created_at)

    @admin.display(description=gettext_lazy("event"))
    def event_words(self, row: WebhookDelivery) -> str:
        return str(WebhookEvent(row.event).label)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, row: WebhookDelivery) -> SafeString:
        if row.delivered_at:
            return display.badge(_("Taken"), "good")
        if row.next_at is None:
            return display.badge(_("Given up: %(why)s") % {"why": row.last_error}, "problem")
        if row.attempts:
            return display.badge(_("Will be tried again: %(why)s") % {"why": row.last_error}, "attention")
        return display.badge(_("Waiting"), "moving")

    @admin.display(description=gettext_lazy("next attempt"), ordering="next_at")
    def next_time(self, row: WebhookDelivery) -> str:
        return display.when(row.next_at)

    @admin.display(description="")
    def again(self, row: WebhookDelivery) -> SafeString:
        return format_html('<a class="button" href="{}">{}</a>', self.address("again", row.pk), _("Tell again"))

    @needs("campaigns.change_webhookdelivery")
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(WebhookDelivery.objects.select_related("endpoint"), pk=pk)
        if request.method == "POST":
            webhooks.replay(row, signed_in(request))
            messages.success(request, _("It will be told again at once."))
            return redirect(self.address("changelist"))
        facts = [
            (_("webhook"), row.endpoint.name),
            (_("address"), row.endpoint.url),
            (_("event"), self.event_words(row)),
            (_("at"), display.moment(row.created_at)),
            (_("outcome"), self.outcome(row)),
        ]
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Tell it again"),
            facts=facts,
            warning=_("The receiver gets the same event under the same number again."),
            button=_("Tell again"),
            back=self.address("changelist"),
        )
