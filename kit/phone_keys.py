"""The sealed form in which a number may stand in an address."""

from cryptography.fernet import InvalidToken

from kit import fields

KEY_LASTS = 12 * 3600


def seal(phone: str) -> str:
    """A key for addresses: it tells nothing, opens on this installation only, and for twelve hours only."""
    return fields.box("phone").encrypt(phone.encode()).decode().rstrip("=")


def unseal(key: str) -> str:
    """The number behind a key, "" where the key is none or too old."""
    try:
        return fields.box("phone").decrypt((key + "=" * (-len(key) % 4)).encode(), ttl=KEY_LASTS).decode()
    except (InvalidToken, ValueError):
        return ""
