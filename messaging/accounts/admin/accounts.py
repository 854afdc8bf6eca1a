"""Vendor accounts: a form made from what the vendor declares, and what can be asked or done about an account."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display
from kit.people import signed_in
from messaging import badges
from messaging.accounts import health
from messaging.accounts.admin.callback_addresses import CallbackAddresses, callback_list
from messaging.accounts.admin.form import form_for
from messaging.admin_base import needs, post_only
from messaging.callbacks.admin.polls import Polls, poll_facts, unguarded
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import UnknownVendor, all_vendors, vendor_class
from messaging.models import VendorAccount
from messaging.sentences import SENTENCES
from messaging.states import AccountStatus, Channel


def balance_text(account: VendorAccount) -> str:
    """The balance as far as its unit is known: a bare number is shown as it came."""
    if account.balance is None:
        return display.UNKNOWN
    if account.balance_unit == "yuan":
        return display.money(account.balance)
    if account.balance_unit == "messages":
        return _("%(n)s messages") % {"n": display.count(account.balance)}
    return _("%(n)s (unit as the vendor counts)") % {"n": f"{account.balance.normalize():,f}"}


def why_stopped(account: VendorAccount) -> str:
    sentence = SENTENCES.get(account.stop_reason)
    return str(sentence[0]) if sentence else account.stop_reason


@admin.register(VendorAccount)
class VendorAccountAdmin(Polls, CallbackAddresses):
    list_display = ("name", "vendor_name", "state", "balance_now", "last_success", "in_use")
    list_filter = ("status", "vendor")
    list_empty = gettext_lazy("No account yet. Add the first one.")
    list_add_label = gettext_lazy("Add an account")
    change_form_template = "messaging/account_form.html"

    @admin.display(description=gettext_lazy("vendor"), ordering="vendor")
    def vendor_name(self, account: VendorAccount) -> str:
        try:
            return _(vendor_class(account.vendor).name)
        except UnknownVendor:
            return account.vendor

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, account: VendorAccount) -> SafeString:
        badge = badges.account(account.status)
        if account.status != AccountStatus.STOPPED:
            return badge
        return format_html('{} <span class="quiet">{}</span>', badge, why_stopped(account))

    @admin.display(description=gettext_lazy("balance"))
    def balance_now(self, account: VendorAccount) -> str:
        return balance_text(account)

    @admin.display(description=gettext_lazy("last success"), ordering="last_ok_at")
    def last_success(self, account: VendorAccount) -> str:
        return display.when(account.last_ok_at)

    @admin.display(description=gettext_lazy("pace"))
    def in_use(self, account: VendorAccount) -> str:
        return _("%(n)s per second") % {"n": f"{account.per_second.normalize():f}"}

    # --- the form ---------------------------------------------------------------------------------------------------

    def _vendor_of(self, request: HttpRequest, obj: VendorAccount | None) -> str:
        return obj.vendor if obj else request.POST.get("vendor") or request.GET.get("vendor", "")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """First the vendor is chosen, since the rest of the form depends on it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if self._vendor_of(request, None) not in all_vendors():
            vendors = [(code, _(vendor.name)) for code, vendor in all_vendors().items()]
            return self.page(request, "messaging/account_vendor.html", title=_("Which vendor?"), vendors=vendors)
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = form_for(vendor_class(self._vendor_of(request, obj)), obj)
        form = super().get_form(request, obj, change=change, **kwargs)
        if "vendor" in form.base_fields:
            form.base_fields["vendor"].widget = forms.HiddenInput()
            form.base_fields["vendor"].disabled = obj is not None  # an account stays at its vendor
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        code = request.GET.get("vendor", "")
        return {"vendor": code, "base_url": vendor_class(code).default_base_url}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        vendor = vendor_class(self._vendor_of(request, obj))
        credentials = [f"credential_{field.name}" for field in vendor.credentials]
        declared = [f"setting_{field.name}" for field in vendor.settings]
        rate = ["per_second", "in_flight", "batch_size"]
        prices = [f"price_{channel}" for channel in Channel.values]
        groups: list[tuple[Any, dict[str, Any]]] = [
            (None, {"fields": ["vendor", "name", "base_url"]}),
            (_("Credentials"), {"fields": credentials, "description": _("Stored encrypted and never shown again.")}),
            (_("Settings of this vendor"), {"fields": declared}),
            (_("Pace"), {"fields": [rate] if vendor.capabilities.max_batch else []}),
            (_("Prices per message, in yuan"), {"fields": [prices[:3], prices[3:], "low_balance"]}),
            (_("Reviews"), {"fields": ["review_days", "review_pauses"] if vendor.capabilities.review_parts else []}),
            (_("Polls"), {"fields": ["poll_on"] if vendor.capabilities.polls else []}),
            (_("Callbacks"), {"fields": ["callback_addresses"], "description": _addresses_help(vendor)}),
        ]
        return [group for group in groups if group[1]["fields"]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ()

    def save_model(self, request: HttpRequest, obj: VendorAccount, form: Any, change: bool) -> None:
        health.save_account(obj, credentials=form.credentials, actor=signed_in(request))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Who may only look gets a page without a form: the fields of a vendor have no read-only shape."""
        account = self.get_object(request, object_id) if object_id else None
        if account is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        facts = {"account": account, **self._facts(request, account), **(extra_context or {})}
        if not self.has_change_permission(request, account):
            if not self.has_view_permission(request, account):
                raise PermissionDenied
            return self.page(request, "messaging/account.html", title=account.name, original=account, **facts)
        return super().changeform_view(request, object_id, form_url, facts)

    def _facts(self, request: HttpRequest, account: VendorAccount) -> Mapping[str, object]:
        vendor = vendor_class(account.vendor)
        sentence = SENTENCES.get(account.stop_reason)
        return {
            "vendor_name": _(vendor.name),
            "badge": badges.account(account.status),
            "stopped_because": why_stopped(account),
            "what_to_do": sentence[2] if sentence else "",
            "balance": balance_text(account),
            "callbacks": callback_list(request, account),
            "unguarded": unguarded(account, vendor),
            **poll_facts(account),
            "operations": [(item, _(item.title)) for item in vendor.operations],
            "may_test": request.user.has_perm("messaging.test_vendoraccount"),
            "stopped": account.status in (AccountStatus.STOPPED, AccountStatus.OFF),
        }

    # --- what can be done -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/test/", self.test_view, "test"),
            self.own_url("<int:pk>/balance/", self.balance_view, "balance"),
            self.own_url("<int:pk>/resume/", self.resume_view, "resume"),
            self.own_url("<int:pk>/off/", self.off_view, "off"),
            *self.callback_urls(),
            *self.poll_urls(),
            *super().get_urls(),
        ]

    @needs("messaging.test_vendoraccount")
    @post_only
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(VendorAccount, pk=pk)
        verdict = health.try_connection(account, signed_in(request))
        _say(request, verdict, _("The connection works."))
        return redirect(self.address("change", pk))

    @needs("messaging.test_vendoraccount")
    @post_only
    def balance_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(VendorAccount, pk=pk)
        verdict = health.refresh_balance(account).verdict
        account.refresh_from_db()
        _say(request, verdict, _("Balance: %(balance)s") % {"balance": balance_text(account)})
        return redirect(self.address("change", pk))

    @needs("messaging.change_vendoraccount")
    @post_only
    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        health.resume(get_object_or_404(VendorAccount, pk=pk), signed_in(request))
        messages.success(request, _("The account sends again; what waited goes on."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_vendoraccount")
    @post_only
    def off_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        health.switch_off(get_object_or_404(VendorAccount, pk=pk), signed_in(request))
        messages.warning(request, _("The account is switched off. What is queued waits; what was handed over goes on."))
        return redirect(self.address("change", pk))


def _addresses_help(vendor: Any) -> str:
    if not vendor.capabilities.callbacks:
        return _("This vendor pushes nothing; it is asked instead.")
    return _("Addresses that the vendor pushes from, one a line (10.0.0.1 or 10.0.0.0/24). Empty: from anywhere.")


def _say(request: HttpRequest, verdict: Any, success: str) -> None:
    """What came of asking a vendor: our sentence, then its own words."""
    if verdict.outcome is Outcome.ACCEPTED:
        messages.success(request, success)
        return
    sentence = SENTENCES.get(verdict.reason)
    parts = [str(sentence[0]), str(sentence[2])] if sentence else []
    said = f"{verdict.code} {verdict.message}".strip()
    if said:
        parts.append(_("The vendor's own words: %(words)s") % {"words": said})
    messages.error(request, " ".join(part for part in parts if part))
