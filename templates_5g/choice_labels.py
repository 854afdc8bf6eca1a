"""The words of choices inside content, as the editor and the outline show them."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kit.labels import Label
from templates_5g.blocks import suggestion
from templates_5g.states import Kind

SUGGESTION_KINDS: Mapping[str, Label] = {
    "reply": pgettext_lazy("button kind", "Reply"),
    "open_url": _("Open link"),
    "dial": _("Dial"),
    "show_place": _("Show place"),
    "find_place": _("Find place"),
    "ask_place": _("Ask for location"),
    "compose": _("Compose message"),
    "calendar": _("Add event"),
}
HEIGHTS: Mapping[str, Label] = {
    "SHORT": pgettext_lazy("picture height", "Short"),
    "MEDIUM": pgettext_lazy("picture height", "Medium"),
    "TALL": pgettext_lazy("picture height", "Tall"),
}
WIDTHS: Mapping[str, Label] = {
    "MEDIUM_WIDTH": pgettext_lazy("card width", "Wide"),
    "SMALL_WIDTH": pgettext_lazy("card width", "Narrow"),
}
ORIENTATIONS: Mapping[str, Label] = {"VERTICAL": _("Upright"), "HORIZONTAL": _("Sideways")}
ALIGNMENTS: Mapping[str, Label] = {"LEFT": _("Picture left"), "RIGHT": _("Picture right")}
STYLES: Mapping[str, Label] = {"italics": _("Italics"), "bold": _("Bold"), "underline": _("Underlined")}
APPLICATIONS: Mapping[str, Label] = {"browser": _("Browser"), "webview": _("Inside the message (webview)")}

# By the last step of a path.
CHOICE_WORDS: Mapping[str, Mapping[str, Label]] = {
    "kind": {**dict(Kind.choices), **SUGGESTION_KINDS},
    "height": HEIGHTS,
    "width": WIDTHS,
    "orientation": ORIENTATIONS,
    "alignment": ALIGNMENTS,
    "title_style": STYLES,
    "description_style": STYLES,
    "application": APPLICATIONS,
}


def as_choices(words: Mapping[str, Label]) -> Sequence[Mapping[str, str]]:
    return [{"value": value, "label": str(label)} for value, label in words.items()]


def suggestion_kinds() -> Sequence[Mapping[str, object]]:
    """Each kind with the fields beyond label and data that it uses."""
    return [
        {"value": kind, "label": str(SUGGESTION_KINDS[kind]), "fields": list(names)}
        for kind, names in suggestion.KINDS.items()
    ]
