"""Form fields from what a vendor declares: credentials, settings, options of a submission or a send."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _

from messaging.gateway.types import Field


def form_field(field: Field, value: object = None, *, is_set: bool = False) -> forms.Field:
    """The form field of one declaration. A secret never shows its value: `is_set` says that one is stored, and then it
    may be left empty. `value` is the present one, None for the declared default."""
    common: dict[str, Any] = {
        "label": _(field.label),
        "help_text": _(field.help) if field.help else "",
        "required": field.required and not is_set,
        "initial": field.default if value is None else value,
    }
    if field.kind == "secret":
        return _secret(field, common, is_set)
    if field.kind == "flag":
        return forms.BooleanField(**{**common, "required": False})
    if field.kind == "number":
        return forms.DecimalField(**common)
    if field.kind == "choice":
        return forms.ChoiceField(choices=[(key, _(word) if word else "—") for key, word in field.choices], **common)
    return forms.CharField(validators=_validators(field), **common)


def _secret(field: Field, common: Mapping[str, Any], is_set: bool) -> forms.Field:
    attributes = {"autocomplete": "new-password", "class": "vTextField"}
    if is_set:
        attributes["placeholder"] = _("Already set; leave empty to keep it")
    widget = forms.PasswordInput(render_value=False, attrs=attributes)
    made = forms.CharField(widget=widget, validators=_validators(field), **{**common, "initial": ""})
    made.already_set = is_set  # type: ignore[attr-defined]  # the page does not call it optional
    return made


def _validators(field: Field) -> list[Any]:
    if not field.pattern:
        return []
    hint = _(field.hint) if field.hint else _("This does not have the form that the vendor wants.")
    return [RegexValidator(re.compile(rf"^(?:{field.pattern})\Z"), hint)]


def form_fields(prefix: str, fields: Sequence[Field], values: Mapping[str, object]) -> Mapping[str, forms.Field]:
    """`prefix`_name -> form field, for settings and options."""
    return {f"{prefix}_{field.name}": form_field(field, values.get(field.name)) for field in fields}


def values_of(prefix: str, fields: Sequence[Field], cleaned: Mapping[str, object]) -> Mapping[str, object]:
    """Name -> JSON value of what was filled in; numbers as whole numbers where they are whole."""
    return {field.name: _plain(cleaned.get(f"{prefix}_{field.name}")) for field in fields}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
