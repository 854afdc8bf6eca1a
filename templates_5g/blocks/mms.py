"""MMS and video SMS: a title and frames that are shown one after the other."""

from dataclasses import dataclass
from typing import Any

from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.reader import Reader


@dataclass(frozen=True)
class Frame:
    """At most one text and one medium; `seconds` is how long it is shown."""

    seconds: int = 5
    text: str = ""
    media: MediaRef | None = None

    @classmethod
    def parse(cls, reader: Reader) -> "Frame":
        return cls(
            seconds=reader.whole("seconds", 5), text=reader.text("text"), media=reader.one("media", MediaRef.parse)
        )

    def dump(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "text": self.text, "media": self.media.dump() if self.media else None}
