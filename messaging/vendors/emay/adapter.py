"""Emay: text messages by the safe or the plain interface; the account's setting chooses.

The document's 25 operations, all offered: 15 safe, 5 plain, 4 pushes and the retrieval of receipts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from kit.msgids import gettext_noop as _
from messaging.gateway import verdicts
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import (
    Balance,
    Capabilities,
    Event,
    Inbound,
    Operation,
    Payload,
    Polled,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    TemplateStatus,
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.emay import answers, callbacks, content_checks, envelope, payloads
from messaging.vendors.emay.credentials import CREDENTIALS, SEALED, SEND_OPTIONS, SETTINGS
from templates_5g.blocks import Content, Fallback, Problem


class Emay(Vendor):
    """Text messages to at most 500 numbers in one request, each with an own text where variables differ."""

    code = "emay"
    name = _("Emay SMS")
    document = "004"
    credentials = CREDENTIALS
    settings = SETTINGS
    send_options = SEND_OPTIONS
    capabilities = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        review_optional=True,
        max_batch=payloads.MAX_NUMBERS,
        callbacks=frozenset({"receipt", "reply"}),
        polls=frozenset(payloads.POLLS),
        can_answer=True,
    )
    operations = (
        Operation("single", "2.1.1", "/inter/sendSingleSMS", _("Send SMS to one number"), method="send"),
        Operation("batch", "2.1.2", "/inter/sendBatchSMS", _("Send one text to many numbers"), method="send"),
        Operation(
            "batch_only", "2.1.3", "/inter/sendBatchOnlySMS", _("Send one text without our own ids"), method="send"
        ),
        Operation("personal", "2.1.4", "/inter/sendPersonalitySMS", _("Send each number its own text"), method="send"),
        Operation(
            "personal_all",
            "2.1.5",
            "/inter/sendPersonalityAllSMS",
            _("Own text, time and code for each"),
            method="send",
        ),
        Operation("template_create", "2.1.6", "/inter/createTemplateSMS", _("Submit a template"), method="submit"),
        Operation(
            "template_delete", "2.1.7", "/inter/deleteTemplateSMS", _("Delete a template"), method="delete_template"
        ),
        Operation(
            "template_query", "2.1.8", "/inter/queryTemplateSMS", _("Ask about a template"), method="query_template"
        ),
        Operation("template_normal", "2.1.9", "/inter/sendTemplateNormalSMS", _("Send by template"), method="send"),
        Operation(
            "template_variable",
            "2.1.10",
            "/inter/sendTemplateVariableSMS",
            _("Send by template with variables"),
            method="send",
        ),
        Operation("short_link", "2.1.11", "/inter/sendShortLinkSMS", _("Send with a short link"), method="send"),
        Operation("report", "2.1.12", "/inter/getReport", _("Fetch receipts"), method="poll"),
        Operation("reply", "2.1.13", "/inter/getMo", _("Fetch replies"), method="poll"),
        Operation("click", "2.1.14", "/inter/getShortLink", _("Fetch clicks"), method="poll"),
        Operation("balance", "2.1.15", "/inter/getBalance", _("Ask for the balance"), method="balance"),
        Operation("plain_send", "2.2.1", "/simpleinter/sendSMS", _("Send one text, plain interface"), method="send"),
        Operation(
            "plain_personal",
            "2.2.2",
            "/simpleinter/sendPersonalitySMS",
            _("Send own texts, plain interface"),
            method="send",
        ),
        Operation(
            "plain_report", "2.2.3", "/simpleinter/getReport", _("Fetch receipts, plain interface"), method="poll"
        ),
        Operation("plain_reply", "2.2.4", "/simpleinter/getMo", _("Fetch replies, plain interface"), method="poll"),
        Operation(
            "plain_balance",
            "2.2.5",
            "/simpleinter/getBalance",
            _("Ask for the balance, plain interface"),
            method="balance",
        ),
        Operation("push_report", "2.3.1.1", "", _("Receipts pushed, encrypted"), inbound=True),
        Operation("push_reply", "2.3.1.2", "", _("Replies pushed, encrypted"), inbound=True),
        Operation("push_report_plain", "2.3.2.1", "", _("Receipts pushed, plain"), inbound=True),
        Operation("push_reply_plain", "2.3.2.2", "", _("Replies pushed, plain"), inbound=True),
        Operation("retrieve", "2.4", "/report/retrieveReport", _("Have receipts given again"), method="retrieve"),
    )

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *content_checks.of_message(content)]

    # --- requests and answers -----------------------------------------------------------------------------------

    def build_send(self, request: SendRequest) -> WireRequest:
        return self._request(payloads.send(request, self.account.settings), len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        return answers.sent(response, self.account, request)

    def build_submit(self, submission: Submission) -> WireRequest:
        return self._request(payloads.template(submission, self.account.settings))

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        return answers.submitted(response, self.account)

    def build_query_template(self, template_id: str) -> WireRequest:
        return self._request(payloads.template_query(template_id, self.account.settings))

    def read_query_template(self, response: WireResponse) -> TemplateStatus:
        return answers.template_status(response, self.account)

    def build_delete_template(self, template_id: str) -> WireRequest:
        return self._request(payloads.template_delete(template_id, self.account.settings))

    def read_delete_template(self, response: WireResponse) -> Verdict:
        return answers.deleted(response, self.account)

    def build_balance(self) -> WireRequest:
        return self._request(payloads.balance(self.account.settings))

    def read_balance(self, response: WireResponse) -> Balance:
        return answers.balance(response, self.account)

    @classmethod
    def polls(cls, settings: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(payloads.polls(settings))

    def build_poll(self, kind: str, limit: int) -> WireRequest:
        return self._request(payloads.poll(kind, limit, self.account.settings))

    def read_poll(self, kind: str, response: WireResponse) -> Polled:
        return answers.polled(response, self.account, kind)

    def retrieve(self, start: datetime, end: datetime) -> Verdict:
        """Any span: it is asked for in windows of ten minutes, oldest first, up to the first that is not accepted. The
        receipts come again by push or poll, with the keys that they had."""
        verdict = verdicts.accepted()
        for window in payloads.windows(start, end):
            verdict = super().retrieve(*window)
            if verdict.outcome is not Outcome.ACCEPTED:
                return verdict
        return verdict

    def build_retrieve(self, start: datetime, end: datetime) -> WireRequest:
        return self._request(payloads.retrieve(start, end))

    def read_retrieve(self, response: WireResponse) -> Verdict:
        return answers.retrieved(response)

    def opened(self, wire: WireRequest) -> bytes:
        if wire.operation in payloads.FORMS:
            return wire.body
        return orjson.dumps(envelope.unseal(self.account.credentials["secret_key"], wire.body))

    def _request(self, payload: Payload, people: int = 0) -> WireRequest:
        is_form = payload.operation in payloads.FORMS
        headers, body = (envelope.form if is_form else envelope.sealed)(self.account, payload.fields)
        word_header = "" if is_form else "result"
        return self.wire_request(payload.operation, headers, body, people=people, word_header=word_header)

    # --- inbound ------------------------------------------------------------------------------------------------

    @classmethod
    def signs_callbacks(cls, settings: Mapping[str, Any]) -> bool:
        return callbacks.pushes(settings) == SEALED

    def verify_push(self, inbound: Inbound) -> datetime | None:
        """There is no signature with a time; the key and the appId must be ours."""
        callbacks.verify(inbound, self.account)
        return None

    def acknowledge_push(self, inbound: Inbound) -> WireReply:
        return callbacks.ACKNOWLEDGEMENT

    def parse(self, inbound: Inbound) -> list[Event]:
        return callbacks.parse(inbound, self.account)


VENDOR = Emay
