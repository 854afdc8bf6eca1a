"""What an adapter makes of a vendor's words, made fit to be stored: the one gate between vendors and everything that keeps
their words. An adapter may clean its texts as well; nothing depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from messaging.gateway.normal_form import storable
from messaging.gateway.types import Event, ReceiptEvent

Value = TypeVar("Value")


def events(found: Sequence[Event]) -> list[Event]:
    """The same events, their texts storable. Receipts come in millions, so those of one body are looked at together."""
    receipts = [event for event in found if event.__class__ is ReceiptEvent]
    if len(receipts) == len(found) and _all_storable(receipts):
        return list(found)
    return [value(event) for event in found]


def value(given: Value) -> Value:
    """`given` with every text in it storable: text, mappings, sequences, dataclasses and named tuples of them. What is fit
    already is given back as it is."""
    return _value(given)  # type: ignore[no-any-return]


def _value(given: object) -> Any:
    if isinstance(given, str):
        return given if given.isascii() and "\x00" not in given else storable(given)
    if isinstance(given, Mapping):
        return {_value(key): _value(inner) for key, inner in given.items()}
    if is_dataclass(given) and not isinstance(given, type):
        made = {field.name: _value(getattr(given, field.name)) for field in fields(given)}
        changed = {name: inner for name, inner in made.items() if inner is not getattr(given, name)}
        return replace(given, **changed) if changed else given
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return type(given)(*map(_value, given))
    if isinstance(given, list | tuple):
        return type(given)(map(_value, given))
    return given


def _all_storable(receipts: Sequence[ReceiptEvent]) -> bool:
    if not receipts:
        return True
    columns = dict(zip(ReceiptEvent._fields, zip(*receipts, strict=True), strict=True))
    try:
        text = "".join("".join(columns[name]) for name in _TEXTS)
        text.encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return "\x00" not in text


_TEXTS = ("key", "phone", "reference", "task_id", "message_id", "channel", "reason", "code", "message")
