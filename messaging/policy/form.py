"""The form of the sending policy."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.edits import EditGuard
from kit.form_parts import ClockInput, Group
from messaging.models import SendingPolicy

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
        gettext_lazy("Frequency and daily limits"),
        (
            *("cap_count", "cap_days", "notice_cap_count", "notice_cap_days", "cap_tests"),
            *("tests_of_person", "tests_of_all", "api_notices_hour", "api_notices_day"),
        ),
    ),
    (
        gettext_lazy("Canary and automatic stop"),
        ("canary_percent", "canary_minutes", "stop_failed", "stop_unknown", "stop_opted_out", "stop_results"),
    ),
    (gettext_lazy("Confirmation"), ("type_above", "same_content_days", "notice_same_content_days")),
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

    def has_changed(self, initial: object, data: object) -> bool:
        try:
            return bool(self.to_python(data) != (initial or []))
        except forms.ValidationError:
            return True


# One content in many small orders is held to what one campaign with it is held to.
_OF_ORDERS = gettext_lazy(
    "For a campaign. Orders through the API: each by itself, and of marketing what one system orders of one template version on "
    "one day together. Empty: no limit."
)


class PolicyForm(EditGuard, forms.ModelForm):
    holidays = HolidaysField(
        required=False,
        label=gettext_lazy("holidays"),
        help_text=gettext_lazy("One date a line, such as 2027-01-01. Marketing waits on these days."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    class Meta:
        model = SendingPolicy
        fields = [name for _title, names in _GROUPS for name in names]
        widgets = {
            "marketing_from": ClockInput(),
            "marketing_until": ClockInput(),
            "notice_from": ClockInput(),
            "notice_until": ClockInput(),
        }
        help_texts = {
            "approve_people": _OF_ORDERS,
            "approve_cost": _OF_ORDERS,
            "marketing_from": gettext_lazy("Beijing time, every day. What a new campaign begins with."),
            "notice_from": gettext_lazy(
                "Beijing time. What a new campaign begins with; outside these hours it needs approval. Empty: always. "
                "Notices through the API are never held."
            ),
            "cap_count": gettext_lazy(
                "Holds for all marketing, by whatever way it is sent, and for what is under way. Empty: no cap."
            ),
            "notice_cap_count": gettext_lazy("Empty: no cap."),
            "tests_of_person": gettext_lazy("Empty: no limit."),
            "tests_of_all": gettext_lazy("Empty: no limit."),
            "api_notices_hour": gettext_lazy("All tokens of a system together. Empty: no limit."),
            "api_notices_day": gettext_lazy("All tokens of a system together. Empty: no limit."),
            "same_content_days": gettext_lazy(
                "The check counts who got it or is in another planned campaign with it; the number has to be typed. "
                "0: not asked."
            ),
            "notice_same_content_days": gettext_lazy("0: not asked."),
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
