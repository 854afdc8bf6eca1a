"""Receipts that fit no message, or say something a delivery row cannot hold."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging import badges
from messaging.admin.base import BigList, PhoneSearch, number_link
from messaging.models import Receipt
from messaging.services import sweeping


class StateFilter(admin.SimpleListFilter):
    """Unmatched ones first of all: the list opens on them."""

    title = gettext_lazy("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("all", _("All")), *[(value, word) for value, word in Receipt.State.choices if value != "unmatched"]]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        found[0]["display"] = Receipt.State.UNMATCHED.label
        return found

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or Receipt.State.UNMATCHED)


class AccountFilter(admin.RelatedFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("vendor account")


@admin.register(Receipt)
class ReceiptAdmin(PhoneSearch, BigList):
    list_display = ("arrived", "account", "number", "word", "ids", "state_badge", "note")
    list_filter = (StateFilter, ("account", AccountFilter))
    list_select_related = ("account",)
    list_empty = gettext_lazy("No unmatched receipts.")
    actions = ("match_again", "dismiss")
    fields = (
        "account", "number", "word", "said", "reference", "task_id", "message_id", "channel", "reported", "arrived",
        "state_badge", "note",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=gettext_lazy("arrived"), ordering="id")
    def arrived(self, receipt: Receipt) -> str:
        return show.when(receipt.arrived_at)

    @admin.display(description=gettext_lazy("reported"))
    def reported(self, receipt: Receipt) -> str:
        return show.moment(receipt.reported_at)

    @admin.display(description=gettext_lazy("number"))
    def number(self, receipt: Receipt) -> SafeString:
        return number_link(receipt.phone)

    @admin.display(description=gettext_lazy("what it says"))
    def word(self, receipt: Receipt) -> SafeString:
        if receipt.status in badges.DELIVERY:
            return badges.delivery(receipt.status, receipt.channel)
        return show.badge(_("Unrecognised word"), "attention")

    @admin.display(description=gettext_lazy("vendor's own words"))
    def said(self, receipt: Receipt) -> str:
        return f"{receipt.code} {receipt.vendor_word}".strip() or show.UNKNOWN

    @admin.display(description=gettext_lazy("reference"))
    def ids(self, receipt: Receipt) -> str:
        return receipt.reference or receipt.task_id or receipt.message_id or show.UNKNOWN

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, receipt: Receipt) -> SafeString:
        return badges.receipt(receipt.state)

    def has_dismiss_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_receipt")

    @admin.action(description=gettext_lazy("Match again"), permissions=["dismiss"])
    def match_again(self, request: HttpRequest, queryset: Any) -> None:
        chosen = list(queryset.filter(state=Receipt.State.UNMATCHED).values_list("pk", flat=True))
        sweeping.rematch_waiting()
        left = Receipt.objects.filter(pk__in=chosen, state=Receipt.State.UNMATCHED).count()
        if left:
            text = ngettext("%(n)d receipt still fits no message.", "%(n)d receipts still fit no message.", left)
            messages.warning(request, text % {"n": left})
        else:
            messages.success(request, _("All of them found their message."))

    @admin.action(description=gettext_lazy("Dismiss"), permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, queryset: Any) -> None:
        states = (Receipt.State.UNMATCHED, Receipt.State.ODD)
        count = queryset.filter(state__in=states).update(state=Receipt.State.DISMISSED)
        audit.record(gettext_noop("Dismissed receipts"), actor=request.user, detail={"count": count})
        text = ngettext("%(n)d receipt dismissed.", "%(n)d receipts dismissed.", count)
        messages.success(request, text % {"n": count})
