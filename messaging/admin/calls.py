"""Vendor exchanges: what was asked of a vendor and what it said, masked."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.kit import show
from messaging import badges
from messaging.admin.base import BigList
from messaging.models import VendorCall


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            (key, badges.OUTCOME[key][0]) for key in ("accepted", "refused", "blocked", "safe", "unsure", "answered")
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(Q(outcome=self.value())) if self.value() else queryset


@admin.register(VendorCall)
class VendorCallAdmin(BigList):
    list_display = ("started", "account", "operation", "how_many", "result", "status", "took")
    list_filter = ("account", OutcomeFilter)
    list_select_related = ("account",)
    list_empty = _("Nothing was asked of any vendor yet.")
    list_note = _("Kept for a set time. Numbers and secrets are masked; bulk bodies are not kept.")
    fields = ("account", "operation", "how_many", "result", "status", "started", "took", "digest", "said")
    readonly_fields = fields

    @admin.display(description=_("at"), ordering="id")
    def started(self, call: VendorCall) -> str:
        return show.moment(call.started_at)

    @admin.display(description=_("recipients"))
    def how_many(self, call: VendorCall) -> str:
        return show.count(call.people)

    @admin.display(description=_("outcome"))
    def result(self, call: VendorCall) -> SafeString:
        return badges.outcome(call.outcome)

    @admin.display(description=_("milliseconds"))
    def took(self, call: VendorCall) -> str:
        return show.count(call.milliseconds)

    @admin.display(description=_("answer"))
    def said(self, call: VendorCall) -> str:
        return call.answer or show.UNKNOWN
