"""The three pushes: receipts, replies and audits."""

from collections.abc import Callable

from messaging.gateway import lenient
from messaging.gateway.crypto import same
from messaging.gateway.lenient import MalformedElement, Row, mobile, required, word
from messaging.gateway.outcomes import CallbackRefused
from messaging.gateway.types import (
    AccountConfig,
    Event,
    Inbound,
    ReceiptEvent,
    ReplyEvent,
    ReviewEvent,
    WireReply,
)

from . import codes, envelope

ACKNOWLEDGEMENT = WireReply(b"thanks")


def verify(inbound: Inbound, account: AccountConfig) -> None:
    """Raises CallbackRefused."""
    if not same(inbound.headers.get("x-toy-sign", ""), envelope.signature(account.credentials, inbound.body)):
        raise CallbackRefused("The signature is wrong")


def parse(inbound: Inbound) -> list[Event]:
    """Raises UnreadableBody."""
    data = lenient.json_object(inbound.body)
    elements = [data] if inbound.kind == "review" else lenient.items(data.get("rows"))
    return lenient.events(inbound.kind, inbound.part(elements), _READERS[inbound.kind])


def _receipt(row: Row) -> ReceiptEvent:
    phone, task, said = mobile(row, "to"), word(row.get("task")), required(row, "word")
    status, reason = codes.receipt(said)
    key = lenient.key("receipt", task, phone, said)
    return ReceiptEvent(key, phone, status, word(row.get("ref")), task, channel="sms", reason=reason, code=said)


def _reply(row: Row) -> ReplyEvent:
    phone, number = mobile(row, "from"), required(row, "id")
    return ReplyEvent(lenient.key("reply", number), phone, word(row.get("says")), message_id=number)


def _review(row: Row) -> ReviewEvent:
    template_id, approved = required(row, "template"), row.get("approved")
    if not isinstance(approved, bool):
        raise MalformedElement("approved is neither true nor false")
    words = word(row.get("words"))
    key = lenient.key("review", template_id, str(approved), words)
    return ReviewEvent(key, template_id, codes.REVIEWS[approved], words)


_READERS: dict[str, Callable[[Row], Event]] = {"receipt": _receipt, "reply": _reply, "review": _review}
