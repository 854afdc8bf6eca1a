"""Keyword rules and canned answers: what the inbox does by itself and offers to people."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kit import audit, display
from kit.people import signed_in
from messaging.admin_base import Page
from messaging.audit_actions import AuditAction
from messaging.models import CannedAnswer, KeywordRule


class _Kept(Page):
    """Changes are in the audit trail: a rule acts on customers without anybody looking."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            AuditAction.KEYWORD_CHANGED,
            actor=signed_in(request),
            target=obj,
            detail={"fields": form.changed_data},
        )

    deletion = AuditAction.KEYWORD_REMOVED


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
        return rule.text or rule.tag or display.UNKNOWN

    @admin.display(description=_("status"))
    def state(self, rule: KeywordRule) -> SafeString:
        return display.badge(_("In use"), "good") if rule.enabled else display.badge(_("Off"))


@admin.register(CannedAnswer)
class CannedAnswerAdmin(_Kept):
    list_display = ("title", "text", "archived")
    list_empty = _("No canned answer yet.")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
