"""Yixintong: text messages by registered templates. Receipts and replies are polled; nothing is pushed."""

from collections.abc import Sequence

import orjson

from kit.msgids import gettext_noop as _
from messaging.gateway.types import (
    Capabilities,
    Event,
    Inbound,
    Operation,
    Payload,
    Polled,
    SendRequest,
    SendResult,
    Verdict,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.yixintong import answers, callbacks, envelope, payloads
from messaging.vendors.yixintong.credentials import CREDENTIALS, SETTINGS


class Yixintong(Vendor):
    """A template id is given out by the vendor and registered by hand. Variables are filled here, one text for all numbers
    of a request."""

    code = "yixintong"
    name = _("Yixintong SMS")
    document = "003"
    credentials = CREDENTIALS
    settings = SETTINGS
    capabilities = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        max_batch=payloads.MAX_NUMBERS,
        per_text=True,
        repeat_is_safe=True,
        polls=frozenset(payloads.POLLS),
        confirmed_polls=frozenset({"reply"}),
    )
    operations = (
        Operation("send", "发送短信", "/api/sms/send", _("Send SMS"), method="send"),
        Operation("report", "短信回执接口", "/info/sms/report", _("Fetch receipts"), method="poll"),
        Operation("reply", "短信上行回复内容查询接口", "/info/sms/reply/query", _("Fetch replies"), method="poll"),
        Operation(
            "confirm", "短信上行回复内容确认接口", "/info/sms/reply/confirm", _("Confirm replies"), method="confirm"
        ),
    )

    # --- references ---------------------------------------------------------------------------------------------

    def reference(self, batch: int, attempt: int, mark: str) -> str:
        """The serial number: 20 digits."""
        return payloads.serial(self._first_digits, batch, attempt, mark)

    def own_reference(self, reference: str, mark: str) -> tuple[int, int] | None:
        return payloads.serial_parts(reference, self._first_digits, mark)

    @property
    def _first_digits(self) -> str:
        return str(self.account.settings.get("serial_prefix") or "9")

    # --- requests and answers -----------------------------------------------------------------------------------

    def build_send(self, request: SendRequest) -> WireRequest:
        return self._request(payloads.send(request, self.account.settings), len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        return answers.sent(response, request)

    def build_poll(self, kind: str, limit: int) -> WireRequest:
        return self._request(payloads.poll(kind))

    def read_poll(self, kind: str, response: WireResponse) -> Polled:
        return answers.polled(response, kind)

    def build_confirm(self, kind: str, events: Sequence[Event]) -> WireRequest | None:
        newest = callbacks.newest_id(events) if kind == "reply" else ""
        return self._request(payloads.confirm(newest)) if newest else None

    def read_confirm(self, response: WireResponse) -> Verdict:
        return answers.confirmed(response)

    def _request(self, payload: Payload, people: int = 0) -> WireRequest:
        headers = envelope.headers(self.account, payload.fields)
        return self.wire_request(payload.operation, headers, orjson.dumps(payload.fields), people=people)

    # --- inbound ------------------------------------------------------------------------------------------------

    def parse(self, inbound: Inbound) -> list[Event]:
        return callbacks.parse(inbound)


VENDOR = Yixintong
