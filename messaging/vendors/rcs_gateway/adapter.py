"""The 5G message gateway over HTTP: cards with fallback, texts, batches of up to 1000 numbers, pushes for everything.

The document's 10 operations, all offered. Everything is sealed in both directions (see `envelope`).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson

from kit.msgids import gettext_noop as _
from messaging.gateway import reasons, verdicts
from messaging.gateway.http import Http
from messaging.gateway.types import (
    AccountConfig,
    Balance,
    Capabilities,
    Event,
    Inbound,
    Operation,
    Payload,
    Recipient,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.rcs_gateway import answers, callbacks, content_checks, payloads
from messaging.vendors.rcs_gateway.credentials import CREDENTIALS, SEND_OPTIONS, SETTINGS, SUBMIT_OPTIONS
from messaging.vendors.rcs_gateway.envelope import Envelope
from templates_5g.blocks import Content, Fallback, Problem, errors


class RcsGateway(Vendor):
    code = "rcs_gateway"
    name = _("5G message gateway")
    document = "5G 消息 HTTP 接口文档"
    credentials = CREDENTIALS
    settings = SETTINGS
    send_options = SEND_OPTIONS
    submit_options = SUBMIT_OPTIONS
    capabilities = Capabilities(
        main_kinds=frozenset({"text", "card", "carousel"}),
        fallback_parts=frozenset(payloads.BITS),
        own_variables=frozenset({payloads.AIM_LINK}),
        review_parts=frozenset({"main"}),
        max_batch=payloads.MAX_NUMBERS,
        callbacks=frozenset({"review", "receipt", "reply"}),
        can_answer=True,
    )
    operations = (
        Operation("send", "2", "/rcs/send", _("Send one text to many numbers"), method="send"),
        Operation("p2p", "3", "/rcs/p2p", _("Send each number its own text"), method="send"),
        Operation("templateAdd", "4", "/rcs/templateAdd", _("Submit a card template"), method="submit"),
        Operation("review", "5", "", _("Template audit pushed"), inbound=True),
        Operation("templateSend", "6", "/rcs/templateSend", _("Send a template without variables"), method="send"),
        Operation("templateP2P", "7", "/rcs/templateP2P", _("Send a template with variables"), method="send"),
        Operation("receipt", "8", "", _("Receipts pushed"), inbound=True),
        Operation("reply", "9", "", _("Replies pushed"), inbound=True),
        Operation("balance", "10", "/rcs/balance", _("Ask for the balance"), method="balance"),
        Operation("templateTextAdd", "11", "/rcs/templateTextAdd", _("Submit a text template"), method="submit"),
    )
    push_headers = frozenset({"timestamp"})

    def __init__(self, account: AccountConfig, http: Http | None = None) -> None:
        super().__init__(account, http)
        self.envelope = Envelope(account.credentials)

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *content_checks.of_message(content, fallback)]

    def check_submission(self, submission: Submission) -> list[Problem]:
        """With each file's type and public address."""
        return [*super().check(submission.content, submission.fallback), *self._of_submission(submission)]

    def check_send(
        self, content: Content, fallback: Fallback, options: Mapping[str, Any], columns: Collection[str]
    ) -> list[Problem]:
        one = Recipient("", dict.fromkeys(columns, " "))
        request = SendRequest("", [one], content=content, fallback=fallback, template_id="0", options=options)
        return list(content_checks.of_send(request))

    def stops_submit(self, submission: Submission) -> Problem | None:
        return next(iter(errors(self._of_submission(submission))), None)

    def stops_send(self, request: SendRequest) -> Verdict | None:
        why = content_checks.obstacle(request)
        return verdicts.blocked(reasons.BAD_REQUEST, why, blocks="dispatch") if why else None

    def _of_submission(self, submission: Submission) -> list[Problem]:
        return list(content_checks.of_message(submission.content, submission.fallback, submission.media))

    # --- requests and answers -----------------------------------------------------------------------------------

    def build_send(self, request: SendRequest) -> WireRequest:
        return self._request(payloads.send(request), len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        return answers.sent(response, self.envelope, request)

    def build_submit(self, submission: Submission) -> WireRequest:
        return self._request(payloads.template(submission, self._setting("text_key") or "text"))

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        return answers.submitted(response, self.envelope, submission)

    def build_balance(self) -> WireRequest:
        return self._request(payloads.balance())

    def read_balance(self, response: WireResponse) -> Balance:
        return answers.balance(response, self.envelope, self._setting("balance_unit"))

    def opened(self, wire: WireRequest) -> bytes:
        return orjson.dumps(self.envelope.open(wire.body)) if wire.body else b""

    def _request(self, payload: Payload, people: int = 0) -> WireRequest:
        body, headers = self.envelope.seal(payload.fields or None)
        return self.wire_request(payload.operation, headers, body, people=people)

    def _setting(self, name: str) -> str:
        return str(self.account.settings.get(name) or "")

    # --- inbound ------------------------------------------------------------------------------------------------

    def verify_push(self, inbound: Inbound) -> datetime | None:
        return callbacks.verify(inbound, self.envelope)

    def acknowledge_push(self, inbound: Inbound) -> WireReply:
        return callbacks.acknowledge(self.envelope)

    def parse(self, inbound: Inbound) -> list[Event]:
        return callbacks.parse(inbound, self.envelope)


VENDOR = RcsGateway
