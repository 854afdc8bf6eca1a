"""What a vendor sends in, made fit to be compared and stored."""

from datetime import datetime

from kit import phones


def number(text: str) -> str:
    """The 11 ASCII digits of a mainland mobile number, so that an opt-out meets the number that was sent to; anything else as it
    is."""
    return phones.clean(text) or text


def is_number(text: str) -> bool:
    """Eleven ASCII digits, as `number` gives them."""
    return len(text) == 11 and text.isascii() and text.isdigit()


def storable(text: str) -> str:
    """Without NUL and with “?” for half a surrogate pair: databases take neither, and handsets cut emoji in two."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def plausible(moment: datetime) -> datetime | None:
    """A vendor's time, or None where it can be nobody's: “no time” comes as the year 1 from some clocks, and a time that no
    database can give back would spoil every page that shows the row."""
    return moment if 2000 <= moment.year < 2100 else None
