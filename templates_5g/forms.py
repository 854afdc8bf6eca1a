"""Forms of templates and media."""

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kit.edits import EditGuard
from templates_5g.errors import NotPossible
from templates_5g.json_request import MOST_BYTES, json_object
from templates_5g.states import Kind, Purpose
from templates_5g.widgets import FallbackWidget, TemplateEditorWidget

_KIND_WORDS = {
    Kind.TEXT: _("Words with links, chips below."),
    Kind.CARD: _("A picture or film with words and up to 4 buttons."),
    Kind.CAROUSEL: _("2 to 12 cards side by side, to swipe through."),
    Kind.FILE: _("A file to open or keep."),
    Kind.PLACE: _("A point on the map."),
    Kind.MMS: _("Pages with pictures; reaches phones without 5G messages."),
    Kind.SMS: _("Words alone; reaches every phone."),
}
_kind_label = lazy(
    lambda kind: format_html('{} <span class="quiet">{}</span>', kind.label, _KIND_WORDS[kind]), SafeString
)


class NewTemplateForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("Seen by colleagues and vendors, not by customers. Best within 17 characters."),
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=Purpose.choices,
        initial=Purpose.MARKETING,
        widget=forms.RadioSelect,
        help_text=_("Marketing needs consent and a way to refuse."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, _kind_label(kind)) for kind in Kind],
        initial=Kind.CARD,
        widget=forms.RadioSelect,
    )


class TemplateSettingsForm(EditGuard, forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    reason = forms.CharField(
        label=_("Reason for the change of purpose"),
        max_length=200,
        required=False,
        help_text=_("Needed where marketing becomes a notice; it stands in the audit trail."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class CopyForm(forms.Form):
    name = forms.CharField(label=_("Name of the copy"), max_length=60)


class JsonField(forms.CharField):
    """A posted JSON object; `clean` gives the parsed object."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, max_length=MOST_BYTES, **kwargs)

    def clean(self, value: object) -> Any:
        text = super().clean(value)
        try:
            return json_object(text) if text else {}
        except NotPossible as error:
            raise forms.ValidationError(error.sentence) from error


class VersionForm(forms.Form):
    """The editor's form as it is posted without JavaScript, or by its save button."""

    content = JsonField(widget=TemplateEditorWidget, label=_("Content"))
    fallback = JsonField(widget=FallbackWidget, label=_("Fallback"), required=False)
    edited = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"))


class RenameMediaForm(EditGuard, forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)


class FitForm(forms.Form):
    """A smaller copy of a picture: cropped to a size, or within a number of KB, or both."""

    width = forms.IntegerField(label=_("Width in pixels"), min_value=16, max_value=4000, required=False)
    height = forms.IntegerField(label=_("Height in pixels"), min_value=16, max_value=4000, required=False)
    kilobytes = forms.IntegerField(label=_("At most KB"), min_value=1, max_value=10_240, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("width")) != bool(data.get("height")):
            raise forms.ValidationError(_("Give width and height together."))
        if not data.get("width") and not data.get("kilobytes"):
            raise forms.ValidationError(_("Say how large the copy may be."))
        return data

    @property
    def size(self) -> tuple[int, int] | None:
        width, height = self.cleaned_data.get("width"), self.cleaned_data.get("height")
        return (width, height) if width and height else None

    @property
    def most_bytes(self) -> int | None:
        kilobytes = self.cleaned_data.get("kilobytes")
        return kilobytes * 1024 if kilobytes else None
