"""Buttons under a card and chips under a message: eight kinds, one value."""

from dataclasses import dataclass, fields
from typing import Any

from templates_5g.blocks.reader import Reader

# kind -> the fields beyond label and data that it uses, in the order in which they are shown
KINDS: dict[str, tuple[str, ...]] = {
    "reply": (),
    "open_url": ("url", "application"),
    "dial": ("phone",),
    "show_place": ("latitude", "longitude", "place"),
    "find_place": ("query",),
    "ask_place": (),
    "compose": ("phone", "text"),
    "calendar": ("start", "end", "title", "description"),
}
APPLICATIONS = ("browser", "webview")


@dataclass(frozen=True)
class Suggestion:
    """`data` is the postback that comes back when it is tapped. Times are text `2026-11-21T10:00` (Asia/Shanghai) or a
    date alone; latitude and longitude are decimal text, so that what was typed is what is sent."""

    kind: str = "reply"
    label: str = ""
    data: str = ""
    url: str = ""
    application: str = ""
    phone: str = ""
    text: str = ""
    latitude: str = ""
    longitude: str = ""
    place: str = ""
    query: str = ""
    start: str = ""
    end: str = ""
    title: str = ""
    description: str = ""

    @classmethod
    def parse(cls, reader: Reader) -> "Suggestion":
        kind = reader.choice("kind", tuple(KINDS), "reply")
        values: dict[str, str] = {"label": reader.text("label"), "data": reader.text("data")}
        for name in KINDS[kind]:
            values[name] = reader.choice(name, APPLICATIONS, "browser") if name == "application" else reader.text(name)
        return cls(kind=kind, **values)

    def dump(self) -> dict[str, Any]:
        own = ("label", "data", *KINDS[self.kind])
        return {"kind": self.kind, **{name: getattr(self, name) for name in own}}

    @property
    def texts(self) -> dict[str, str]:
        """Every text by field name that may hold a variable."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("kind", "application")}
