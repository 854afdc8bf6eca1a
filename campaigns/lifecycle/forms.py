"""What a person says about a campaign: whom, what, through which account, when."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign
from campaigns.models.campaigns import PLANNED
from kit import display
from kit.edits import EditGuard
from kit.form_parts import ClockInput, Group, MomentInput
from messaging.accounts import declared_fields
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, SendingPolicy, VendorAccount
from messaging.states import Operator
from templates_5g.models import TemplateVersion

_GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Whom and what"),
        ("name", "version", "audience", "account", "signature", "chatbot", "operators", "needs_consent"),
    ),
    (
        gettext_lazy("When and how fast"),
        ("start_at", "send_until", "window_from", "window_until", "per_second"),
    ),
)
_FOLDED: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Frequency"), ("cap_count", "cap_days", "skip_same_days")),
    (
        gettext_lazy("Canary and automatic stop"),
        ("canary_people", "canary_percent", "canary_minutes", "stop_failed", "stop_unknown", "stop_opted_out"),
    ),
    (gettext_lazy("Compare two versions"), ("version_b", "share_b")),
    (gettext_lazy("Fallback once"), ("fallback_account", "fallback_version", "fallback_on_silence")),
)
# What the policy gives a new campaign, by the same names.
_FROM_POLICY = ("canary_percent", "canary_minutes", "stop_failed", "stop_unknown", "stop_opted_out")
# These always have a value, which does not open their group.
_DEFAULTED = ("canary_minutes", "share_b", "cap_days", "skip_same_days")
# What holds where the form leaves them empty.
_DEFAULTS = ("canary_minutes", "share_b")


def policy_values(policy: SendingPolicy) -> Mapping[str, object]:
    """Canary and stop limits of a campaign that says nothing of them."""
    return {name: getattr(policy, name) for name in _FROM_POLICY}


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: TemplateVersion) -> str:
        return str(obj)


class SenderField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Chatbot) -> str:
        return f"{obj.name} · {obj.account.name}"


def _versions() -> QuerySet[TemplateVersion]:
    rows = TemplateVersion.objects.filter(template__archived_at__isnull=True).select_related("template")
    return rows.order_by("template__name", "-number")


class CampaignForm(EditGuard, forms.ModelForm):
    """With the send options that the account's vendor declares, once an account is chosen."""

    version = VersionField(_versions(), label=gettext_lazy("template version"))
    version_b = VersionField(
        _versions(),
        label=gettext_lazy("second version to compare"),
        required=False,
        help_text=gettext_lazy("The people are divided once, by a fixed rule; results stand side by side."),
    )
    fallback_version = VersionField(
        _versions(),
        label=gettext_lazy("fallback: template version"),
        required=False,
        help_text=gettext_lazy("Empty: the same version."),
    )
    chatbot = SenderField(Chatbot.objects.select_related("account"), label=gettext_lazy("5G sender"), required=False)
    operators = forms.MultipleChoiceField(
        choices=Operator.choices,
        required=False,
        label=gettext_lazy("operators"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen means all. By prefix: a ported number counts under its old operator."),
    )

    at_once = forms.BooleanField(
        required=False,
        label=gettext_lazy("start as soon as it is confirmed, instead of the time that has passed"),
    )

    class Meta:
        model = Campaign
        fields = ("name", *PLANNED)
        widgets = {
            "start_at": MomentInput(),
            "send_until": MomentInput(),
            "window_from": ClockInput(),
            "window_until": ClockInput(),
        }
        help_texts = {
            "start_at": gettext_lazy("Beijing time. Empty: as soon as it is confirmed."),
            "send_until": gettext_lazy("Beijing time. What is not handed over by then is not sent any more."),
            "window_from": gettext_lazy("Beijing time, every day. Outside the window messages wait."),
            "cap_count": gettext_lazy("Who got this many marketing messages in the days below is left out."),
            "skip_same_days": gettext_lazy("0: not asked."),
            "per_second": gettext_lazy("Empty: the pace of the account. It is never faster than that."),
            "canary_people": gettext_lazy(
                "So many people get it first; the others follow only inside the limits below."
            ),
            "canary_percent": gettext_lazy("Or so many percent of the people. Empty: no canary."),
            "stop_failed": gettext_lazy("Of those with a result. Empty: not watched."),
            "stop_unknown": gettext_lazy("Of those handed over. Empty: not watched."),
            "stop_opted_out": gettext_lazy("Of those delivered. Empty: not watched."),
            "fallback_account": gettext_lazy(
                "Who was finally not reached gets it once more through this account. Empty: nobody."
            ),
            "fallback_on_silence": gettext_lazy("The first message may have arrived: they may get it twice."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["audience"].queryset = fields["audience"].queryset.filter(archived_at__isnull=True)
        for name in _DEFAULTS:
            fields[name].required = False
        if not self.instance.pk:
            self._begin_with(SendingPolicy.current())
        self.options = self._declared_options()
        self.fields.update(declared_fields.form_fields("option", self.options, self.instance.options or {}))

    def _begin_with(self, policy: SendingPolicy) -> None:
        """What the policy gives a new campaign. The class is not known yet: see _window_of_the_class."""
        for name, value in policy_values(policy).items():
            self.fields[name].initial = value
        window = policy.window_for("marketing")
        if window:
            self.fields["window_from"].initial, self.fields["window_until"].initial = window.opens, window.closes

    def groups(self) -> list[Group]:
        """The send options stand with what is sent."""
        declared_names = [name for name in self.fields if name.startswith("option_")]
        shown = [Group(title, [self[name] for name in self._shown(names)]) for title, names in _GROUPS]
        shown[0].visible_fields.extend(self[name] for name in declared_names)
        return shown + [
            Group(title, [self[name] for name in names], folded=True, defaults=_DEFAULTED) for title, names in _FOLDED
        ]

    def _shown(self, names: tuple[str, ...]) -> list[str]:
        """Whether it starts at once is asked beside a time that has passed, and nowhere else."""
        asked = "start_at" in self.errors or self["at_once"].value()
        return [one for name in names for one in ((name, "at_once") if name == "start_at" and asked else (name,))]

    def _declared_options(self) -> Any:
        account = self._chosen_account()
        return vendor_class(account.vendor).send_options if account else ()

    def _chosen_account(self) -> VendorAccount | None:
        """The stored one: options of an account chosen only now are asked for on the next look."""
        return self.instance.account if self.instance.pk else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._window_of_the_class(cleaned)
        self._check_times(cleaned)
        self._check_choices(cleaned)
        for name in _DEFAULTS:
            if cleaned.get(name) is None:
                cleaned[name] = getattr(Campaign(), name)
        chatbot, account = cleaned.get("chatbot"), cleaned.get("account")
        if chatbot and account and chatbot.account_id != account.pk:
            words = _("This 5G sender belongs to another account. Choose one of %(account)s.")
            self.add_error("chatbot", words % {"account": account})
        return cleaned

    def _window_of_the_class(self, cleaned: dict[str, Any]) -> None:
        """A window that nobody touched is the one of the version's class."""
        version, touched = cleaned.get("version"), {"window_from", "window_until"} & set(self.changed_data)
        if version is None or self.instance.pk or touched or not cleaned.get("window_from"):
            return
        window = SendingPolicy.current().window_for(version.template.purpose)
        cleaned["window_from"], cleaned["window_until"] = (window.opens, window.closes) if window else (None, None)

    def _check_choices(self, cleaned: Mapping[str, Any]) -> None:
        if cleaned.get("canary_people") and cleaned.get("canary_percent"):
            self.add_error("canary_percent", _("People or percent, not both."))
        version, second = cleaned.get("version"), cleaned.get("version_b")
        if version and second and (version == second or version.template.purpose != second.template.purpose):
            self.add_error("version_b", _("Choose another version of the same purpose."))
        if cleaned.get("fallback_version") and not cleaned.get("fallback_account"):
            self.add_error("fallback_account", _("Choose the account that sends the fallback."))
        if cleaned.get("fallback_account") and cleaned.get("fallback_account") == cleaned.get("account"):
            self.add_error("fallback_account", _("Choose another account than that of the campaign."))

    def _check_times(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("at_once"):
            cleaned["start_at"] = None
        start, until = cleaned.get("start_at"), cleaned.get("send_until")
        if start and start <= timezone.now():
            words = _("%(at)s has passed. Choose a later time, or say that it starts as soon as it is confirmed.")
            self.add_error("start_at", words % {"at": display.to_the_minute(start)})
        if until and until <= max(start or timezone.now(), timezone.now()):
            self.add_error("send_until", _("It must be later than the start and later than now."))
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
        values = declared_fields.values_of("option", self.options, self.cleaned_data)
        self.instance.options = values if same_vendor else {}
        return super().save(commit)


class ConfirmForm(forms.Form):
    """What is asked before a start, as far as it is asked: `people` and `again` (who get the same content again) are numbers to
    type; `passed` says that the start time has gone by."""

    typed = forms.CharField(label=gettext_lazy("type the number of people"), max_length=20)
    typed_again = forms.CharField(
        label=gettext_lazy("type the number of people who get the same content again"), max_length=20
    )
    at_once = forms.BooleanField(
        label=gettext_lazy("start as soon as it is confirmed"),
        error_messages={"required": gettext_lazy("Say that it starts at once, or go back and choose another time.")},
    )

    def __init__(self, *args: Any, people: int | None, again: int | None, passed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, number in (("typed", people), ("typed_again", again)):
            if not number:
                del self.fields[name]
                continue
            self.fields[name].widget.attrs.update(inputmode="numeric", autocomplete="off")
            self.fields[name].help_text = _("Type %(n)s to confirm.") % {"n": number}
        if passed:
            self.fields["at_once"].help_text = passed
        else:
            del self.fields["at_once"]


class AtOnceForm(forms.Form):
    """Says that a campaign whose time has passed starts now."""

    at_once = forms.CharField(initial="yes", widget=forms.HiddenInput)
