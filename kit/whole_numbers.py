"""Whole numbers as people type them."""

import unicodedata

_SEPARATORS = " ,'’_\u3000"


def whole(typed: str) -> int | None:
    """ "45200", "45,200", "45 200" and "４５，２００" are 45200; None where it is no whole number of digits."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign not in _SEPARATORS)
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else None
