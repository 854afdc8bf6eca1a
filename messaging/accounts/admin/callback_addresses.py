"""The addresses that a vendor is given for its pushes, on the account's page, and the pages that change them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kit import display
from kit.people import signed_in
from messaging.accounts import callback_addresses
from messaging.admin_base import Page, needs, post_only
from messaging.callbacks.admin.polls import INBOUND_TITLES
from messaging.gateway.registry import vendor_class
from messaging.models import VendorAccount


def _spans() -> list[tuple[int, str]]:
    """In the words of whoever looks."""
    return [
        (days, ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else _("not at all"))
        for days in callback_addresses.DAYS
    ]


class RenewForm(forms.Form):
    days = forms.TypedChoiceField(
        label=gettext_lazy("The old addresses work for"),
        coerce=int,
        initial=7,
        choices=_spans,
        help_text=gettext_lazy("Time to enter the new ones in the vendor's console. What comes to either is taken."),
    )


def callback_list(request: HttpRequest, account: VendorAccount) -> list[tuple[Any, str]]:
    """Kind and full address of each push. Who may not change the account sees the token masked: it is a secret."""
    may = request.user.has_perm("messaging.change_vendoraccount")
    found = []
    for kind in sorted(vendor_class(account.vendor).capabilities.callbacks):
        address = reverse("vendor-callback", args=[account.vendor, account.callback_token, kind])
        shown = address if may else address.replace(account.callback_token, "***")
        found.append((INBOUND_TITLES.get(kind, kind), settings.PUBLIC_URL.rstrip("/") + shown))
    return found


class CallbackAddresses(Page):
    """The pages behind the panel, under the accounts."""

    def callback_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/callbacks/", self.renew_view, "callbacks"),
            self.own_url("<int:pk>/callbacks/end/", self.end_view, "callbacks_end"),
        ]

    @needs("messaging.change_vendoraccount")
    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(VendorAccount, pk=pk)
        form = RenewForm(request.POST or None)
        if form.is_valid():
            callback_addresses.renew(account, form.cleaned_data["days"], signed_in(request))
            messages.success(request, _("These are the new addresses. Enter each of them in the vendor's console now."))
            return redirect(self.address("change", pk))
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Change the callback addresses of %(account)s") % {"account": account},
            facts=_facts(account),
            warning=_("The old addresses of the last change end at once.") if account.old_callback_works else "",
            form=form,
            button=_("Change the addresses"),
            back=self.address("change", pk),
        )

    @needs("messaging.change_vendoraccount")
    @post_only
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if callback_addresses.end_old(get_object_or_404(VendorAccount, pk=pk), signed_in(request)):
            messages.success(request, _("The old addresses work no longer."))
        return redirect(self.address("change", pk))


def _facts(account: VendorAccount) -> list[tuple[Any, Any]]:
    found = [(_("In use since"), display.moment(account.callback_since or account.created_at))]
    if account.old_callback_works:
        found.append((_("The old addresses work until"), display.moment(account.old_callback_until)))
    return found
