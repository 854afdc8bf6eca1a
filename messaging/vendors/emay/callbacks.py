"""Pushed and polled bodies: receipts, replies and clicks, sealed or plain, in one form."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from messaging.gateway import lenient, times
from messaging.gateway.lenient import MalformedElement, Row, required, word
from messaging.gateway.normal_form import number
from messaging.gateway.outcomes import CallbackRefused, UnreadableBody
from messaging.gateway.types import AccountConfig, ClickEvent, Event, Inbound, ReceiptEvent, ReplyEvent, WireReply
from messaging.vendors.emay import codes
from messaging.vendors.emay.credentials import PLAIN, SEALED
from messaging.vendors.emay.envelope import is_sealed, read_json, unseal
from messaging.vendors.emay.payloads import reference_of

ACKNOWLEDGEMENT = WireReply(b"success")
FORM_KEYS = ("reports", "mos")


def verify(inbound: Inbound, account: AccountConfig) -> None:
    """The header appId, and for a sealed push that our key sealed it; what cannot be read of it all the same is kept, since
    the vendor gives up after three repeats. Raises CallbackRefused."""
    if not hmac.compare_digest(inbound.headers.get("appid", "").encode(), account.credentials["app_id"].encode()):
        raise CallbackRefused("The push is not for this account's appId")
    plain = form_text(inbound) is not None
    if pushes(account.settings) == (SEALED if plain else PLAIN):
        raise CallbackRefused("The push is not of the kind that this account is set to")
    if not plain and not is_sealed(account.credentials["secret_key"], inbound.body):
        raise CallbackRefused("The push does not open with the account's key")


def pushes(settings: Mapping[str, Any]) -> str:
    """Which pushes the account takes."""
    return str(settings.get("pushes") or SEALED)


def form_text(inbound: Inbound) -> str | None:
    """The JSON text of a plain push, None if this is none. Some senders put the form into the address."""
    for source in (_form(inbound.body), inbound.query):
        if any(f"{key}=" in source for key in FORM_KEYS):
            fields = parse_qs(source, encoding="utf-8")
            for key in FORM_KEYS:
                if key in fields:
                    return fields[key][0]
    return None


def _form(body: bytes) -> str:
    """A form is ASCII, or begins with its field; among sealed bytes the same letters can stand by chance, and in an answer's
    JSON somebody may have written them."""
    starts = body.startswith(tuple(f"{key}=".encode() for key in FORM_KEYS))
    is_json = body.lstrip()[:1] in (b"[", b"{")
    return body.decode("utf-8", "replace") if starts or (body.isascii() and not is_json) else ""


def parse(inbound: Inbound, account: AccountConfig) -> list[Event]:
    """Events in order. Raises UnreadableBody."""
    elements = inbound.part(rows(inbound, account))
    return lenient.events(inbound.kind, elements, lambda row: _event(row, inbound.kind))


def rows(inbound: Inbound, account: AccountConfig) -> Sequence[object]:
    """The elements of a push or of a poll's answer, whichever of the four forms it has. Raises UnreadableBody."""
    if not inbound.body.strip() and not inbound.query:
        return []
    text = form_text(inbound)
    data = read_json(text.encode()) if text is not None else _open(inbound.body, account.credentials["secret_key"])
    return lenient.items(data.get("data") if isinstance(data, dict) and "code" in data else data)


def _open(body: bytes, secret_key: str) -> Any:
    """JSON in the open or sealed. A sealed body may begin with any byte, so only parsing tells them apart."""
    try:
        return read_json(body)
    except UnreadableBody:
        return unseal(secret_key, body)


def _event(raw: Row, kind: str) -> Event:
    """A receipt is known by its `state` and a reply by its `moTime`, at whichever address they arrive."""
    # The document's own samples have a key with a blank behind it.
    row = {str(name).strip(): value for name, value in raw.items()}
    phone = number(required(row, "mobile"))
    if kind == "click":
        return _click(row, phone)
    is_receipt = "state" in row or (kind == "receipt" and "moTime" not in row)
    return _receipt(row, phone) if is_receipt else _reply(row, phone)


def _receipt(row: Row, phone: str) -> ReceiptEvent:
    """The key is the same for a poll, a push and a retrieval of one report."""
    state, sms_id, custom = required(row, "state"), word(row.get("smsId")), word(row.get("customSmsId"))
    received = word(row.get("receiveTime"))
    status, reason = codes.receipt(state)
    return ReceiptEvent(
        key=lenient.key("receipt", sms_id or custom or f"{word(row.get('submitTime'))}/{received}", phone, state),
        phone=phone,
        status=status,
        reference=reference_of(custom),
        message_id=sms_id,
        channel="sms",
        reason=reason,
        code=state,
        message=word(row.get("desc")),
        at=times.read(received),
    )


def _reply(row: Row, phone: str) -> ReplyEvent:
    """Replies have no id: the same words from one number in one second are one reply, pushed or polled."""
    content, code, replied = row.get("content"), word(row.get("extendedCode")), word(row.get("moTime"))
    if not isinstance(content, str):
        raise MalformedElement("no content")
    key = lenient.key("reply", phone, content, replied, code)
    return ReplyEvent(key, phone, content, at=times.read(replied))


def _click(row: Row, phone: str) -> ClickEvent:
    """Clicks have no id: the same device at the same address in one second is one click."""
    detail = {name: word(row.get(name)) for name in ("equipment", "browser", "accessAddress", "userAgent")}
    url, clicked = word(row.get("longLink")), word(row.get("accessTime"))
    key = lenient.key("click", phone, clicked, url, *detail.values())
    return ClickEvent(key, phone, url, at=times.read(clicked), detail=detail)
