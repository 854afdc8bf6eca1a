"""The adapter: one class for both interfaces; the account's setting chooses."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import orjson

from config.kit.words import gettext_noop as _
from messaging.gateway import reasons
from messaging.gateway.base import Vendor
from messaging.gateway.errors import Outcome, UnreadableBody, Unsupported
from messaging.gateway.types import (
    Balance,
    Capabilities,
    Event,
    Field,
    Inbound,
    Operation,
    Polled,
    ReviewState,
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
from messaging.vendors.emay import answers, callbacks, codes, payloads, plain, times
from messaging.vendors.emay.credentials import CREDENTIALS, EITHER, PLAIN, SEALED, SEND_OPTIONS, SETTINGS
from messaging.vendors.emay.envelope import seal, unseal
from messaging.vendors.emay.operations import OPERATIONS, PATHS
from templates_5g.blocks import Content, Fallback, Problem, Sms

POLLS = {"receipt": "report", "reply": "reply", "click": "click"}
PLAIN_POLLS = {"receipt": "plain_report", "reply": "plain_reply"}
OWN_EACH = frozenset({"personal", "personal_all", "template_variable", "plain_personal"})
REVIEWS = {"0": ReviewState.WAITING, "1": ReviewState.APPROVED, "2": ReviewState.REFUSED}


class Emay(Vendor):
    """Text messages to at most 500 numbers in one request, each with an own text where variables differ."""

    code: ClassVar[str] = "emay"
    name: ClassVar[str] = _("Emay SMS")
    document: ClassVar[str] = "004"
    credentials: ClassVar[tuple[Field, ...]] = CREDENTIALS
    settings: ClassVar[tuple[Field, ...]] = SETTINGS
    send_options: ClassVar[tuple[Field, ...]] = SEND_OPTIONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        review_optional=True,
        max_batch=payloads.MAX_NUMBERS,
        callbacks=frozenset({"receipt", "reply"}),
        polls=frozenset(POLLS),
        can_answer=True,
    )
    operations: ClassVar[tuple[Operation, ...]] = OPERATIONS

    @classmethod
    def polls(cls, settings: Mapping[str, Any]) -> frozenset[str]:
        """The plain interface gives no clicks."""
        return frozenset(PLAIN_POLLS if settings.get("interface") == PLAIN else POLLS)

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        problems = super().check(content, fallback)
        if isinstance(content, Sms) and payloads.SHORT_LINK in content.text:
            sentence = _("This text needs the address behind the short link among the send options.")
            problems.append(Problem("text", "vendor.short_link", sentence, severity="warning"))
        return problems

    # --- sending ------------------------------------------------------------------------------------------------

    def build_send(self, request: SendRequest) -> WireRequest:
        """Single, batch, personal, template or short link, as the request needs. Raises Unsupported for what cannot go in
        one request of this account's interface."""
        people = len(request.recipients)
        if self._is_plain:
            operation, form = plain.send(request, self.account.settings)
            return self._form(operation, form, people)
        sending = payloads.send(request, self.account.settings)
        return self._safe(sending.operation, sending.payload, people)

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        """The status word decides; accepted numbers whose ids cannot be read are accepted all the same."""
        verdict, opened = self._read(response)
        if verdict.outcome is Outcome.REFUSED and len(request.recipients) > 1:
            return SendResult(codes.verdict(verdict.code, self._own_each(request)))
        if verdict.outcome is not Outcome.ACCEPTED:
            return SendResult(verdict)
        try:
            rows = answers.message_rows(opened())
        except UnreadableBody:
            return SendResult(verdict)
        ids = {str(row["mobile"]): str(row.get("smsId") or "") for row in rows}
        return SendResult(verdict, message_ids=ids, accepted_count=len(rows))

    # --- templates ----------------------------------------------------------------------------------------------

    def build_submit(self, submission: Submission) -> WireRequest:
        """There is no editing here: every submission becomes a new template."""
        if not isinstance(submission.content, Sms):
            raise Unsupported(f"{self.code} has templates of text messages alone")
        payload = payloads.template(submission.content.text, submission.signature, self.account.settings)
        return self._safe("template_create", payload)

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        verdict, opened = self._read(response)
        if verdict.outcome is not Outcome.ACCEPTED:
            return SubmissionResult(verdict)
        return SubmissionResult(verdict, answers.word(answers.fields(opened()), "templateId"))

    def build_query_template(self, template_id: str) -> WireRequest:
        return self._safe("template_query", {"templateId": template_id})

    def read_query_template(self, response: WireResponse) -> TemplateStatus:
        verdict, opened = self._read(response)
        if verdict.outcome is not Outcome.ACCEPTED:
            return TemplateStatus(verdict)
        status = answers.word(answers.fields(opened()), "status")
        if status == "-1":
            return TemplateStatus(Verdict(Outcome.REFUSED, reasons.TEMPLATE_UNUSABLE, status, "模板不存在"))
        return TemplateStatus(verdict, REVIEWS.get(status), "" if status in REVIEWS else status)

    def build_delete_template(self, template_id: str) -> WireRequest:
        return self._safe("template_delete", {"templateId": template_id})

    def read_delete_template(self, response: WireResponse) -> Verdict:
        verdict, opened = self._read(response)
        if verdict.outcome is not Outcome.ACCEPTED:
            return verdict
        done = answers.word(answers.fields(opened()), "code").lower()
        if done == "true":
            return verdict
        return Verdict(Outcome.REFUSED, reasons.TEMPLATE_UNUSABLE, done[:80])

    # --- balance and polls --------------------------------------------------------------------------------------

    def build_balance(self) -> WireRequest:
        return self._form("plain_balance", {}) if self._is_plain else self._safe("balance", {})

    def read_balance(self, response: WireResponse) -> Balance:
        """The document gives no unit."""
        verdict, opened = self._read(response)
        if verdict.outcome is not Outcome.ACCEPTED:
            return Balance(verdict)
        try:
            return Balance(verdict, Decimal(answers.word(answers.fields(opened()), "balance")))
        except InvalidOperation as error:
            raise UnreadableBody("The balance is not a number") from error

    def build_poll(self, kind: str, limit: int) -> WireRequest:
        number = max(1, min(limit, payloads.MAX_NUMBERS))
        if self._is_plain and kind in PLAIN_POLLS:
            return self._form(PLAIN_POLLS[kind], {"number": str(number)})
        if not self._is_plain and kind in POLLS:
            return self._safe(POLLS[kind], {"number": number})
        raise Unsupported(f"{self.code} cannot be polled for {kind} through this interface")

    def read_poll(self, kind: str, response: WireResponse) -> Polled:
        """Reading takes the rows from the vendor, so a body that does not open is handed on to be kept."""
        verdict, _opened = self._read(response)
        if verdict.outcome is not Outcome.ACCEPTED:
            return Polled(verdict, response.body)
        try:
            count = len(callbacks.rows(Inbound(kind, {}, response.body), self._key))
        except UnreadableBody:
            return Polled(verdict, response.body)
        return Polled(verdict, response.body, empty=not count, more=count >= payloads.MAX_NUMBERS)

    def retrieve(self, start: datetime, end: datetime) -> Verdict:
        """Any span: it is asked for in windows of ten minutes, oldest first, up to the first that is not accepted. The
        receipts come again by push or poll, with the keys that they had."""
        verdict = Verdict(Outcome.ACCEPTED, reasons.ACCEPTED)
        for window in times.windows(start, end):
            verdict = super().retrieve(*window)
            if verdict.outcome is not Outcome.ACCEPTED:
                return verdict
        return verdict

    def build_retrieve(self, start: datetime, end: datetime) -> WireRequest:
        return self._form("retrieve", plain.retrieve(start, end))

    def read_retrieve(self, response: WireResponse) -> Verdict:
        return codes.verdict(answers.bare_code(response.body))

    # --- inbound ------------------------------------------------------------------------------------------------

    @classmethod
    def signs_callbacks(cls, settings: Mapping[str, Any]) -> bool:
        return settings.get("pushes") == SEALED

    def verify(self, inbound: Inbound) -> None:
        """There is no signature with a time; the key and the appId must be ours."""
        allowed = str(self.account.settings.get("pushes") or EITHER)
        callbacks.verify(inbound, self.account.credentials["app_id"], self._key, allowed)

    def acknowledge(self, inbound: Inbound) -> WireReply:
        return WireReply(b"success")

    def parse(self, inbound: Inbound) -> list[Event]:
        if inbound.kind not in POLLS:
            raise Unsupported(f"{self.code} has no {inbound.kind}")
        return callbacks.parse(inbound, self._key)

    # --- the wire -----------------------------------------------------------------------------------------------

    @property
    def _is_plain(self) -> bool:
        return self.account.settings.get("interface") == PLAIN

    @property
    def _key(self) -> str:
        return self.account.credentials["secret_key"]

    def _own_each(self, request: SendRequest) -> bool:
        if self._is_plain:
            return plain.send(request, self.account.settings)[0] in OWN_EACH
        return payloads.send(request, self.account.settings).operation in OWN_EACH

    def opened(self, wire: WireRequest) -> bytes:
        if self._is_plain:
            return wire.body
        return orjson.dumps(unseal(self._key, wire.body))

    def _safe(self, operation: str, payload: Mapping[str, Any], people: int = 0) -> WireRequest:
        """Sealed, with a fresh time: the vendor refuses a request that is older than it says."""
        if self._is_plain:
            raise Unsupported(f"The plain interface of {self.code} has no such operation")
        compress = bool(self.account.settings.get("gzip", True))
        timed = {
            **payload,
            "requestTime": times.milliseconds(),
            "requestValidPeriod": int(self.account.settings.get("valid_seconds") or 60),
        }
        headers = {"appId": self.account.credentials["app_id"], "encode": "UTF-8"}
        if compress:
            headers["gzip"] = "on"
        body = seal(self._key, timed, compress)
        return WireRequest(operation, "POST", PATHS[operation], headers, body, people=people, word_header="result")

    def _form(self, operation: str, form: plain.Form, people: int = 0) -> WireRequest:
        body = plain.encode({**plain.identity(self.account.credentials), **form})
        headers = {"Content-Type": plain.CONTENT_TYPE}
        return WireRequest(operation, "POST", PATHS[operation], headers, body, people=people)

    def _read(self, response: WireResponse) -> tuple[Verdict, answers.Opener]:
        """The status word's verdict, and what opens the data. Raises UnreadableBody where there is no status word."""
        code, opener = answers.plain(response) if self._is_plain else answers.safe(response, self._key)
        return codes.verdict(code), opener


VENDOR = Emay
