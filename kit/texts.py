"""Texts that are sent, as form and model fields: what is counted, limited, stored and sent is the same text."""

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _

from kit.invisible_characters import trimmed
from kit.line_breaks import unified


class VendorIdField(forms.CharField):
    """An identifier that somebody copies from another system: visible ASCII without blanks, as it goes into requests and
    addresses. Blanks and signs that nobody sees are dropped around it."""

    def to_python(self, value: object) -> Any:
        text = super().to_python(trimmed(value) if isinstance(value, str) else value)
        strange = next((sign for sign in text or "" if not "!" <= sign <= "~"), "")
        if strange:
            words = _("An id has letters, digits and punctuation alone. This one contains %(sign)s: copy it again.")
            raise forms.ValidationError(words % {"sign": _named(strange)}, code="vendor_id")
        return text


def _named(sign: str) -> str:
    """A character that may not be seen, in words."""
    if sign.isspace():
        return _("a blank")
    return (
        _("“%(sign)s”") % {"sign": sign}
        if sign.isprintable()
        else _("the invisible character U+%(code)04X") % {"code": ord(sign)}
    )


class MessageFormField(forms.CharField):
    """Several lines, their breaks unified before the length is judged."""

    widget = forms.Textarea

    def to_python(self, value: object) -> Any:
        return super().to_python(unified(value) if isinstance(value, str) else value)


class MessageField(models.TextField):
    """Stored with unified line breaks, whoever stores it; the object in memory has them too from then on."""

    def to_python(self, value: object) -> Any:
        return unified(value) if isinstance(value, str) else super().to_python(value)

    def get_prep_value(self, value: object) -> Any:
        return self.to_python(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": MessageFormField, **kwargs})

    def deconstruct(self) -> Any:
        """A plain text column: migrations need not know."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
