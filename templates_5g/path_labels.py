"""Paths as people say them: `cards.1.suggestions.0.label` is “Card 2 · Button 1 · Label”."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

_WORDS: Mapping[str, Any] = {
    "alignment": gettext_lazy("Picture side"),
    "alt": gettext_lazy("Alternative text"),
    "application": gettext_lazy("Opens in"),
    "asset": gettext_lazy("File"),
    "aim": gettext_lazy("Smart SMS (AIM)"),
    "card": gettext_lazy("Card"),
    "cards": gettext_lazy("Cards"),
    "data": gettext_lazy("Postback data"),
    "description": gettext_lazy("Description"),
    "description_style": gettext_lazy("Style of the description"),
    "end": gettext_lazy("End"),
    "fallback": gettext_lazy("Fallback"),
    "frames": gettext_lazy("Pages"),
    "h5": gettext_lazy("H5 page"),
    "height": gettext_lazy("Picture height"),
    "kind": gettext_lazy("Kind"),
    "label": gettext_lazy("Label"),
    "latitude": gettext_lazy("Latitude"),
    "longitude": gettext_lazy("Longitude"),
    "media": gettext_lazy("Media"),
    "mms": gettext_lazy("MMS"),
    "name": gettext_lazy("Name of the template"),
    "orientation": gettext_lazy("Orientation"),
    "phone": gettext_lazy("Phone number"),
    "place": gettext_lazy("Name of the place"),
    "purpose": gettext_lazy("Purpose"),
    "query": gettext_lazy("Search words"),
    "sender": gettext_lazy("5G sender"),
    "seconds": gettext_lazy("Seconds"),
    "sms": gettext_lazy("SMS"),
    "start": gettext_lazy("Start"),
    "suggestions": gettext_lazy("Buttons"),
    "template_id": gettext_lazy("Vendor's template id"),
    "text": pgettext_lazy("part of a message", "Text"),
    "thumbnail": gettext_lazy("Thumbnail"),
    "title": gettext_lazy("Title"),
    "title_style": gettext_lazy("Style of the title"),
    "url": gettext_lazy("Link"),
    "width": gettext_lazy("Card width"),
}


def place(path: str) -> str:
    """The path in the reader's words; "" is the whole message. An unknown step stays as it is."""
    return " · ".join(_steps(path.split("."))) if path else _("The whole message")


def _steps(parts: list[str]) -> Iterator[str]:
    index = 0
    while index < len(parts):
        name, number = parts[index], parts[index + 1] if index + 1 < len(parts) else ""
        if number.isdigit() and name in ("cards", "frames", "suggestions"):
            yield _numbered(name, int(number) + 1, is_chip=index == 0)
            index += 2
            continue
        yield str(_WORDS.get(name, name))
        index += 1


def _numbered(name: str, number: int, is_chip: bool) -> str:
    if name == "cards":
        return _("Card %(number)s") % {"number": number}
    if name == "frames":
        return _("Page %(number)s") % {"number": number}
    return (_("Chip %(number)s") if is_chip else _("Button %(number)s")) % {"number": number}
