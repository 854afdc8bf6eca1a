"""ONE table of what a message may measure: the standard's hard limits and the operators' warnings.

The checks, the browser's counters and the tests all read it. Stricter rules of a single vendor live in that vendor's
folder and arrive through templates_5g.hooks. Plain Python, so that the blocks may use it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["chars", "bytes", "count", "seconds"]

KB = 1024
MB = 1024 * KB


@dataclass(frozen=True)
class Limit:
    """`least` and `most` are hard. Above `warn` (in `warn_unit`) some operators refuse; above `hint` phones may fold.

    Characters are Unicode code points (an emoji is one), bytes are UTF-8 (a Chinese character is three).
    """

    unit: Unit
    least: int = 0
    most: int | None = None
    warn: int | None = None
    warn_unit: Unit | None = None
    hint: int | None = None


LIMITS: Mapping[str, Limit] = {
    "card.title": Limit("chars", most=200, warn=150, warn_unit="bytes"),
    "card.description": Limit("chars", most=2000, warn=1000, warn_unit="bytes", hint=50),
    "card.suggestions": Limit("count", most=4),
    "suggestions": Limit("count", most=11, warn=10),
    "carousel.cards": Limit("count", least=2, most=12, warn=6),
    "suggestion.label": Limit("chars", least=1, most=25, warn=25, warn_unit="bytes"),
    "suggestion.data": Limit("chars", most=2048, warn=2000),
    "suggestion.url": Limit("chars", least=1, most=2048, warn=2000),
    "suggestion.phone": Limit("chars", least=1),
    "suggestion.query": Limit("chars", least=1, most=200),
    "suggestion.place": Limit("chars", most=100),
    "suggestion.text": Limit("chars", least=1, most=100),
    "suggestion.title": Limit("chars", least=1, most=100),
    "suggestion.description": Limit("chars", most=500),
    "place.label": Limit("chars", least=1, most=100),
    "text.text": Limit("chars", least=1),
    "media.alt": Limit("chars", most=200),
    "styles": Limit("count", most=3),
    "image": Limit("bytes", most=10 * MB, warn=2 * MB),
    "audio": Limit("bytes", most=10 * MB),
    "video": Limit("bytes", most=10 * MB, warn=5 * MB),
    "thumbnail": Limit("bytes", most=64 * KB, warn=10 * KB),
    "mms.title": Limit("chars", warn=20),
    "mms.frames": Limit("count", least=1, most=15, warn=9),
    "mms.seconds": Limit("seconds", least=1),
    "mms": Limit("bytes", most=2 * MB, warn=80 * KB),
    "fallback.mms": Limit("bytes", most=2 * MB, warn=1900 * KB),
    "sms.text": Limit("chars", least=1, most=2000, warn=500),
    "fallback.sms.text": Limit("chars", least=1, most=2000, warn=500),
    "fallback.aim.text": Limit("chars", least=1, most=2000, warn=200),
    "fallback.h5.text": Limit("chars", least=1, most=2000, warn=500),
    "template.name": Limit("chars", least=1, most=60, warn=17),
}

# Billing of SMS: up to 70 UTF-16 units is one, beyond that each 67 is one.
SMS_SINGLE = 70
SMS_PART = 67


def measure(text: str, unit: Unit) -> int:
    """The length of a text in the unit that a limit is given in."""
    return len(text.encode()) if unit == "bytes" else len(text)


def as_data(limits: Mapping[str, Limit] = LIMITS) -> Mapping[str, object]:
    """The table for the browser: {"card.title": {unit, least, most, warn, warn_unit, hint}, …, "sms": {…}}."""
    table: dict[str, Any] = {name: asdict(limit) for name, limit in limits.items()}
    for entry in table.values():
        entry["warn_unit"] = entry["warn_unit"] or entry["unit"]
    table["sms"] = {"single": SMS_SINGLE, "part": SMS_PART}
    return table
