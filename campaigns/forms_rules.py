"""The form of the house's sending rules."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms import ClockInput, Group
from campaigns.models import SendingRules

_GROUPS = (
    (
        gettext_lazy("Approval by a colleague"),
        ("approve_people", "approve_cost", "approve_first_use", "approve_outside_hours"),
    ),
    (
        gettext_lazy("Send windows"),
        ("marketing_from", "marketing_until", "notice_from", "notice_until", "holidays"),
    ),
    (
        gettext_lazy("Canary and automatic stop"),
        ("canary_percent", "canary_minutes", "stop_failed", "stop_unknown", "stop_opted_out", "stop_results"),
    ),
    (gettext_lazy("Confirmation"), ("type_above",)),
)
MOST_HOLIDAYS = 200


class HolidaysField(forms.CharField):
    """One ISO date a line <-> a list of them, sorted and without repeats."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = value if isinstance(value, str) else "\n".join(value or [])
        days = sorted({self._day(word) for word in text.replace(",", " ").replace("，", " ").split()})
        if len(days) > MOST_HOLIDAYS:
            raise forms.ValidationError(_("At most %(n)s days.") % {"n": MOST_HOLIDAYS})
        return days

    @staticmethod
    def _day(word: str) -> str:
        try:
            return date.fromisoformat(word).isoformat()
        except ValueError as problem:
            raise forms.ValidationError(_("%(word)s is no date. Write 2027-01-01.") % {"word": word}) from problem

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or []))
        except forms.ValidationError:
            return True


class RulesForm(forms.ModelForm):
    holidays = HolidaysField(
        required=False,
        label=gettext_lazy("holidays"),
        help_text=gettext_lazy("One date a line, such as 2027-01-01. Marketing waits on these days."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    class Meta:
        model = SendingRules
        fields = [name for _title, names in _GROUPS for name in names]
        widgets = {
            "marketing_from": ClockInput(),
            "marketing_until": ClockInput(),
            "notice_from": ClockInput(),
            "notice_until": ClockInput(),
        }
        help_texts = {
            "approve_people": gettext_lazy("Empty: no limit."),
            "approve_cost": gettext_lazy("Empty: no limit."),
            "marketing_from": gettext_lazy("Beijing time, every day. What a new campaign begins with."),
            "notice_from": gettext_lazy("Empty: always."),
            "canary_percent": gettext_lazy("What a new campaign begins with. Empty: no canary."),
            "stop_failed": gettext_lazy("What a new campaign begins with. Empty: not watched."),
        }

    def __init__(self, *args: Any, changeable: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.disabled = not changeable

    def groups(self) -> list[Group]:
        return [Group(title, [self[name] for name in names]) for title, names in _GROUPS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for purpose in ("marketing", "notice"):
            opens, closes = cleaned.get(f"{purpose}_from"), cleaned.get(f"{purpose}_until")
            if bool(opens) != bool(closes):
                words = _("A window has a beginning and an end; fill in both.")
                self.add_error(f"{purpose}_until" if opens else f"{purpose}_from", words)
            elif opens and closes and opens >= closes:
                self.add_error(f"{purpose}_until", _("The end must be later than the beginning."))
        return cleaned
