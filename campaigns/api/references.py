"""From the names in a request to the rows they mean. Each raises a ValidationError whose path is the field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.serializers import ValidationError

from campaigns.api.errors import Problem
from messaging.accounts import declared_fields
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, Signature, VendorAccount
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion


def _one(rows: QuerySet[Any], field: str, words: str) -> Any:
    found: Model | None = rows.first()
    if found is None:
        raise ValidationError({field: [words]}, "unknown")
    return found


def account(name: str) -> VendorAccount:
    found: VendorAccount = _one(VendorAccount.objects.filter(name=name), "account", _("No account has this name."))
    return found


def signature(text: str) -> Signature:
    rows = Signature.objects.filter(text=text.strip("【】"))
    found: Signature = _one(rows, "signature", _("This signature is not registered."))
    return found


def sender(name: str | None, of: VendorAccount) -> Chatbot | None:
    if name is None:
        return None
    rows = Chatbot.objects.filter(account=of, name=name)
    found: Chatbot = _one(rows, "sender", _("This account has no 5G sender of this name."))
    return found


def version(data: Mapping[str, Any], at: VendorAccount) -> TemplateVersion:
    """The version of this number, or the newest that may be sent through the account."""
    rows = TemplateVersion.objects.filter(template__name=data["template"], template__archived_at__isnull=True)
    rows = rows.select_related("template").order_by("-number")
    newest: TemplateVersion = _one(rows, "template", _("No template has this name."))
    if "version" in data:
        chosen: TemplateVersion = _one(
            rows.filter(number=data["version"]), "version", _("The template has no version of this number.")
        )
        return chosen
    capabilities = vendor_class(at.vendor).capabilities
    if "main" not in capabilities.review_parts or capabilities.review_optional:
        return newest
    return _newest_approved(rows, at)


def _newest_approved(rows: QuerySet[TemplateVersion], at: VendorAccount) -> TemplateVersion:
    in_time = Q(reviews__approved_until__isnull=True) | Q(reviews__approved_until__gt=timezone.now())
    found = rows.filter(
        in_time,
        reviews__account=at,
        reviews__part="main",
        reviews__live=True,
        reviews__status=ReviewStatus.APPROVED,
    ).first()
    if found is None:
        raise Problem(_("No version of this template is approved at the account."), "not_approved", path="template")
    return found


def options(given: Mapping[str, object] | None, at: VendorAccount) -> Mapping[str, object]:
    """Send options as the vendor declares them, defaults filled in; {} where none are given."""
    if not given:
        return {}
    fields = vendor_class(at.vendor).send_options
    unknown = sorted(set(given) - {field.name for field in fields})
    if unknown:
        words = _("The account's vendor has no such option.")
        raise ValidationError({"options": {name: [words] for name in unknown}}, "unknown")
    data = {f"option_{field.name}": given.get(field.name, field.default) for field in fields}
    form = forms.Form(data)
    form.fields.update(declared_fields.form_fields("option", fields, {}))
    if not form.is_valid():
        found: Any = {name.removeprefix("option_"): list(words) for name, words in form.errors.items()}
        raise ValidationError({"options": found})
    return declared_fields.values_of("option", fields, form.cleaned_data)
