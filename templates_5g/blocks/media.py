"""A picture, sound or film that content points at, by the id of an asset in the library."""

from dataclasses import dataclass
from typing import Any

from templates_5g.blocks.reader import Reader

HEIGHTS = ("SHORT", "MEDIUM", "TALL")


@dataclass(frozen=True)
class MediaRef:
    """`asset` is the library's id as text ("" = none yet). `thumbnail` is another asset, for sound and film."""

    asset: str = ""
    height: str = "MEDIUM"
    thumbnail: str = ""
    alt: str = ""

    @classmethod
    def parse(cls, reader: Reader) -> "MediaRef":
        return cls(
            asset=reader.text("asset"),
            height=reader.choice("height", HEIGHTS, "MEDIUM"),
            thumbnail=reader.text("thumbnail"),
            alt=reader.text("alt"),
        )

    def dump(self) -> dict[str, Any]:
        return {"asset": self.asset, "height": self.height, "thumbnail": self.thumbnail, "alt": self.alt}
