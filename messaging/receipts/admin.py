"""Receipts that fit no message, or say something a delivery row cannot hold."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kit import audit, display
from kit.ids import row_id
from kit.people import signed_in
from messaging import badges
from messaging.admin_base import BigList, PhoneSearch, needs, number_link
from messaging.audit_actions import AuditAction
from messaging.deliveries import status
from messaging.gateway.registry import vendor_class
from messaging.models import Receipt, VendorAccount
from messaging.receipts import apply
from messaging.states import Channel

MOST_FLAGGED = 100
MOST_AT_ONCE = 500
DISMISSABLE = (Receipt.State.UNMATCHED, Receipt.State.ODD)


class DismissForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200)


class StateFilter(admin.SimpleListFilter):
    """Unmatched ones first of all: the list opens on them."""

    title = gettext_lazy("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
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
    change_list_template = "messaging/receipt_list.html"
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
        return display.when(receipt.arrived_at)

    @admin.display(description=gettext_lazy("reported"))
    def reported(self, receipt: Receipt) -> str:
        return display.moment(receipt.reported_at)

    @admin.display(description=gettext_lazy("number"))
    def number(self, receipt: Receipt) -> SafeString:
        return number_link(receipt.phone)

    @admin.display(description=gettext_lazy("what it says"))
    def word(self, receipt: Receipt) -> SafeString:
        if receipt.status in badges.DELIVERY:
            return badges.delivery(receipt.status, receipt.channel)
        return display.badge(_("Unrecognised word"), "attention")

    @admin.display(description=gettext_lazy("vendor's own words"))
    def said(self, receipt: Receipt) -> str:
        return f"{receipt.code} {receipt.vendor_message}".strip() or display.UNKNOWN

    @admin.display(description=gettext_lazy("reference"))
    def ids(self, receipt: Receipt) -> str:
        return receipt.reference or receipt.task_id or receipt.message_id or display.UNKNOWN

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, receipt: Receipt) -> SafeString:
        return badges.receipt(receipt.state)

    def has_dismiss_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_receipt")

    @admin.action(description=gettext_lazy("Match again"), permissions=["dismiss"])
    def match_again(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> None:
        keys = list(queryset.filter(state=Receipt.State.UNMATCHED).values_list("pk", flat=True))
        chosen = Receipt.objects.filter(pk__in=keys)
        apply.rematch(chosen)
        for account in VendorAccount.objects.filter(pk__in=list(chosen.values_list("account", flat=True))):
            if not vendor_class(account.vendor).capabilities.references:
                apply.adopt_orphans(account)
        left = chosen.filter(state=Receipt.State.UNMATCHED).count()
        if left:
            text = ngettext("%(n)d receipt still fits no message.", "%(n)d receipts still fit no message.", left)
            messages.warning(request, text % {"n": left})
        else:
            messages.success(request, _("All of them found their message."))

    @admin.action(description=gettext_lazy("Dismiss"), permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> HttpResponse:
        """Asks for the reason first."""
        keys = queryset.filter(state__in=DISMISSABLE).values_list("pk", flat=True)[:MOST_AT_ONCE]
        return redirect(f"{self.address('dismiss')}?keys={'-'.join(map(str, keys))}")

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("dismiss/", self.dismiss_view, "dismiss"),
            self.own_url("flagged/", self.flagged_view, "flagged"),
            *super().get_urls(),
        ]

    @needs("messaging.change_receipt")
    def dismiss_view(self, request: HttpRequest) -> HttpResponse:
        found = map(row_id, request.GET.get("keys", "").split("-"))
        keys = [key for key in found if key is not None][:MOST_AT_ONCE]
        chosen = Receipt.objects.filter(pk__in=keys, state__in=DISMISSABLE)
        form = DismissForm(request.POST or None)
        if form.is_valid():
            with transaction.atomic():
                reason = form.cleaned_data["reason"]
                count = chosen.update(state=Receipt.State.DISMISSED, note=reason)
                detail = {"count": count, "reason": reason}
                audit.record(AuditAction.RECEIPTS_DISMISSED, actor=signed_in(request), detail=detail)
            text = ngettext("%(n)d receipt dismissed.", "%(n)d receipts dismissed.", count)
            messages.success(request, text % {"n": count})
            return redirect(self.address("changelist"))
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Dismiss receipts"),
            facts=[(_("Receipts"), display.count(chosen.count()))],
            form=form,
            button=_("Dismiss"),
            back=self.address("changelist"),
        )

    @needs("messaging.view_receipt")
    def flagged_view(self, request: HttpRequest) -> HttpResponse:
        """Requests that a vendor took in part, and people who got it by two channels."""
        further = Receipt.objects.filter(note="further leg").select_related("account").order_by("-id")[:MOST_FLAGGED]
        return self.page(
            request,
            "messaging/flagged.html",
            title=_("Flagged outcomes"),
            batches=status.partly_accepted()[:MOST_FLAGGED],
            receipts=[(receipt, number_link(receipt.phone), _channel(receipt.channel)) for receipt in further],
            may_open=request.user.has_perm("messaging.view_dispatch"),
        )


def _channel(code: str) -> str:
    return str(Channel(code).label) if code in Channel.values else code or display.UNKNOWN
