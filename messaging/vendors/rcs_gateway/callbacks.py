"""The three pushes: template audit (document §5), receipts (§8), replies (§9). Sealed like everything else.

Read leniently: the document's tables and examples disagree on types (taskId text or number, type number or text), and
unknown keys are no fault.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from messaging.gateway import crypto, lenient, times
from messaging.gateway.lenient import MalformedElement, Row, mobile, required, word
from messaging.gateway.outcomes import CallbackRefused
from messaging.gateway.types import Event, Inbound, ReceiptEvent, ReplyEvent, ReviewEvent, WireReply
from messaging.vendors.rcs_gateway import codes
from messaging.vendors.rcs_gateway.envelope import CONTENT_TYPE, Envelope


def verify(inbound: Inbound, envelope: Envelope) -> datetime:
    """The time in the signed timestamp header (§1.2). Raises CallbackRefused."""
    timestamp = inbound.headers.get("timestamp", "").strip()
    # The platform's SMS interface calls the same header `sign`.
    given = (inbound.headers.get("signature") or inbound.headers.get("sign") or "").strip()
    mine = envelope.is_mine(inbound.headers.get("spid", "").strip())
    valid = crypto.same(given, envelope.sign(inbound.body, timestamp))
    if not (mine and valid):
        raise CallbackRefused("The push is not signed with this account's spId and password")
    if _is_of_another_kind(envelope.beginning(inbound.body), inbound.kind):
        raise CallbackRefused("The push is of another kind than its address")
    return _from_milliseconds(timestamp)


def _is_of_another_kind(beginning: str, kind: str) -> bool:
    """The signature does not cover the address: a receipt sent on to the address of replies would be signed as well. Judged by
    the names in the first element, as far as it stands in the beginning; what shows nothing is left to the readers."""
    first, closed, _rest = beginning.partition("}")
    names = set(_NAMES.findall(first))
    if "templateId" in names and "mobile" not in names:
        return kind != "review"
    if "mobile" not in names:
        return False
    says = {"receipt": "status", "reply": "content"}
    other = {"receipt": "content", "reply": "status"}
    return kind not in says or (other[kind] in names and says[kind] not in names and bool(closed))


_NAMES = re.compile(r'"(templateId|mobile|content|status)"\s*:')


def acknowledge(envelope: Envelope) -> WireReply:
    """{"result": 0}, sealed; signed too, as on the platform's SMS interface (the document is silent on that)."""
    body, headers = envelope.seal({"result": 0})
    del headers["Content-Type"]
    return WireReply(body, content_type=CONTENT_TYPE, headers=headers)


def parse(inbound: Inbound, envelope: Envelope) -> list[Event]:
    """Raises UnreadableBody when the body cannot be opened."""
    opened = envelope.open(inbound.body)
    elements = inbound.part(opened if isinstance(opened, list) else [opened])
    if inbound.kind == "review":
        return lenient.events(inbound.kind, elements, lambda row: _review(row, inbound))
    return lenient.events(inbound.kind, elements, _READERS[inbound.kind])


def _review(row: Row, inbound: Inbound) -> ReviewEvent:
    """Approve, refuse and approve again may be equal in every byte but the header's time, so it is in the key."""
    template_id = required(row, "templateId")
    status, message = word(row.get("status")), word(row.get("message"))
    timestamp = inbound.headers.get("timestamp", "").strip()
    return ReviewEvent(
        key=lenient.key("review", template_id, status, message, timestamp),
        template_id=template_id,
        state=codes.REVIEWS.get(status),
        message=message,
        code=status,
        at=_decided_at(inbound),
    )


def _decided_at(inbound: Inbound) -> datetime | None:
    """The push has no time of its own: its header's is the nearest, then its arrival."""
    try:
        return _from_milliseconds(inbound.headers.get("timestamp", "").strip())
    except CallbackRefused:
        return inbound.at


def _receipt(row: Row) -> ReceiptEvent:
    phone, status = mobile(row, "mobile"), required(row, "status")
    task_id, reference = word(row.get("taskId")), word(row.get("callData"))
    kind, reported = word(row.get("type")), word(row.get("reportTime"))
    state, channel, reason = codes.receipt(status, kind)
    return ReceiptEvent(
        key=lenient.key("receipt", task_id, phone, kind, status, reported, reference),
        phone=phone,
        status=state,
        reference=reference,
        task_id=task_id,
        channel=channel,
        reason=reason,
        code=status,
        message=word(row.get("message")),
        at=times.read(reported),
    )


def _reply(row: Row) -> ReplyEvent:
    """A reply keeps its blanks; an empty one is a reply, a missing one is not."""
    phone, content = mobile(row, "mobile"), row.get("content")
    if not isinstance(content, str):
        raise MalformedElement("no content")
    task_id, reference = word(row.get("taskId")), word(row.get("callData"))
    delivered = word(row.get("deliverTime"))
    return ReplyEvent(
        key=lenient.key("reply", task_id, phone, content, delivered, reference),
        phone=phone,
        content=content,
        reference=reference,
        task_id=task_id,
        at=times.read(delivered),
    )


_READERS: dict[str, Callable[[Row], Event]] = {"receipt": _receipt, "reply": _reply}


def _from_milliseconds(timestamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise CallbackRefused("The timestamp header is not a time in milliseconds") from error
