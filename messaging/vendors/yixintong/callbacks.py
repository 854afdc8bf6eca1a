"""The two polled bodies. This vendor pushes nothing."""

from collections.abc import Mapping, Sequence

from messaging.gateway import lenient, times
from messaging.gateway.lenient import MalformedElement, Row, required, word
from messaging.gateway.normal_form import number
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import Event, Inbound, MalformedEvent, ReceiptEvent, ReplyEvent
from messaging.vendors.yixintong import codes, envelope

_MARK = "max-id-"


def parse(inbound: Inbound) -> list[Event]:
    """Receipts, whose `reference` is the serial number, or replies, whose `message_id` is the body's maxId, which the confirm
    needs; a malformed reply has it in its key. Raises UnreadableBody."""
    elements, max_id = rows(inbound)
    if inbound.kind == "receipt":
        return lenient.events(inbound.kind, inbound.part(elements), _receipt)
    mark = f"{_MARK}{max_id}:"
    return lenient.events(inbound.kind, inbound.part(elements), lambda row: _reply(row, max_id), mark)


def rows(inbound: Inbound) -> tuple[Sequence[object], str]:
    """The elements of a body, and the maxId that confirms replies, "" if there is none. Raises UnreadableBody."""
    data = envelope.opened(inbound.body).get("data")
    if inbound.kind == "receipt":
        return lenient.items(data), ""
    inner = data or {}
    if not isinstance(inner, Mapping):
        raise UnreadableBody("The answer's data is not an object")
    return lenient.items(inner.get("apiSmsReplyBoList")), word(inner.get("maxId"))


def newest_id(events: Sequence[Event]) -> str:
    """The largest maxId of the bodies that these replies came from, "" if there is none."""
    ids = {_max_id(event) for event in events} - {""}
    return max(ids, key=lambda text: (int(text) if text.isdecimal() else -1, text), default="")


def _max_id(event: Event) -> str:
    if isinstance(event, MalformedEvent):
        return event.key.removeprefix(_MARK).partition(":")[0] if event.key.startswith(_MARK) else ""
    return event.message_id if isinstance(event, ReplyEvent) else ""


def _receipt(row: Row) -> ReceiptEvent:
    phone, result = number(required(row, "userNumber")), required(row, "result")
    serial = word(row.get("serialNumber"))
    status, reason = codes.receipt(result)
    key = lenient.key("receipt", serial or lenient.raw(row), phone, result)
    return ReceiptEvent(key, phone, status, reference=serial, channel="sms", reason=reason, code=result)


def _reply(row: Row, max_id: str) -> ReplyEvent:
    """The vendor gives no id for a single reply, and repeats all until they are confirmed: the key must be the same
    each time, so the same words from the same number in the same second are one reply."""
    phone, content = number(required(row, "userNumber")), row.get("content")
    if not isinstance(content, str):
        raise MalformedElement("no content")
    called, replied = word(row.get("callMdn")), word(row.get("replyTime"))
    key = lenient.key("reply", called, content, replied, phone)
    return ReplyEvent(key, phone, content, message_id=max_id, at=times.read(replied))
