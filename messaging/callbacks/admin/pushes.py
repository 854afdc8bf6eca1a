"""Pushes that wait for a person: set aside, unreadable, or about a template that nobody here knows."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kit import display, masks
from kit.people import signed_in
from messaging import badges
from messaging.admin_base import BigList, needs
from messaging.callbacks.admin.polls import INBOUND_TITLES
from messaging.events import set_aside, store
from messaging.gateway.outcomes import GatewayError
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import ReviewEvent, ReviewState
from messaging.models import CallbackEvent
from messaging.models.receipts import ASIDE
from messaging.receipts.admin import AccountFilter, DismissForm

MOST_AT_ONCE = 500
SHOWN = 20  # of what one push says
READ = 64 * 1024  # a longer body is not read for a page

WHY = {
    set_aside.TRIED: gettext_lazy("Whoever applied it did not end, twice. Look into the log, then apply it again."),
    set_aside.TOO_LONG: gettext_lazy("Applying it takes longer than the database allows."),
    set_aside.TOO_MANY_BAD: gettext_lazy("Too many of its elements cannot be applied. The log says why."),
    set_aside.NOTHING_READABLE: gettext_lazy("Nothing in it can be read."),
    set_aside.NO_SUCH_REVIEW: gettext_lazy(
        "It is about a template that no submission here knows, or says something unknown. Register the vendor's id of the "
        "template by hand, then apply it again."
    ),
}
DECISIONS = {
    ReviewState.APPROVED: gettext_lazy("approved"),
    ReviewState.REJECTED: gettext_lazy("rejected"),
    ReviewState.WAITING: gettext_lazy("waiting"),
}


class StateFilter(admin.SimpleListFilter):
    """What waits for a person first of all."""

    title = gettext_lazy("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [(state.value, state.label) for state in (*ASIDE, CallbackEvent.State.DISMISSED)]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        found[0]["display"] = _("To be looked at")
        return found

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(state=self.value()) if self.value() else queryset.filter(state__in=ASIDE)


@admin.register(CallbackEvent)
class CallbackEventAdmin(BigList):
    list_display = ("arrived", "account", "what", "state_badge", "why", "says")
    list_filter = (StateFilter, ("account", AccountFilter))
    list_select_related = ("account",)
    list_empty = gettext_lazy("No push waits for anybody.")
    list_note = gettext_lazy(
        "Each is kept whole. What had been applied of it already changes nothing when it is applied again."
    )
    actions = ("apply_again", "dismiss")
    fields = ("account", "what", "arrived", "size", "state_badge", "why", "malformed", "says")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(state__in=(*ASIDE, CallbackEvent.State.DISMISSED))

    @admin.display(description=gettext_lazy("arrived"), ordering="id")
    def arrived(self, push: CallbackEvent) -> str:
        return display.moment(push.arrived_at)

    @admin.display(description=gettext_lazy("kind"))
    def what(self, push: CallbackEvent) -> str:
        return str(INBOUND_TITLES.get(push.kind, push.kind))

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, push: CallbackEvent) -> SafeString:
        return badges.push(push.state)

    @admin.display(description=gettext_lazy("why"))
    def why(self, push: CallbackEvent) -> SafeString | str:
        if push.note in WHY:
            return str(WHY[push.note])
        return format_html('<span class="vendor-word">{}</span>', push.note) if push.note else display.UNKNOWN

    @admin.display(description=gettext_lazy("size"))
    def size(self, push: CallbackEvent) -> str:
        return filesizeformat(len(push.body))

    @admin.display(description=gettext_lazy("what it says"))
    def says(self, push: CallbackEvent) -> SafeString | str:
        """Audits in words; of anything else how many elements can be read."""
        if push.state == CallbackEvent.State.UNREADABLE or len(push.body) > READ:
            return display.UNKNOWN
        vendor = vendor_class(push.account.vendor)(push.account.config)
        try:
            events = vendor.events(store.inbound_of(push))
        except (GatewayError, ValueError):
            return display.UNKNOWN
        audits = [event for event in events if isinstance(event, ReviewEvent)]
        if not audits:
            return ngettext("%(n)s element", "%(n)s elements", len(events)) % {"n": display.count(len(events))}
        secrets = push.account.config.secrets
        lines = [(event.template_id, _decision(event), masks.text(event.message, secrets)) for event in audits[:SHOWN]]
        return format_html_join(
            SafeString("<br>"), '<span class="mono">{}</span> {} <span class="vendor-word">{}</span>', lines
        )

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_callbackevent")

    @admin.action(description=gettext_lazy("Apply again"), permissions=["settle"])
    def apply_again(self, request: HttpRequest, queryset: QuerySet[CallbackEvent]) -> None:
        count = set_aside.apply_again(queryset, signed_in(request))
        text = ngettext(
            "%(n)d push is applied again in a moment.", "%(n)d pushes are applied again in a moment.", count
        )
        messages.success(request, text % {"n": count})

    @admin.action(description=gettext_lazy("Dismiss"), permissions=["settle"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[CallbackEvent]) -> HttpResponse:
        """Asks for the reason first."""
        keys = queryset.filter(state__in=ASIDE).values_list("pk", flat=True)[:MOST_AT_ONCE]
        return redirect(f"{self.address('dismiss')}?keys={'-'.join(map(str, keys))}")

    def get_urls(self) -> list[Any]:
        return [self.own_url("dismiss/", self.dismiss_view, "dismiss"), *super().get_urls()]

    @needs("messaging.change_callbackevent")
    def dismiss_view(self, request: HttpRequest) -> HttpResponse:
        chosen = CallbackEvent.objects.filter(pk__in=_keys(request.GET.get("keys", "")), state__in=ASIDE)
        form = DismissForm(request.POST or None)
        if form.is_valid():
            count = set_aside.dismiss(chosen, signed_in(request), form.cleaned_data["reason"])
            text = ngettext("%(n)d push dismissed.", "%(n)d pushes dismissed.", count)
            messages.success(request, text % {"n": count})
            return redirect(self.address("changelist"))
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Dismiss pushes"),
            facts=[(_("Vendor pushes"), display.count(chosen.count()))],
            form=form,
            button=_("Dismiss"),
            back=self.address("changelist"),
        )


def _decision(event: ReviewEvent) -> str:
    return str(DECISIONS[event.state]) if event.state else event.code


def _keys(text: str) -> list[int]:
    return [int(key) for key in text.split("-") if key.isascii() and key.isdigit() and len(key) < 19][:MOST_AT_ONCE]
