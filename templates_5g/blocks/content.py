"""The seven kinds of content, and the fallback parts beside them.

JSON shapes (what the editor posts, what TemplateVersion.content and .fallback hold):

    {"kind": "text", "text": "…", "suggestions": [chip…]}
    {"kind": "card", "orientation": "VERTICAL", "alignment": "", "title_style": [], "description_style": [],
     "card": {"title", "description", "media": {"asset", "height", "thumbnail", "alt"} | null,
              "suggestions": [button…]},
     "suggestions": [chip…]}
    {"kind": "carousel", "width": "MEDIUM_WIDTH", "title_style": [], "description_style": [], "cards": [card…],
     "suggestions": []}
    {"kind": "file", "media": {…}, "suggestions": []}
    {"kind": "place", "latitude": "39.9", "longitude": "116.4", "label": "…", "suggestions": []}
    {"kind": "mms", "title": "…", "frames": [{"seconds": 5, "text": "…", "media": {…} | null}]}
    {"kind": "sms", "text": "…"}

    fallback: {"sms": {"text": "…"} | null, "mms": {"title", "frames"} | null, "aim": {"text": "…"} | null,
               "h5": {"text": "…"} | null}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kit.msgids import gettext_noop as _
from templates_5g.blocks.card import ALIGNMENTS, ORIENTATIONS, STYLES, WIDTHS, Card
from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.mms import Frame
from templates_5g.blocks.problems import Problem
from templates_5g.blocks.reader import Reader
from templates_5g.blocks.suggestion import Suggestion


def _dump_all(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [item.dump() for item in items]


@dataclass(frozen=True)
class Text:
    kind: ClassVar[str] = "text"
    text: str = ""
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "Text":
        return cls(text=reader.text("text"), suggestions=reader.many("suggestions", Suggestion.parse))

    def dump(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text, "suggestions": _dump_all(self.suggestions)}


@dataclass(frozen=True)
class SingleCard:
    """`alignment` (LEFT or RIGHT) belongs to HORIZONTAL alone and is "" otherwise."""

    kind: ClassVar[str] = "card"
    card: Card = field(default_factory=Card)
    orientation: str = "VERTICAL"
    alignment: str = ""
    title_style: tuple[str, ...] = ()
    description_style: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "SingleCard":
        return cls(
            card=reader.one("card", Card.parse) or Card(),
            orientation=reader.choice("orientation", ORIENTATIONS, "VERTICAL"),
            alignment=reader.choice("alignment", ALIGNMENTS, ""),
            title_style=reader.words("title_style", STYLES),
            description_style=reader.words("description_style", STYLES),
            suggestions=reader.many("suggestions", Suggestion.parse),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "orientation": self.orientation,
            "alignment": self.alignment,
            "title_style": list(self.title_style),
            "description_style": list(self.description_style),
            "card": self.card.dump(),
            "suggestions": _dump_all(self.suggestions),
        }


@dataclass(frozen=True)
class Carousel:
    kind: ClassVar[str] = "carousel"
    cards: tuple[Card, ...] = ()
    width: str = "MEDIUM_WIDTH"
    title_style: tuple[str, ...] = ()
    description_style: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "Carousel":
        return cls(
            cards=reader.many("cards", Card.parse),
            width=reader.choice("width", WIDTHS, "MEDIUM_WIDTH"),
            title_style=reader.words("title_style", STYLES),
            description_style=reader.words("description_style", STYLES),
            suggestions=reader.many("suggestions", Suggestion.parse),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "width": self.width,
            "title_style": list(self.title_style),
            "description_style": list(self.description_style),
            "cards": _dump_all(self.cards),
            "suggestions": _dump_all(self.suggestions),
        }


@dataclass(frozen=True)
class File:
    kind: ClassVar[str] = "file"
    media: MediaRef | None = None
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "File":
        return cls(media=reader.one("media", MediaRef.parse), suggestions=reader.many("suggestions", Suggestion.parse))

    def dump(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "media": self.media.dump() if self.media else None,
            "suggestions": _dump_all(self.suggestions),
        }


@dataclass(frozen=True)
class Place:
    kind: ClassVar[str] = "place"
    latitude: str = ""
    longitude: str = ""
    label: str = ""
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "Place":
        return cls(
            latitude=reader.text("latitude"),
            longitude=reader.text("longitude"),
            label=reader.text("label"),
            suggestions=reader.many("suggestions", Suggestion.parse),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "label": self.label,
            "suggestions": _dump_all(self.suggestions),
        }


@dataclass(frozen=True)
class Mms:
    kind: ClassVar[str] = "mms"
    title: str = ""
    frames: tuple[Frame, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "Mms":
        return cls(title=reader.text("title"), frames=reader.many("frames", Frame.parse))

    def dump(self) -> dict[str, Any]:
        return {"kind": self.kind, "title": self.title, "frames": _dump_all(self.frames)}


@dataclass(frozen=True)
class Sms:
    """`text` stands without 【signature】: the sending layer puts it where the vendor wants it."""

    kind: ClassVar[str] = "sms"
    text: str = ""

    @classmethod
    def parse(cls, reader: Reader) -> "Sms":
        return cls(text=reader.text("text"))

    def dump(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text}


Content = Text | SingleCard | Carousel | File | Place | Mms | Sms
KINDS: dict[str, type[Content]] = {cls.kind: cls for cls in (Text, SingleCard, Carousel, File, Place, Mms, Sms)}


@dataclass(frozen=True)
class FallbackText:
    """The text of a fallback by SMS, AIM (smart SMS) or H5 page."""

    text: str = ""

    @classmethod
    def parse(cls, reader: Reader) -> "FallbackText":
        return cls(text=reader.text("text"))

    def dump(self) -> dict[str, Any]:
        return {"text": self.text}


@dataclass(frozen=True)
class FallbackMms:
    title: str = ""
    frames: tuple[Frame, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "FallbackMms":
        return cls(title=reader.text("title"), frames=reader.many("frames", Frame.parse))

    def dump(self) -> dict[str, Any]:
        return {"title": self.title, "frames": _dump_all(self.frames)}


@dataclass(frozen=True)
class Fallback:
    """What a phone gets that cannot show the main content. Any of the four may be absent."""

    sms: FallbackText | None = None
    mms: FallbackMms | None = None
    aim: FallbackText | None = None
    h5: FallbackText | None = None

    PARTS: ClassVar[tuple[str, ...]] = ("sms", "mms", "aim", "h5")

    @classmethod
    def parse(cls, reader: Reader) -> "Fallback":
        return cls(
            sms=reader.one("sms", FallbackText.parse),
            mms=reader.one("mms", FallbackMms.parse),
            aim=reader.one("aim", FallbackText.parse),
            h5=reader.one("h5", FallbackText.parse),
        )

    def dump(self) -> dict[str, Any]:
        return {part: getattr(self, part).dump() if getattr(self, part) else None for part in self.PARTS}

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.PARTS if getattr(self, part))


def parse_content(data: Any) -> tuple[Content, list[Problem]]:
    """Untrusted JSON -> content and the problems of its *shape* (an unknown kind or key, a wrong type), by path.

    With problems the content is what could be read; save nothing then. Limits: `templates_5g.blocks.checks`.
    """
    problems: list[Problem] = []
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        problems.append(Problem("kind", "kind", _("“%(value)s” is not a kind of message."), {"value": kind}))
        return Text(), problems
    reader = Reader(data, "", problems)
    reader.raw("kind")
    content = KINDS[kind].parse(reader)
    reader.finish()
    return content, problems


def parse_fallback(data: Any) -> tuple[Fallback, list[Problem]]:
    """Like parse_content; paths begin with `fallback`."""
    problems: list[Problem] = []
    reader = Reader(data or {}, "fallback", problems)
    fallback = Fallback.parse(reader)
    reader.finish()
    return fallback, problems
