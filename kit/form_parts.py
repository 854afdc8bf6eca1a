"""Groups of fields and inputs that forms of several apps are made of."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from kit.labels import Label


@dataclass(frozen=True)
class Group:
    """Some fields of a form under a title, in the shape that songda/fields.html reads. A folded one opens by itself when it
    holds something; the values of `defaults` do not count."""

    title: Label
    visible_fields: list[Any]
    folded: bool = False
    defaults: tuple[str, ...] = ()
    hidden_fields: tuple[Any, ...] = ()

    @property
    def open(self) -> bool:
        return any(field.errors or (field.name not in self.defaults and field.value()) for field in self.visible_fields)


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
