"""What a vendor sends in, made fit to be compared and stored."""

import re
from datetime import datetime

_ABROAD = re.compile(r"(?:\+|00)?86(1[3-9][0-9]{9})")


def number(text: str) -> str:
    """A mainland number without its country code, so that an opt-out meets the number that was sent to; anything else as
    it is."""
    return match[1] if (match := _ABROAD.fullmatch(text)) else text


def storable(text: str) -> str:
    """Without NUL and with “?” for half a surrogate pair: databases take neither, and handsets cut emoji in two."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def plausible(moment: datetime) -> datetime | None:
    """A vendor's time, or None where it can be nobody's: “no time” comes as the year 1 from some clocks, and a time that no
    database can give back would spoil every page that shows the row."""
    return moment if 2000 <= moment.year < 2100 else None
