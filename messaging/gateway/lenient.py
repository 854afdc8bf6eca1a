"""Reading what vendors send. Bytes become text and JSON values here, and every text in them is one that a database takes:
half an emoji, a NUL or a byte that is no UTF-8 costs one character, never the body with other people's words in it.

Numbers come as text, texts as numbers, lists as null. The readers below take each as what it means. What cannot be read at all
is said in one of two ways: UnreadableBody for a whole body, MalformedElement for one element, which spoils no neighbour.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from messaging.gateway.normal_form import is_number, number, storable
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import Event, MalformedEvent

Row = Mapping[str, Any]
_LONGEST_NUMBER = 100  # digits; a longer one is text to us, and Python itself refuses those of thousands


class MalformedElement(ValueError):
    """This one element cannot be read; the text says why."""


# --- bodies -----------------------------------------------------------------------------------------------------


def json_object(body: bytes) -> Row:
    """The JSON object that the body is. Raises UnreadableBody."""
    try:
        value = load_json(text_of(body))
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("The body is not JSON") from error
    if not isinstance(value, dict):
        raise UnreadableBody("The body is not an object")
    return value


def text_of(body: bytes) -> str:
    """UTF-8 with U+FFFD for what is none; a byte order mark in front is dropped."""
    return body.decode("utf-8-sig", "replace")


def load_json(text: str) -> object:
    """The JSON value, control characters inside texts allowed. Raises ValueError or RecursionError."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        value = json.loads(text, strict=False, parse_int=_number)
    return storable_json(value) if may_hurt(text) else value


def first_json(text: str) -> tuple[object, int]:
    """The JSON value that the text begins with, and where it ends. Raises ValueError or RecursionError."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except ValueError:
        value, end = json.JSONDecoder(strict=False, parse_int=_number).raw_decode(text)
    return (storable_json(value) if may_hurt(text) else value), end


def may_hurt(text: str) -> bool:
    """Whether a value read from this JSON may hold what no database takes. Nearly every body is cleared by these looks, which
    cost nothing beside reading it."""
    if "\x00" in text or "\\u0000" in text:
        return True
    return "\\ud" in text or "\\uD" in text or not _encodes(text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable_json(value: object) -> object:
    """The same value, each text in it storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): storable_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable_json(inner) for inner in value]
    return value


# --- values -----------------------------------------------------------------------------------------------------


def word(value: object) -> str:
    """Text or a whole number as text, without blanks around it; "" for null and anything else."""
    if value.__class__ is str:  # nearly always, several times for each receipt
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def whole(value: object) -> int | None:
    """A whole number that may come as text; None for anything else."""
    text = word(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def amount(value: object) -> Decimal:
    """A sum that may come as text. Raises UnreadableBody."""
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UnreadableBody("The answer has no amount")
    return found


def items(value: object) -> Sequence[object]:
    """A list; null is an empty one. Raises UnreadableBody."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableBody("The body has something else in the place of a list")
    return value


# --- elements ---------------------------------------------------------------------------------------------------


def events(kind: str, elements: Sequence[object], read: Callable[[Row], Event], mark: str = "") -> list[Event]:
    """One event for each element, in order: what `read` makes of it, or a MalformedEvent, whose key begins with `mark`."""
    return [_event(kind, element, read, mark) for element in elements]


def _event(kind: str, element: object, read: Callable[[Row], Event], mark: str) -> Event:
    try:
        if not isinstance(element, dict):
            raise MalformedElement("not an object")
        return read(element)
    except MalformedElement as error:
        text = raw(element)
        return MalformedEvent(f"{mark}{key('malformed', kind, text)}", text, str(error))


def required(row: Row, name: str) -> str:
    """The word under a name. Raises MalformedElement."""
    found = word(row.get(name))
    if not found:
        raise MalformedElement(f"no {name}")
    return found


def mobile(row: Row, name: str) -> str:
    """The mainland mobile number under a name, as 11 digits. Raises MalformedElement."""
    phone = number(required(row, name))
    if not is_number(phone):
        raise MalformedElement(f"{name} is not a mobile number")
    return phone


def key(kind: str, *words: str) -> str:
    """An event's key: short, the same for a repeat, and without a phone number in it."""
    return f"{kind}-{hashlib.sha256(chr(31).join(words).encode('utf-8', 'replace')).hexdigest()[:40]}"


def raw(value: object) -> str:
    """An element as text, for a person who looks at what could not be read."""
    try:
        return storable(json.dumps(value, ensure_ascii=False, sort_keys=True))
    except RecursionError:
        return "(nested too deeply)"


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
