"""The three pushes: template audit (document §5), receipts (§8), replies (§9). Sealed like everything else.

Read leniently: the document's tables and examples disagree on types (taskId text or number, type number or text), and
unknown keys are no fault. One odd element of a list becomes an OddEvent and leaves its neighbours alone.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from messaging.gateway import signing
from messaging.gateway.cleaning import plausible
from messaging.gateway.errors import CallbackRefused
from messaging.gateway.types import (
    Event,
    Inbound,
    OddEvent,
    ReceiptEvent,
    ReceiptStatus,
    ReplyEvent,
    ReviewEvent,
    WireReply,
)
from messaging.vendors.rcs_gateway import codes
from messaging.vendors.rcs_gateway.envelope import CONTENT_TYPE, Envelope

CHINA = ZoneInfo("Asia/Shanghai")


class _Odd(ValueError):
    """This one element cannot be read."""


def verify(envelope: Envelope, inbound: Inbound) -> datetime:
    """The time in the signed timestamp header (§1.2). Raises CallbackRefused."""
    timestamp = inbound.headers.get("timestamp", "").strip()
    # The platform's SMS interface calls the same header `sign`.
    given = (inbound.headers.get("signature") or inbound.headers.get("sign") or "").strip()
    mine = envelope.is_mine(inbound.headers.get("spid", "").strip())
    valid = signing.same(given, envelope.sign(inbound.body, timestamp))
    if not (mine and valid):
        raise CallbackRefused("The push is not signed with this account's spId and password")
    return _from_milliseconds(timestamp)


def acknowledge(envelope: Envelope) -> WireReply:
    """{"result": 0}, sealed; signed too, as on the platform's SMS interface (the document is silent on that)."""
    body, headers = envelope.seal({"result": 0})
    del headers["Content-Type"]
    return WireReply(body, content_type=CONTENT_TYPE, headers=headers)


def parse(envelope: Envelope, inbound: Inbound) -> list[Event]:
    """Raises UnreadableBody when the body cannot be opened."""
    opened = envelope.open(inbound.body)
    read = _READERS[inbound.kind]
    return [_one(read, element, inbound) for element in (opened if isinstance(opened, list) else [opened])]


def _one(read: Callable[[dict[str, Any], Inbound], Event], element: Any, inbound: Inbound) -> Event:
    try:
        if not isinstance(element, dict):
            raise _Odd("not an object")
        return read(element, inbound)
    except _Odd as error:
        raw = json.dumps(element, ensure_ascii=False, sort_keys=True)
        return OddEvent(_key("odd", inbound.kind, raw), raw, str(error))


def _review(element: dict[str, Any], inbound: Inbound) -> ReviewEvent:
    """Approve, refuse and approve again may be equal in every byte but the header's time, so it is in the key."""
    template_id = _required(element, "templateId")
    status, message = codes.words(element.get("status")).strip(), codes.words(element.get("message"))
    timestamp = inbound.headers.get("timestamp", "").strip()
    return ReviewEvent(
        key=_key("review", template_id, status, message, timestamp),
        template_id=template_id,
        state=codes.REVIEWS.get(codes.whole(status) or 0),
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


def _receipt(element: dict[str, Any], _inbound: Inbound) -> ReceiptEvent:
    phone, status = _phone(element), _required(element, "status")
    task_id, reference = _text(element, "taskId"), _text(element, "callData")
    kind, reported = _text(element, "type"), _text(element, "reportTime")
    state, channel, reason = _outcome(status, kind)
    return ReceiptEvent(
        key=_key("receipt", task_id, phone, kind, status, reported, reference),
        phone=phone,
        status=state,
        reference=reference,
        task_id=task_id,
        channel=channel,
        reason=reason,
        code=status,
        message=_text(element, "message"),
        at=_china_time(reported),
    )


@lru_cache(maxsize=1024)  # the same few words, millions of times
def _outcome(status: str, kind: str) -> tuple[ReceiptStatus, str, str]:
    return codes.receipt(status, codes.whole(kind))


def _reply(element: dict[str, Any], _inbound: Inbound) -> ReplyEvent:
    phone, content = _phone(element), codes.words(element.get("content"))
    if "content" not in element:
        raise _Odd("no content")
    task_id, reference = _text(element, "taskId"), _text(element, "callData")
    delivered = _text(element, "deliverTime")
    return ReplyEvent(
        key=_key("reply", task_id, phone, content, delivered, reference),
        phone=phone,
        content=content,
        reference=reference,
        task_id=task_id,
        at=_china_time(delivered),
    )


_READERS: dict[str, Callable[[dict[str, Any], Inbound], Event]] = {
    "review": _review,
    "receipt": _receipt,
    "reply": _reply,
}


def _text(element: dict[str, Any], name: str) -> str:
    value = element.get(name)
    if value.__class__ is str:  # nearly always, seven times for each receipt
        return value.strip()  # type: ignore[union-attr]
    if isinstance(value, dict | list | bool):
        raise _Odd(f"{name} is neither text nor number")
    return codes.words(value).strip()


def _required(element: dict[str, Any], name: str) -> str:
    value = _text(element, name)
    if not value:
        raise _Odd(f"no {name}")
    return value


def _phone(element: dict[str, Any]) -> str:
    phone = _required(element, "mobile").removeprefix("+")
    phone = phone.removeprefix("86") if len(phone) == 13 else phone
    if not (phone.isascii() and phone.isdigit() and len(phone) == 11):
        raise _Odd("mobile is not a mobile number")
    return phone


@lru_cache(maxsize=1024)  # a push of a hundred receipts has few seconds
def _china_time(text: str) -> datetime | None:
    """`2024-08-05 18:00:00` in China's time; None for what is no time (a receipt counts without one)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return plausible(found if found.tzinfo else found.replace(tzinfo=CHINA))


def _from_milliseconds(timestamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise CallbackRefused("The timestamp header is not a time in milliseconds") from error


def _key(*parts: str) -> str:
    """Short, the same for a repeat, and without a phone number in it."""
    return f"{parts[0]}-{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:40]}"
