"""What a person types as a mobile number, and the sealed form in which a number may stand in an address."""

import re
import unicodedata

from cryptography.fernet import InvalidToken

from config.kit import fields

_MOBILE = re.compile(r"1[3-9]\d{9}")
_NOISE = re.compile(r"[\s\-()]+")
_COUNTRY = re.compile(r"^(?:\+86|0086|86)(?=1[3-9]\d{9}$)")
KEY_LASTS = 12 * 3600


def clean(typed: str) -> str:
    """The 11 digits of a mainland mobile number, "" if it is none. Full-width digits, blanks, dashes and +86 are allowed."""
    digits = _COUNTRY.sub("", _NOISE.sub("", unicodedata.normalize("NFKC", typed)))
    return digits if _MOBILE.fullmatch(digits) else ""


def seal(phone: str) -> str:
    """A key for addresses: it tells nothing, opens on this installation only, and for twelve hours only."""
    return fields.box().encrypt(phone.encode()).decode().rstrip("=")


def unseal(key: str) -> str:
    """The number behind a key, "" where the key is none or too old."""
    try:
        return fields.box().decrypt((key + "=" * (-len(key) % 4)).encode(), ttl=KEY_LASTS).decode()
    except (InvalidToken, ValueError):
        return ""
