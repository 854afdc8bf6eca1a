"""Forms of a submission for review, and of what already exists at a vendor."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.texts import VendorIdField
from messaging.accounts import declared_fields
from messaging.gateway.vendor import Vendor
from messaging.models import Chatbot, Signature, VendorAccount
from messaging.states import ReviewStatus

PARTS = {
    "main": gettext_lazy("The message itself"),
    "sms": gettext_lazy("SMS fallback"),
    "mms": gettext_lazy("MMS fallback"),
    "aim": gettext_lazy("Smart SMS fallback"),
    "h5": gettext_lazy("H5 fallback"),
}


class AccountPart(forms.Form):
    """What one account wants to know with a submission. Prefixed by the account's id, `under` a version's own prefix where
    several are on one page; only read when `chosen`."""

    chosen = forms.BooleanField(label="", required=False)
    chatbot = forms.ModelChoiceField(Chatbot.objects.none(), label=gettext_lazy("5G sender"), required=False)

    def __init__(
        self, account: VendorAccount, vendor: type[Vendor], *args: Any, under: str = "", **kwargs: Any
    ) -> None:
        own = f"account-{account.pk}"
        super().__init__(*args, **{**kwargs, "prefix": f"{under}-{own}" if under else own})
        self.account = account
        self.options = vendor.submit_options
        self.fields["chosen"].label = _("Submit to this account")
        chatbots = Chatbot.objects.filter(account=account)
        self.fields["chatbot"].queryset = chatbots  # type: ignore[attr-defined]
        if not chatbots:
            del self.fields["chatbot"]
        self.fields.update(declared_fields.form_fields("option", self.options, {}))
        if self.is_bound and not self.data.get(self.add_prefix("chosen")):
            for field in self.fields.values():
                field.required = False

    @property
    def option_values(self) -> Mapping[str, object]:
        return declared_fields.values_of("option", self.options, self.cleaned_data)


class SubmitForm(forms.Form):
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"))


class ByHandForm(forms.Form):
    account = forms.ModelChoiceField(VendorAccount.objects.all(), label=gettext_lazy("vendor account"))
    part = forms.ChoiceField(label=gettext_lazy("part"), choices=list(PARTS.items()))
    vendor_template_id = VendorIdField(label=gettext_lazy("vendor's template id"), max_length=80)
    status = forms.ChoiceField(
        label=gettext_lazy("status"),
        choices=[
            (ReviewStatus.APPROVED.value, ReviewStatus.APPROVED.label),
            (ReviewStatus.WAITING.value, ReviewStatus.WAITING.label),
            (ReviewStatus.REJECTED.value, ReviewStatus.REJECTED.label),
        ],
    )
    approved_until = forms.DateTimeField(
        label=gettext_lazy("approved until"),
        required=False,
        help_text=gettext_lazy("Beijing time. Empty: without an end."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"), required=False)
    note = forms.CharField(
        label=gettext_lazy("where you know it from"),
        max_length=200,
        help_text=gettext_lazy("For instance: read in the vendor's console. It is kept in the audit trail."),
    )

    def clean_approved_until(self) -> Any:
        until = self.cleaned_data["approved_until"]
        if until and until <= timezone.now():
            raise forms.ValidationError(_("This time has passed."))
        return until
