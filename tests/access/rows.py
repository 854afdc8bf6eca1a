"""One row of every model that a page shows, so that every address leads somewhere."""

import uuid
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from campaigns.approvals import snapshot
from campaigns.models import Approval, Audience, AudienceImport, Campaign, RoleGrant
from messaging.models import SuppressionImport, VendorAccount
from templates_5g.models import MessageTemplate, TemplateVersion

# What a plain filler does not know.
_GIVEN: dict[type[models.Model], dict[str, Any]] = {
    VendorAccount: {"vendor": "rcs_gateway", "base_url": "http://127.0.0.1:9", "status": "ok", "callback_digest": ""},
    TemplateVersion: {
        "number": 1,
        "kind": "text",
        "content": {"kind": "text", "text": "您好", "suggestions": []},
        "fallback": {},
    },
}


class Rows:
    """model -> its one row, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[type[models.Model], models.Model] = {}

    def of(self, model: type[models.Model]) -> models.Model:
        model = model._meta.concrete_model or model
        if model not in self._made:
            found = model._default_manager.first()
            self._made[model] = found or model._default_manager.create(**self._values(model))
        return self._made[model]

    def _values(self, model: type[models.Model]) -> dict[str, Any]:
        values = dict(_GIVEN.get(model, {}))
        if model is Approval:
            counted = {"to_send": 1, "excluded": {}, "cost": {"lines": [], "low": "1.00", "high": "1.00"}}
            values["snapshot"] = {"covers": {**snapshot.of_campaign(self.of(Campaign).pk), **counted}, "because": []}
        if model is RoleGrant:
            values["group"] = self.of(Group)
        for field in model._meta.concrete_fields:
            if field.primary_key or field.name in values or field.null or field.has_default():
                continue
            if isinstance(field, models.ForeignKey):
                values[field.name] = self.of(field.related_model)
            else:
                values[field.name] = _plain(field)
        return values


def _plain(field: Any) -> Any:
    if field.choices:
        return next(iter(dict(field.flatchoices)))
    if field.blank and isinstance(field, models.CharField | models.TextField):
        return ""
    match field:
        case models.DateTimeField():
            return timezone.now()
        case models.DateField():
            return timezone.localdate()
        case models.UUIDField():
            return uuid.uuid4()
        case models.GenericIPAddressField():
            return "203.0.113.9"
        case models.BooleanField():
            return False
        case models.JSONField():
            return {}
        case models.BinaryField():
            return b""
        case models.IntegerField() | models.DecimalField() | models.FloatField():
            return 1
        case models.URLField():
            return "https://example.com/"
    phone = "13812340001" if field.name == "phone" else ""
    return phone or f"{field.name} {uuid.uuid4().hex[:8]}"[: field.max_length or 40]


def everything() -> Rows:
    """A row of every model with pages, and of those that addresses name beside."""
    rows = Rows()
    for model in (*admin.site._registry, MessageTemplate, Audience, AudienceImport, Campaign, SuppressionImport):
        rows.of(model)
    return rows
