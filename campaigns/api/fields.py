"""Fields that say no where the stock ones turn one thing into another."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kit import phones
from kit.line_breaks import unified


class Text(serializers.CharField):
    """A JSON string with unified line breaks; numbers are not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(unified(data))


class Whole(serializers.IntegerField):
    """A JSON number without fraction, 1 to 2147483647 unless said otherwise; text and booleans are not turned into one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": 2**31 - 1, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Phone(Text):
    """A mainland mobile number; blanks, dashes and +86 are allowed. Gives the 11 digits."""

    default_error_messages = {"phone": _("This is no mobile number: it must have 11 digits.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 32, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        phone = phones.clean(super().to_internal_value(data))
        if not phone:
            self.fail("phone")
        return phone


class Percent(serializers.FloatField):
    """A JSON number from 0.1 to 100, with one decimal at most; text is not turned into one."""

    default_error_messages = {"decimal": _("One decimal at most.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0.1, "max_value": 100, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, (int, float)) or isinstance(data, bool):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if round(value, 1) != value:
            self.fail("decimal")
        return value


class Moment(serializers.DateTimeField):
    """A time in an answer, as ISO 8601 with its own offset."""

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())
