"""Cells as they are meant: without what programs and copying put around them."""

from kit import invisible_characters, masks
from kit.phones import unquoted

_APOSTROPHES = "'’‘"
# Behind these an apostrophe is a spreadsheet's sign and none of the text.
_KEPT_AS_TEXT = "0123456789+-@"


def tidy(cell: str) -> str:
    """Without blanks and invisible signs at both ends, the marks of ="…", the quotation marks behind a byte order mark, and the
    apostrophe that keeps digits as text or that our own exports put before what a spreadsheet would run."""
    text = invisible_characters.trimmed(cell)
    if text.startswith("="):
        return invisible_characters.trimmed(unquoted(text))
    if text.startswith('"') and cell.startswith("\ufeff") and text.endswith('"') and len(text) > 1:
        return invisible_characters.trimmed(text[1:-1].replace('""', '"'))
    if len(text) > 1 and text[0] in _APOSTROPHES and text[1] in _KEPT_AS_TEXT:
        return text[1:]
    return text


def masked(value: str) -> str:
    """A cell as it may be kept: long runs of digits lose their middle, a NUL (which PostgreSQL refuses) its teeth."""
    return masks.runs(value[:200].replace("\0", "␀"))[:80]
