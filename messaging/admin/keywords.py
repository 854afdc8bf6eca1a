"""Keyword rules and canned answers: what the inbox does by itself and offers to people."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.kit import audit, show
from config.kit.words import gettext_noop
from messaging.admin.base import Page
from messaging.models import CannedAnswer, KeywordRule


class _Kept(Page):
    """Changes are in the audit trail: a rule acts on customers without anybody looking."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            gettext_noop("Changed what replies get"),
            actor=request.user,
            target=obj,
            detail={"fields": form.changed_data},
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        audit.record(gettext_noop("Removed what replies get"), actor=request.user, target=obj)
        super().delete_model(request, obj)


@admin.register(KeywordRule)
class KeywordRuleAdmin(_Kept):
    list_display = ("word", "match", "action", "what", "account", "order", "state")
    list_select_related = ("account",)
    list_empty = _("No rule yet. Opt-out words are obeyed without any.")
    list_note = _(
        "The first rule that fits a reply acts. R, T, TD, 退订, 取消 and 拒收 alone always opt out, before all rules."
    )
    fields = (
        "word",
        "match",
        "account",
        "action",
        "tag",
        "text",
        ("answers_from", "answers_until"),
        "order",
        "enabled",
    )
    formfield_overrides = {models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}}
    actions = None

    @admin.display(description=_("with"))
    def what(self, rule: KeywordRule) -> str:
        return rule.text or rule.tag or show.UNKNOWN

    @admin.display(description=_("status"))
    def state(self, rule: KeywordRule) -> SafeString:
        return show.badge(_("In use"), "good") if rule.enabled else show.badge(_("Off"))


@admin.register(CannedAnswer)
class CannedAnswerAdmin(_Kept):
    list_display = ("title", "text", "archived")
    list_empty = _("No canned answer yet.")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
