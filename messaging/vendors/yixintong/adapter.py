"""The adapter: declarations, builders and readers for document 003."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson

from config.kit.words import gettext_noop as _
from messaging.gateway import reasons
from messaging.gateway.base import Vendor
from messaging.gateway.errors import Outcome, UnreadableBody, Unsupported
from messaging.gateway.types import (
    Capabilities,
    Event,
    Field,
    Inbound,
    Operation,
    Polled,
    SendRequest,
    SendResult,
    Verdict,
    WireRequest,
    WireResponse,
)
from messaging.vendors.yixintong import callbacks, codes, payloads
from messaging.vendors.yixintong.credentials import CREDENTIALS, SETTINGS
from messaging.vendors.yixintong.signing import headers

SEND, REPORT = "/api/sms/send", "/info/sms/report"
REPLY, CONFIRM = "/info/sms/reply/query", "/info/sms/reply/confirm"


class Yixintong(Vendor):
    """Text messages with a template id that the vendor gave out and somebody registered by hand. Variables are filled
    here, one text for all numbers of a request."""

    code: ClassVar[str] = "yixintong"
    name: ClassVar[str] = _("Yixintong SMS")
    document: ClassVar[str] = "003"
    credentials: ClassVar[tuple[Field, ...]] = CREDENTIALS
    settings: ClassVar[tuple[Field, ...]] = SETTINGS
    capabilities: ClassVar[Capabilities] = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        max_batch=payloads.MAX_NUMBERS,
        per_text=True,
        variables=False,
        repeat_is_safe=True,
        polls=frozenset({"receipt", "reply"}),
        confirmed_polls=frozenset({"reply"}),
    )
    operations: ClassVar[tuple[Operation, ...]] = (
        Operation("send", "发送短信", SEND, _("Send SMS"), "send"),
        Operation("report", "短信回执接口", REPORT, _("Fetch receipts"), "poll"),
        Operation("reply", "短信上行回复内容查询接口", REPLY, _("Fetch replies"), "poll"),
        Operation("confirm", "短信上行回复内容确认接口", CONFIRM, _("Confirm replies"), "confirm"),
    )

    def reference(self, batch: int, attempt: int) -> str:
        """The serial number: 20 digits."""
        return payloads.serial(str(self.account.settings.get("serial_prefix") or "9"), batch, attempt)

    def build_send(self, request: SendRequest) -> WireRequest:
        body = payloads.send(request, bool(self.account.settings.get("signature_in_text")))
        return self._wire("send", SEND, body, people=len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        data = callbacks.read_object(response.body)
        verdict = codes.send_verdict(*_code(data), request.is_repeat)
        inner = data.get("data")
        if verdict.outcome is not Outcome.ACCEPTED or not isinstance(inner, Mapping):
            return SendResult(verdict)
        return SendResult(verdict, task_id=str(inner.get("taskId") or ""), refused=_fail_list(inner.get("failList")))

    def build_poll(self, kind: str, limit: int) -> WireRequest:
        """The vendor decides how many rows it gives; `limit` cannot be passed on."""
        if kind == "receipt":
            return self._wire("report", REPORT, {})
        if kind == "reply":
            return self._wire("reply", REPLY, {})
        raise Unsupported(f"{self.code} cannot be polled for {kind}")

    def read_poll(self, kind: str, response: WireResponse) -> Polled:
        """Reading a report takes it from the vendor, so there may be more at once. Replies stay until they are
        confirmed: asking again would bring the same."""
        data = callbacks.read_object(response.body)
        verdict = codes.verdict(*_code(data))
        if verdict.code == codes.NO_DATA:
            return Polled(_nothing_new(verdict), response.body, empty=True)
        if verdict.outcome is not Outcome.ACCEPTED:
            return Polled(verdict, response.body)
        try:
            rows = callbacks.receipt_rows(data) if kind == "receipt" else callbacks.reply_rows(data)[0]
        except UnreadableBody:
            return Polled(verdict, response.body)  # kept whole; reading it may have been the only chance
        return Polled(verdict, response.body, empty=not rows, more=bool(rows) and kind == "receipt")

    def build_confirm(self, kind: str, events: Sequence[Event]) -> WireRequest | None:
        ids = {callbacks.max_id_of(event) for event in events} - {""}
        if kind != "reply" or not ids:
            return None
        newest = max(ids, key=lambda text: (int(text) if text.isdecimal() else -1, text))
        return self._wire("confirm", CONFIRM, payloads.confirm(newest))

    def read_confirm(self, response: WireResponse) -> Verdict:
        verdict = codes.verdict(*_code(callbacks.read_object(response.body)))
        return _nothing_new(verdict) if verdict.code == codes.NO_DATA else verdict

    def parse(self, inbound: Inbound) -> list[Event]:
        if inbound.kind == "receipt":
            return callbacks.receipts(inbound.body)
        if inbound.kind == "reply":
            return callbacks.replies(inbound.body)
        raise Unsupported(f"{self.code} has no {inbound.kind}")

    def _wire(self, operation: str, path: str, body: Mapping[str, str], people: int = 0) -> WireRequest:
        return WireRequest(operation, "POST", path, headers(self.account, body), orjson.dumps(body), people=people)


def _code(data: Mapping[str, Any]) -> tuple[str, str]:
    return str(data["code"]).strip(), str(data.get("msg") or "")[:300]


def _nothing_new(verdict: Verdict) -> Verdict:
    return Verdict(Outcome.ACCEPTED, reasons.ACCEPTED, verdict.code, verdict.message)


def _fail_list(value: Any) -> dict[str, Verdict]:
    """Numbers that an accepted request leaves out: a comma-separated text, as the vendor's own client reads it."""
    phones = [phone.strip() for phone in value.split(",")] if isinstance(value, str) else []
    return {phone: Verdict(Outcome.REFUSED, reasons.BAD_NUMBER) for phone in phones if phone}


VENDOR = Yixintong
