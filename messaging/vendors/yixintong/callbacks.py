"""The two polled bodies. This vendor pushes nothing."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from messaging.gateway import reasons
from messaging.gateway.cleaning import number, plausible, storable
from messaging.gateway.errors import UnreadableBody
from messaging.gateway.types import Event, OddEvent, ReceiptEvent, ReceiptStatus, ReplyEvent

CHINA = ZoneInfo("Asia/Shanghai")
ODD_REPLY = "odd-reply:"


def read_object(body: bytes) -> dict[str, Any]:
    """The answer's JSON object. Raises UnreadableBody."""
    try:
        data = json.loads(body)  # not orjson: a serial number given as a number has more than 64 bits
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("The answer is not JSON") from error
    if not isinstance(data, dict) or "code" not in data:
        raise UnreadableBody("The answer is not an object with a code")
    return data


def receipt_rows(data: Mapping[str, Any]) -> list[Any]:
    """The rows of a report answer; the vendor's null is an empty list. Raises UnreadableBody."""
    return _rows(data.get("data"))


def reply_rows(data: Mapping[str, Any]) -> tuple[list[Any], str]:
    """The rows of a reply answer and the `maxId` that confirms them, "" if there is none. Raises UnreadableBody."""
    inner = data.get("data") or {}
    if not isinstance(inner, Mapping):
        raise UnreadableBody("The answer's data is not an object")
    return _rows(inner.get("apiSmsReplyBoList")), _word(inner.get("maxId"))


def receipts(body: bytes) -> list[Event]:
    """Report body -> ReceiptEvents; `reference` is the serial number."""
    return [_receipt(row) for row in receipt_rows(read_object(body))]


def replies(body: bytes) -> list[Event]:
    """Reply body -> ReplyEvents; `message_id` is the body's maxId, which the confirm needs."""
    rows, max_id = reply_rows(read_object(body))
    return [_reply(row, max_id) for row in rows]


def max_id_of(event: Event) -> str:
    """The maxId of the body that an event of `replies` came from."""
    if isinstance(event, OddEvent):
        return event.key.removeprefix(ODD_REPLY).partition(":")[0] if event.key.startswith(ODD_REPLY) else ""
    return event.message_id if isinstance(event, ReplyEvent) else ""


def _receipt(row: Any) -> Event:
    if not isinstance(row, Mapping):
        return _odd("odd:", row, "not an object")
    serial, phone, result = (_word(row.get(name)) for name in ("serialNumber", "userNumber", "result"))
    phone = number(phone)
    if not phone or not result:
        return _odd("odd:", row, "without number or result")
    status, reason = _status(result)
    key = f"{serial}:{phone}:{result}" if serial else f"{_digest(row)}:{phone}"
    return ReceiptEvent(key[:200], phone, status, reference=serial, channel="sms", reason=reason, code=result[:80])


def _status(result: str) -> tuple[ReceiptStatus, str]:
    """0 is delivered and any other number is not; a word is nothing that the document knows."""
    if not (result.isascii() and result.lstrip("-").isdecimal()):
        return ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD
    if not result.strip("-0"):
        return ReceiptStatus.DELIVERED, reasons.DELIVERED
    return ReceiptStatus.FAILED, reasons.CARRIER_FAILED


def _reply(row: Any, max_id: str) -> Event:
    """The vendor gives no id for a single reply, and repeats all until they are confirmed: the key must be the same
    each time, so the same words from the same number in the same second are one reply."""
    if not isinstance(row, Mapping) or not _word(row.get("userNumber")) or not isinstance(row.get("content"), str):
        return _odd(f"{ODD_REPLY}{max_id}:", row, "without number or content")
    said = {name: row.get(name) for name in ("callMdn", "content", "replyTime", "userNumber")}
    return ReplyEvent(
        _digest(said),
        number(_word(row["userNumber"])),
        storable(row["content"]),
        message_id=max_id,
        extended_code=_word(row.get("callMdn")),
        at=_time(row.get("replyTime")),
    )


def _rows(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableBody("The answer's data is not a list")
    return value


def _word(value: Any) -> str:
    """Text or number as text; anything else (null, a list, true) is no word."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return storable(str(value)).strip()
    return ""


def _time(value: Any) -> datetime | None:
    try:
        return plausible(datetime.strptime(str(value).strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA))
    except ValueError:
        return None


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:40]


def _odd(prefix: str, row: Any, why: str) -> OddEvent:
    return OddEvent(prefix + _digest({"row": row}), storable(json.dumps(row, ensure_ascii=False)), why)
