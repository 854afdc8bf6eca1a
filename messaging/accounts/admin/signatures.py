"""Signatures with their carrier filing, and 5G senders."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.db.models import F, Model, Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kit import display
from kit.texts import VendorIdField
from messaging.admin_base import Page
from messaging.models import Chatbot, Signature
from templates_5g.models import MediaAsset
from templates_5g.services import local_url

OPERATORS = (
    ("cmcc", _("China Mobile")),
    ("cucc", _("China Unicom")),
    ("ctcc", _("China Telecom")),
    ("cbn", _("China Broadnet")),
)

_MOST_LOGOS = 24
_FILING_ROLE = {"none": "idle", "pending": "moving", "filed": "good"}


class _Plain(Page):
    """The browser's own date field; no plus and pencil beside a choice: what is chosen has pages of its own."""

    formfield_overrides = {models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


@admin.register(Signature)
class SignatureAdmin(_Plain):
    list_display = ("__str__", "at_cmcc", "at_cucc", "at_ctcc", "expires_on", "blocks_unfiled")
    search_fields = ("text",)
    list_add_label = _("New signature")
    fieldsets = (
        (None, {"fields": ("text",)}),
        (_("Carrier filing"), {"fields": (("cmcc", "cucc", "ctcc"), ("filed_on", "expires_on"), "blocks_unfiled")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was sent under it stays true: approvals, timelines and evidence show the text by its key."""
        return ("text",) if obj and _is_used(obj) else ()

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
        return display.badge(word, _FILING_ROLE.get(state, "idle"))


def _is_used(signature: Signature) -> bool:
    """Whether a dispatch, a campaign, a do-not-send entry or anything else but a 5G sender refers to it."""
    others = [one for one in signature._meta.related_objects if one.related_model is not Chatbot]
    return any(one.related_model._default_manager.filter(**{one.field.name: signature}).exists() for one in others)


class LogoChoice(forms.ModelChoiceField):
    """Pictures of the library, seen, not numbers."""

    def label_from_instance(self, obj: MediaAsset) -> SafeString:
        return format_html('<img src="{}" alt="" class="logo-choice"> {}', local_url(obj), obj.name)


def _logos(chosen: int | None) -> Any:
    """Pictures of about a square, the newest, and the one in use."""
    pictures = MediaAsset.objects.filter(mime__startswith="image/", archived_at__isnull=True, is_thumbnail=False)
    square = pictures.filter(width__lte=F("height") * 1.1, height__lte=F("width") * 1.1)
    return MediaAsset.objects.filter(Q(pk__in=square.values("pk")[:_MOST_LOGOS]) | Q(pk=chosen))


class ChatbotForm(forms.ModelForm):
    logo = LogoChoice(
        MediaAsset.objects.none(),
        label=_("logo"),
        required=False,
        blank=True,
        empty_label=_("None"),
        widget=forms.RadioSelect,
        help_text=_("Square pictures of the media library, the newest first."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("logo")
        if field:
            field.queryset = _logos(self.instance.logo_id)

    vendor_id = VendorIdField(label=_("vendor's id"), max_length=120, required=False)
    operators = forms.MultipleChoiceField(
        label=_("operators"), choices=OPERATORS, required=False, widget=forms.CheckboxSelectMultiple
    )


@admin.register(Chatbot)
class ChatbotAdmin(_Plain):
    form = ChatbotForm
    list_display = ("name", "signature", "account", "carried_by", "verified")
    list_select_related = ("signature", "account")
    list_filter = ("account", "verified")
    list_add_label = _("New 5G sender")
    list_empty = _("No 5G sender yet. A vendor account comes first.")
    fields = ("account", "name", "vendor_id", "signature", "operators", "logo", "verified")

    @admin.display(description=_("operators"))
    def carried_by(self, chatbot: Chatbot) -> str:
        names = dict(OPERATORS)
        return "、".join(str(names.get(key, key)) for key in chatbot.operators) or display.UNKNOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("account",) if obj else ()  # it belongs to one account for good
