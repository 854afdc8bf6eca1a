"""Veesing: MMS that is made once, audited, and sent to lists of numbers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from config.kit.words import gettext_noop as _
from messaging.gateway import reasons
from messaging.gateway.base import Vendor, unsure
from messaging.gateway.errors import Outcome, UnreadableBody, Unsupported
from messaging.gateway.types import (
    Balance,
    Capabilities,
    Event,
    Inbound,
    Operation,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)
from messaging.vendors.veesing import callbacks, checks, codes, payloads
from messaging.vendors.veesing.credentials import CREDENTIALS, SETTINGS
from templates_5g.blocks import Content, Fallback, Mms, Problem, errors


class Veesing(Vendor):
    """Nothing of ours comes back, neither in an answer nor in a receipt: the vendor's task id is the only tie, and the
    account has one request in flight."""

    code = "veesing"
    name = _("Veesing MMS")
    document = "002"
    default_base_url = "https://cloud.10658.com.cn"
    credentials = CREDENTIALS
    settings = SETTINGS
    capabilities = Capabilities(
        main_kinds=frozenset({"mms"}),
        review_parts=frozenset({"main"}),
        max_batch=1000,
        variables=False,
        references=False,
        one_in_flight=True,
        callbacks=frozenset({"review", "receipt"}),
        signed_callbacks=False,
    )
    operations = (
        Operation("create", "1", "POST /mmsApi/create", _("Create an MMS"), method="submit"),
        Operation("send", "2", "POST /mmsApi/send", _("Send an MMS"), method="send"),
        Operation("review", "3", "push", _("Review decisions are pushed"), inbound=True),
        Operation("receipt", "4", "push", _("Receipts are pushed"), inbound=True),
        Operation("balance", "5", "POST /mmsApi/getBalance", _("Ask for the balance"), method="balance"),
    )

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        problems = super().check(content, fallback)
        if isinstance(content, Mms):
            problems += checks.of_content(content)
        return problems

    def check_submission(self, submission: Submission) -> list[Problem]:
        problems = super().check_submission(submission)
        if isinstance(submission.content, Mms):
            basis = str(self.account.settings.get("size_basis") or "raw")
            problems += checks.of_media(submission.content, submission.media, basis)
        return problems

    # --- create -------------------------------------------------------------------------------------------------

    def submit(self, submission: Submission) -> SubmissionResult:
        """What the frames cannot hold is refused here, with the reason, and nothing goes out."""
        if problems := errors(self.check_submission(submission)):
            message = problems[0].message % problems[0].params
            return SubmissionResult(Verdict(Outcome.REFUSED, reasons.BAD_REQUEST, message=message))
        return super().submit(submission)

    def build_submit(self, submission: Submission) -> WireRequest:
        if not isinstance(submission.content, Mms):
            raise Unsupported(f"{self.code} carries MMS alone")
        return self._request("create", "/mmsApi/create", payloads.create(submission.content, submission.media))

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        """The MMS's id comes as `taskId`. It waits for its audit, which is pushed."""
        answer = _answer(response)
        verdict, template_id = _verdict(answer), _text(answer, "taskId")
        if verdict.outcome is Outcome.ACCEPTED and not template_id:
            return SubmissionResult(unsure("The vendor accepted the MMS and gave no id", verdict.code))
        return SubmissionResult(verdict, template_id)

    # --- send ---------------------------------------------------------------------------------------------------

    def send(self, request: SendRequest) -> SendResult:
        if not request.template_id:
            why = _("The MMS has no id at the vendor")
            return SendResult(Verdict(Outcome.BLOCKED, reasons.TEMPLATE_UNUSABLE, message=why, blocks="dispatch"))
        return super().send(request)

    def build_send(self, request: SendRequest) -> WireRequest:
        return self._request("send", "/mmsApi/send", payloads.send(request), len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        answer = _answer(response)
        verdict = _verdict(answer)
        if verdict.outcome is not Outcome.ACCEPTED:
            return SendResult(verdict)
        return SendResult(verdict, _text(answer, "taskId"), accepted_count=_count(_text(answer, "successCounts")))

    # --- balance ------------------------------------------------------------------------------------------------

    def build_balance(self) -> WireRequest:
        return self._request("balance", "/mmsApi/getBalance", {})

    def read_balance(self, response: WireResponse) -> Balance:
        """`remainPoint` counts messages, not money."""
        answer = _answer(response)
        verdict = _verdict(answer)
        if verdict.outcome is not Outcome.ACCEPTED:
            return Balance(verdict)
        try:
            return Balance(verdict, Decimal(_text(answer, "remainPoint")), "messages")
        except InvalidOperation:
            return Balance(unsure("The answer has no balance", verdict.code))

    # --- inbound ------------------------------------------------------------------------------------------------

    def verify(self, inbound: Inbound) -> datetime | None:
        """Nothing is signed. The token in the address and the account's list of addresses guard these pushes."""
        return None if inbound.kind in self.capabilities.callbacks else super().verify(inbound)

    def acknowledge(self, inbound: Inbound) -> WireReply:
        """The document prescribes no reply."""
        return WireReply(b"success") if inbound.kind in self.capabilities.callbacks else super().acknowledge(inbound)

    def parse(self, inbound: Inbound) -> list[Event]:
        if inbound.kind == "review":
            return [callbacks.review(inbound)]
        if inbound.kind == "receipt":
            return [callbacks.receipt(inbound)]
        return super().parse(inbound)

    # --- shared -------------------------------------------------------------------------------------------------

    def _request(self, operation: str, path: str, values: Mapping[str, str], people: int = 0) -> WireRequest:
        body = payloads.form(self.account.credentials, **values)
        return WireRequest(operation, "POST", path, payloads.HEADERS, body, people=people)


def _answer(response: WireResponse) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise UnreadableBody("The answer is not JSON") from error
    if not isinstance(answer, dict) or not _text(answer, "returnStatus"):
        raise UnreadableBody("The answer has no returnStatus")
    return answer


def _text(answer: Mapping[str, Any], key: str) -> str:
    """The document's samples have `"1 "` with a blank, numbers as text, and null."""
    value = answer.get(key)
    return str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _verdict(answer: Mapping[str, Any]) -> Verdict:
    return codes.verdict(_text(answer, "returnStatus"), _text(answer, "message"))


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


VENDOR = Veesing
