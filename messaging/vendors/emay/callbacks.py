"""Pushed and polled bodies: receipts, replies and clicks, sealed or plain, in one form."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from messaging.gateway.cleaning import number, storable
from messaging.gateway.errors import CallbackRefused, UnreadableBody
from messaging.gateway.signing import aes_ecb_decrypt
from messaging.gateway.types import ClickEvent, Event, Inbound, OddEvent, ReceiptEvent, ReplyEvent
from messaging.vendors.emay import codes, times
from messaging.vendors.emay.credentials import EITHER, PLAIN, SEALED
from messaging.vendors.emay.envelope import read_json, unseal
from messaging.vendors.emay.payloads import reference_of

Row = Mapping[str, Any]
FORM_KEYS = ("reports", "mos")


def verify(inbound: Inbound, app_id: str, secret_key: str, allowed: str = EITHER) -> None:
    """The header appId, and for a sealed push that it opens with our key to the last byte. Raises CallbackRefused."""
    if not hmac.compare_digest(inbound.headers.get("appid", "").encode(), app_id.encode()):
        raise CallbackRefused("The push is not for this account's appId")
    plain = form_text(inbound) is not None
    if allowed == (SEALED if plain else PLAIN):
        raise CallbackRefused("The push is not of the kind that this account is set to")
    if plain:
        return
    try:
        aes_ecb_decrypt(secret_key.encode(), inbound.body)
        unseal(secret_key, inbound.body)
    except UnreadableBody as error:
        raise CallbackRefused("The push does not open with the account's key") from error


def form_text(inbound: Inbound) -> str | None:
    """The JSON text of a plain push, None if this is none. Some senders put the form into the address."""
    for source in (_form(inbound.body), inbound.query):
        if any(f"{key}=" in source for key in FORM_KEYS):
            fields = parse_qs(source, encoding="utf-8")
            for key in FORM_KEYS:
                if key in fields:
                    return fields[key][0]
    return None


def rows(inbound: Inbound, secret_key: str) -> list[Any]:
    """The elements of a push or of a poll's answer, whichever of the four forms it has. Raises UnreadableBody."""
    if not inbound.body.strip() and not inbound.query:
        return []
    text = form_text(inbound)
    data = read_json(text.encode()) if text is not None else _open(inbound.body, secret_key)
    if isinstance(data, Mapping) and "code" in data:
        data = data.get("data")
    if data is None:
        return []
    if not isinstance(data, list):
        raise UnreadableBody("The body is not a list")
    return data


def parse(inbound: Inbound, secret_key: str) -> list[Event]:
    """Events in order. A receipt is known by its `state` and a reply by its `moTime`, at whichever address they arrive."""
    return [_event(row, inbound.kind) for row in rows(inbound, secret_key)]


def _open(body: bytes, secret_key: str) -> Any:
    """JSON in the open or sealed. A sealed body may begin with any byte, so only parsing tells them apart."""
    try:
        return read_json(body)
    except UnreadableBody:
        return unseal(secret_key, body)


def _event(raw: Any, kind: str) -> Event:
    if not isinstance(raw, Mapping):
        return _odd(raw, "not an object")
    # The document's own samples have a key with a blank behind it.
    row = {str(key).strip(): value for key, value in raw.items()}
    row["mobile"] = number(_word(row.get("mobile")))
    if not row["mobile"]:
        return _odd(raw, "without a number")
    if kind == "click":
        return _click(row)
    reader: Callable[[Row], Event]
    reader = _receipt if "state" in row or (kind == "receipt" and "moTime" not in row) else _reply
    return reader(row)


def _receipt(row: Row) -> Event:
    """The key is the same for a poll, a push and a retrieval of one report."""
    phone, state, sms_id, custom = (_word(row.get(name)) for name in ("mobile", "state", "smsId", "customSmsId"))
    if not state:
        return _odd(row, "without a state")
    status, reason = codes.receipt(state)
    known_by = sms_id or custom or _digest({name: row.get(name) for name in ("submitTime", "receiveTime")})
    key = f"{known_by}:{phone}:{state}"
    return ReceiptEvent(
        key if len(key) <= 200 else _digest(key),
        phone,
        status,
        reference=reference_of(custom),
        message_id=sms_id,
        channel="sms",
        reason=reason,
        code=state[:80],
        message=_word(row.get("desc"))[:300],
        at=times.read(row.get("receiveTime")),
    )


def _reply(row: Row) -> Event:
    """Replies have no id: the same words from one number in one second are one reply, pushed or polled."""
    phone, content, code = _word(row.get("mobile")), row.get("content"), _word(row.get("extendedCode"))
    if not isinstance(content, str):
        return _odd(row, "without content")
    key = _digest([phone, content, _word(row.get("moTime")), code])
    return ReplyEvent(key, phone, storable(content), extended_code=code, at=times.read(row.get("moTime")))


def _click(row: Row) -> Event:
    """Clicks have no id: the same device at the same address in one second is one click."""
    detail = {name: _word(row.get(name)) for name in ("equipment", "browser", "accessAddress", "userAgent")}
    moment = _word(row.get("accessTime"))
    phone, url = _word(row.get("mobile")), _word(row.get("longLink"))
    return ClickEvent(_digest([phone, moment, url, detail]), phone, url, at=times.read(moment), detail=detail)


def _word(value: Any) -> str:
    """Text or number as text; null and anything else is no word."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return storable(str(value)).strip()
    return ""


def _form(body: bytes) -> str:
    """A form is ASCII, or begins with its field; among sealed bytes the same letters can stand by chance."""
    starts = body.startswith(tuple(f"{key}=".encode() for key in FORM_KEYS))
    return body.decode("utf-8", "replace") if starts or body.isascii() else ""


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:40]


def _odd(row: Any, why: str) -> OddEvent:
    return OddEvent(f"odd:{_digest(row)}", storable(json.dumps(row, ensure_ascii=False)), why)
