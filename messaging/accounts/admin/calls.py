"""Vendor exchanges: what was asked of a vendor and what it said, masked."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kit import display
from messaging import badges
from messaging.admin_base import BigList, needs
from messaging.callbacks.admin.polls import INBOUND_TITLES
from messaging.events import set_aside
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, VendorAccount, VendorCall
from messaging.states import BatchState
from messaging.worker import alive, hosts

# What each of settings.QUEUES does.
QUEUE_WORDS = {
    "notice": _("Notices, answers, receipts"),
    "bulk": _("Bulk sending"),
    "import": _("Recipient files, checks, layout"),
}


def _last_polls(account: VendorAccount) -> list[tuple[Any, Any]]:
    """(what was asked for, when an answer came last)."""
    return [(INBOUND_TITLES.get(poll.kind, poll.kind), poll.answered_at) for poll in account.polls.all()]


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [
            (key, badges.OUTCOME[key][0])
            for key in ("accepted", "rejected", "blocked", "not_taken", "unknown", "answered")
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(Q(outcome=self.value())) if self.value() else queryset


@admin.register(VendorCall)
class VendorCallAdmin(BigList):
    list_display = ("started", "account", "what", "how_many", "result", "status", "took")
    list_filter = ("account", OutcomeFilter)
    list_select_related = ("account",)
    list_empty = _("Nothing was asked of any vendor yet.")
    list_note = _("Kept for a set time. Numbers and secrets are masked; bulk bodies are not kept.")
    fields = ("account", "what", "how_many", "result", "status", "started", "took", "fingerprint", "said")
    readonly_fields = fields

    def get_urls(self) -> list[Any]:
        return [
            path("status/", self.admin_site.admin_view(self.status_view), name="run_status"),
            *super().get_urls(),
        ]

    @needs("messaging.test_vendoraccount")
    def status_view(self, request: HttpRequest) -> HttpResponse:
        """Workers, queues, what waits to be applied, and the accounts at one glance."""
        count, since = alive.events_waiting()
        accounts = VendorAccount.objects.prefetch_related("polls")
        return self.page(
            request,
            "messaging/run_status.html",
            title=_("Run status"),
            tick=alive.tick_beat(),
            queues=[(QUEUE_WORDS.get(name, name), name, *rest) for name, *rest in alive.queue_beats()],
            hosts=hosts.known(),
            events=count,
            events_since=since,
            accounts=[(account, badges.account(account.status), _last_polls(account)) for account in accounts],
            set_aside=set_aside.waiting()[:1000].count(),
            may_settle=request.user.has_perm("messaging.view_callbackevent"),
            unknown=Batch.objects.filter(state=BatchState.UNKNOWN).count(),
        )

    @admin.display(description=_("at"), ordering="id")
    def started(self, call: VendorCall) -> str:
        return display.moment(call.started_at)

    @admin.display(description=_("operation"))
    def what(self, call: VendorCall) -> str:
        """The operation's title in the vendor's document, as on the account's page."""
        titles = {one.key: one.title for one in vendor_class(call.account.vendor).operations}
        return gettext(titles[call.operation]) if call.operation in titles else call.operation

    @admin.display(description=_("recipients"))
    def how_many(self, call: VendorCall) -> str:
        return display.count(call.people)

    @admin.display(description=_("outcome"))
    def result(self, call: VendorCall) -> SafeString:
        return badges.outcome(call.outcome)

    @admin.display(description=_("milliseconds"))
    def took(self, call: VendorCall) -> str:
        return display.count(call.milliseconds)

    @admin.display(description=_("digest of the request"))
    def fingerprint(self, call: VendorCall) -> str:
        return call.digest

    @admin.display(description=_("answer"))
    def said(self, call: VendorCall) -> str:
        return call.answer or display.UNKNOWN
