"""Signatures with their carrier filing, and 5G senders."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.kit import show
from messaging.admin.base import Page
from messaging.models import Chatbot, Signature

OPERATORS = (
    ("cmcc", _("China Mobile")),
    ("cucc", _("China Unicom")),
    ("ctcc", _("China Telecom")),
    ("cbn", _("China Broadnet")),
)

_FILING_ROLE = {"none": "idle", "pending": "moving", "filed": "good"}


@admin.register(Signature)
class SignatureAdmin(Page):
    list_display = ("__str__", "at_cmcc", "at_cucc", "at_ctcc", "expires_on", "blocks_unfiled")
    search_fields = ("text",)
    list_add_label = _("New signature")
    fieldsets = (
        (None, {"fields": ("text",)}),
        (_("Carrier filing"), {"fields": (("cmcc", "cucc", "ctcc"), ("filed_on", "expires_on"), "blocks_unfiled")}),
    )

    @admin.display(description=_("China Mobile"), ordering="cmcc")
    def at_cmcc(self, signature: Signature) -> str:
        return self._filing(signature.cmcc, signature.get_cmcc_display())

    @admin.display(description=_("China Unicom"), ordering="cucc")
    def at_cucc(self, signature: Signature) -> str:
        return self._filing(signature.cucc, signature.get_cucc_display())

    @admin.display(description=_("China Telecom"), ordering="ctcc")
    def at_ctcc(self, signature: Signature) -> str:
        return self._filing(signature.ctcc, signature.get_ctcc_display())

    @staticmethod
    def _filing(state: str, word: str) -> str:
        return show.badge(word, _FILING_ROLE.get(state, "idle"))


class ChatbotForm(forms.ModelForm):
    operators = forms.MultipleChoiceField(
        label=_("operators"), choices=OPERATORS, required=False, widget=forms.CheckboxSelectMultiple
    )


@admin.register(Chatbot)
class ChatbotAdmin(Page):
    form = ChatbotForm
    list_display = ("name", "signature", "account", "carried_by", "verified")
    list_select_related = ("signature", "account")
    list_filter = ("account", "verified")
    list_add_label = _("New 5G sender")
    list_empty = _("No 5G sender yet. A vendor account comes first.")
    fields = ("account", "name", "vendor_id", "signature", "operators", "logo", "verified")
    raw_id_fields = ("logo",)

    @admin.display(description=_("operators"))
    def carried_by(self, chatbot: Chatbot) -> str:
        names = dict(OPERATORS)
        return "、".join(str(names.get(key, key)) for key in chatbot.operators) or show.UNKNOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account",) if obj else ()  # it belongs to one account for good
