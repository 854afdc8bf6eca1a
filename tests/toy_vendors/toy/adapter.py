"""A whole vendor in one small folder: what anybody who adds one has to write.

A real vendor's modules import each other by their whole names. Here the imports are relative, since the tests put the same folder
beside the others as well.
"""

import json
from datetime import datetime

from messaging.gateway.types import (
    Balance,
    Capabilities,
    Event,
    Inbound,
    Operation,
    Payload,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    WireReply,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from templates_5g.blocks import Content, Fallback, Problem

from . import answers, callbacks, content_checks, envelope, payloads
from .credentials import CREDENTIALS, SEND_OPTIONS, SETTINGS


class Toy(Vendor):
    code = "toy"
    name = "Toy"
    document = "the toy's document"
    default_base_url = "http://127.0.0.1:8090/toy"
    credentials = CREDENTIALS
    settings = SETTINGS
    send_options = SEND_OPTIONS
    capabilities = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        max_batch=payloads.MAX_NUMBERS,
        per_text=True,
        callbacks=frozenset({"receipt", "reply", "review"}),
        can_answer=True,
    )
    operations = (
        Operation("send", "1", "/send", "Send", method="send"),
        Operation("submit", "2", "/templates", "Submit a template", method="submit"),
        Operation("balance", "3", "/balance", "Balance", method="balance"),
        Operation("receipt", "4", "", "Receipts", inbound=True),
        Operation("reply", "5", "", "Replies", inbound=True),
        Operation("review", "6", "", "Audit", inbound=True),
    )

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *content_checks.of_message(content)]

    # --- requests and answers -----------------------------------------------------------------------------------

    def build_send(self, request: SendRequest) -> WireRequest:
        return self._request(payloads.send(request), len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        return answers.sent(response)

    def build_submit(self, submission: Submission) -> WireRequest:
        return self._request(payloads.template(submission))

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        return answers.submitted(response)

    def build_balance(self) -> WireRequest:
        return self._request(payloads.balance())

    def read_balance(self, response: WireResponse) -> Balance:
        return answers.balance(response)

    def _request(self, payload: Payload, people: int = 0) -> WireRequest:
        headers = envelope.headers(self.account.credentials)
        return self.wire_request(payload.operation, headers, json.dumps(payload.fields).encode(), people=people)

    # --- inbound ------------------------------------------------------------------------------------------------

    def verify_push(self, inbound: Inbound) -> datetime | None:
        callbacks.verify(inbound, self.account)
        return None

    def acknowledge_push(self, inbound: Inbound) -> WireReply:
        return callbacks.ACKNOWLEDGEMENT

    def parse(self, inbound: Inbound) -> list[Event]:
        return callbacks.parse(inbound)


VENDOR = Toy
