"""Row ids that people's browsers send: what is no id is nobody's, never an error."""

LONGEST = 18  # digits; every number of so many fits a 64-bit column


def row_id(text: object) -> int | None:
    """The id that `text` holds, None if it is none. `str.isdigit` alone lets through signs that int() refuses (²), and
    numbers too long for any column."""
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST else None
