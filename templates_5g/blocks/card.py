"""One rich card: medium, title, description, buttons."""

from dataclasses import dataclass
from typing import Any

from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.reader import Reader
from templates_5g.blocks.suggestion import Suggestion

STYLES = ("italics", "bold", "underline")
ORIENTATIONS = ("VERTICAL", "HORIZONTAL")
ALIGNMENTS = ("LEFT", "RIGHT")
WIDTHS = ("MEDIUM_WIDTH", "SMALL_WIDTH")


@dataclass(frozen=True)
class Card:
    title: str = ""
    description: str = ""
    media: MediaRef | None = None
    suggestions: tuple[Suggestion, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> "Card":
        return cls(
            title=reader.text("title"),
            description=reader.text("description"),
            media=reader.one("media", MediaRef.parse),
            suggestions=reader.many("suggestions", Suggestion.parse),
        )

    def dump(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "description": self.description,
            "media": self.media.dump() if self.media else None,
            "suggestions": [suggestion.dump() for suggestion in self.suggestions],
        }
