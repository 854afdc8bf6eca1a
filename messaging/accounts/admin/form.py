"""The form of a vendor account: what every account has, and what its vendor declares."""

import ipaddress
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kit import addresses
from kit.edits import EditGuard
from messaging.accounts import declared_fields
from messaging.gateway.vendor import Vendor
from messaging.models import VendorAccount
from messaging.reviews import pauses
from messaging.states import Channel

COMMON = (
    "name",
    "vendor",
    "base_url",
    "per_second",
    "in_flight",
    "batch_size",
    "low_balance",
    "review_days",
    "review_pauses",
    "callback_addresses",
)


class AccountForm(EditGuard, forms.ModelForm):
    """Subclassed for each vendor by `form_for`. Secrets are write-only: an empty one keeps what is stored, unless the
    address changes, which asks for all of them again."""

    declared_by: type[Vendor]

    base_url = forms.URLField(
        label=_("address"),
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_("Where the vendor's interface is reached. Changing it asks for every secret again."),
    )

    class Meta:
        model = VendorAccount
        fields = COMMON
        widgets = {
            "callback_addresses": forms.Textarea(attrs={"rows": 3}),
            "review_pauses": forms.Textarea(attrs={"rows": 3}),
        }

    def clean_base_url(self) -> str:
        """Credentials go to this address: https and public, unless the operator's setting names the host."""
        url = str(self.cleaned_data["base_url"])
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host in settings.VENDOR_HOSTS:
            return url
        if parts.scheme != "https":
            raise ValidationError(
                _(
                    "Without https, credentials travel in the clear. If the vendor offers no https, have the operator add "
                    "“%(host)s” to VENDOR_HOSTS and restart."
                )
                % {"host": host}
            )
        if not addresses.may_be_public(host):
            raise ValidationError(
                _(
                    "“%(host)s” is an address inside this network. If the vendor stands there, have the operator add it to "
                    "VENDOR_HOSTS and restart."
                )
                % {"host": host}
            )
        return url

    def clean_review_pauses(self) -> str:
        text = str(self.cleaned_data["review_pauses"]).strip()
        try:
            list(pauses(text))
        except ValueError as error:
            raise ValidationError(
                _("“%(line)s” is no day and no span of days. Write 2027-02-05 or 2027-02-05 – 2027-02-18.")
                % {"line": error}
            ) from error
        return text

    def clean_batch_size(self) -> int:
        size = int(self.cleaned_data["batch_size"])
        most = self.declared_by.capabilities.max_batch
        if most and size > most:
            raise ValidationError(_("This vendor takes at most %(most)s numbers in one request.") % {"most": most})
        return size

    def clean_callback_addresses(self) -> str:
        lines = self.cleaned_data["callback_addresses"].replace(",", " ").split()
        for line in lines:
            try:
                ipaddress.ip_network(line, strict=False)
            except ValueError as error:
                raise ValidationError(_("%(line)s is no address and no network.") % {"line": line}) from error
        return "\n".join(lines)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        moved = self.instance.pk is not None and cleaned.get("base_url") != self.initial.get("base_url")
        for field in self.declared_by.credentials:
            name = f"credential_{field.name}"
            typed = cleaned.get(name)
            kept = self.instance.credentials.get(field.name) and not moved
            if field.required and not typed and not kept and name not in self.errors:
                self.add_error(name, _("Fill this in; a changed address needs every secret again."))
        return cleaned

    def hidden_values(self) -> dict[str, str]:
        """Secrets: that a colleague changed one is told, its value is not."""
        stored = self.instance.credentials or {}
        secrets = [field.name for field in self.declared_by.credentials if field.kind == "secret"]
        return {f"credential_{name}": str(stored.get(name, "")) for name in secrets}

    @property
    def credentials(self) -> dict[str, str]:
        """What was typed; empty ones are kept by the service."""
        names = [field.name for field in self.declared_by.credentials]
        return {name: str(self.cleaned_data.get(f"credential_{name}") or "") for name in names}

    def save(self, commit: bool = True) -> VendorAccount:
        account = super().save(commit=False)
        account.settings = declared_fields.values_of("setting", self.declared_by.settings, self.cleaned_data)
        if "poll_on" in self.cleaned_data:
            account.settings["poll"] = self.cleaned_data["poll_on"]
        prices = {channel: self.cleaned_data.get(f"price_{channel}") for channel in Channel.values}
        account.prices = {channel: str(price) for channel, price in prices.items() if price is not None}
        return account


def _price_fields(prices: Mapping[str, object]) -> dict[str, forms.Field]:
    return {
        f"price_{channel.value}": forms.DecimalField(
            label=channel.label,
            required=False,
            min_value=Decimal(0),
            max_digits=8,
            decimal_places=4,
            initial=prices.get(channel.value),
        )
        for channel in Channel
    }


def _credential_fields(vendor: type[Vendor], account: VendorAccount | None) -> dict[str, forms.Field]:
    stored = account.credentials if account else {}
    fields = {}
    for field in vendor.credentials:
        known = stored.get(field.name, "")
        secret = field.kind == "secret"
        shown = None if secret else known
        fields[f"credential_{field.name}"] = declared_fields.form_field(field, shown, is_set=secret and bool(known))
    return fields


def _poll_field(vendor: type[Vendor], account: VendorAccount | None) -> dict[str, forms.Field]:
    """Only where the vendor can be asked. Pushes may come beside it: nothing is counted twice."""
    if not vendor.capabilities.polls:
        return {}
    field = forms.BooleanField(
        label=_("Ask the vendor for news"),
        required=False,
        initial=account.settings.get("poll", True) if account else True,
        help_text=_(
            "Every ten seconds, less often while nothing comes. Switch it off if another system asks for them."
        ),
    )
    return {"poll_on": field}


def form_for(vendor: type[Vendor], account: VendorAccount | None) -> type[AccountForm]:
    """The form class for one vendor, filled with what the account has."""
    fields = {
        **_credential_fields(vendor, account),
        **declared_fields.form_fields("setting", vendor.settings, account.settings if account else {}),
        **_poll_field(vendor, account),
        **_price_fields(account.prices if account else {}),
    }
    return type("AccountFormFor" + vendor.__name__, (AccountForm,), {**fields, "declared_by": vendor})
