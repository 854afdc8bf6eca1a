"""What a person says about a campaign: whom, what, through which account, when."""

from datetime import time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign
from campaigns.states import Operator
from messaging.admin import declared
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, VendorAccount
from templates_5g.models import TemplateVersion

MARKETING_FROM, MARKETING_UNTIL = time(9, 0), time(20, 30)


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: TemplateVersion) -> str:
        return _("%(name)s, version %(n)s") % {"name": obj.template.name, "n": obj.number}


class SenderField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Chatbot) -> str:
        return f"{obj.name} · {obj.account.name}"


class MomentInput(forms.DateTimeInput):
    """The browser's own picker; seconds are of no use here."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        if hasattr(value, "strftime"):
            return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%dT%H:%M")
        return value


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _versions() -> QuerySet[TemplateVersion]:
    rows = TemplateVersion.objects.filter(template__archived_at__isnull=True).select_related("template")
    return rows.order_by("template__name", "-number")


class CampaignForm(forms.ModelForm):
    """With the send options that the account's vendor declares, once an account is chosen."""

    version = VersionField(_versions(), label=gettext_lazy("template version"))
    chatbot = SenderField(Chatbot.objects.select_related("account"), label=gettext_lazy("5G sender"), required=False)
    operators = forms.MultipleChoiceField(
        choices=Operator.choices,
        required=False,
        label=gettext_lazy("operators"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen means all. By prefix: a ported number counts under its old operator."),
    )

    class Meta:
        model = Campaign
        fields = (
            "name",
            "version",
            "audience",
            "account",
            "signature",
            "chatbot",
            "operators",
            "start_at",
            "useless_after",
            "window_from",
            "window_until",
            "cap_count",
            "cap_days",
            "skip_same_days",
            "needs_consent",
        )
        widgets = {
            "start_at": MomentInput(),
            "useless_after": MomentInput(),
            "window_from": ClockInput(),
            "window_until": ClockInput(),
        }
        help_texts = {
            "start_at": gettext_lazy("Beijing time. Empty: as soon as it is confirmed."),
            "useless_after": gettext_lazy("Beijing time. What is not handed over by then is not sent any more."),
            "window_from": gettext_lazy("Beijing time, every day. Outside the window messages wait."),
            "cap_count": gettext_lazy("Who got this many marketing messages in the days below is left out."),
            "skip_same_days": gettext_lazy("0: not asked."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["audience"].queryset = fields["audience"].queryset.filter(archived_at__isnull=True)
        if not self.instance.pk:
            fields["window_from"].initial, fields["window_until"].initial = MARKETING_FROM, MARKETING_UNTIL
            fields["useless_after"].required = False
        self.options = self._declared_options()
        self.fields.update(declared.form_fields("option", self.options, self.instance.options or {}))

    def _declared_options(self) -> Any:
        account = self._chosen_account()
        return vendor_class(account.vendor).send_options if account else ()

    def _chosen_account(self) -> VendorAccount | None:
        """The stored one: options of an account chosen only now are asked for on the next look."""
        return self.instance.account if self.instance.pk else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_times(cleaned)
        chatbot, account = cleaned.get("chatbot"), cleaned.get("account")
        if chatbot and account and chatbot.account_id != account.pk:
            words = _("This 5G sender belongs to another account. Choose one of %(account)s.")
            self.add_error("chatbot", words % {"account": account})
        return cleaned

    def _check_times(self, cleaned: dict[str, Any]) -> None:
        start, useless = cleaned.get("start_at"), cleaned.get("useless_after")
        if useless and useless <= max(start or timezone.now(), timezone.now()):
            self.add_error("useless_after", _("It must be later than the start and later than now."))
        opens, closes = cleaned.get("window_from"), cleaned.get("window_until")
        if bool(opens) != bool(closes):
            self.add_error(
                "window_until" if opens else "window_from", _("A window has a beginning and an end; fill in both.")
            )
        elif opens and closes and opens >= closes:
            self.add_error("window_until", _("The end must be later than the beginning."))

    def save(self, commit: bool = True) -> Any:
        self.instance.operators = self.cleaned_data["operators"]
        same_vendor = not self.options or self.options == vendor_class(self.cleaned_data["account"].vendor).send_options
        values = declared.values_of("option", self.options, self.cleaned_data)
        self.instance.options = values if same_vendor else {}
        return super().save(commit)


class TypedCountForm(forms.Form):
    typed = forms.CharField(label=gettext_lazy("type the number of people"), max_length=20)

    def __init__(self, *args: Any, people: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].widget.attrs.update(inputmode="numeric", autocomplete="off")
        self.fields["typed"].help_text = _("Type %(n)s to confirm.") % {"n": people}
