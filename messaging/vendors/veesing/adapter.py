"""Veesing: MMS that is made once, audited, and sent to lists of numbers."""

from datetime import datetime

from kit.msgids import gettext_noop as _
from messaging.gateway import reasons, verdicts
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
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import SHORT_PUSH, Vendor
from messaging.vendors.veesing import answers, callbacks, content_checks, envelope, payloads
from messaging.vendors.veesing.credentials import CREDENTIALS, SETTINGS
from templates_5g.blocks import Content, Fallback, Problem, errors


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
        max_batch=payloads.MAX_NUMBERS,
        references=False,
        one_in_flight=True,
        callbacks=frozenset({"review", "receipt"}),
        signed_callbacks=False,
    )
    operations = (
        Operation("create", "1", "/mmsApi/create", _("Create an MMS"), method="submit"),
        Operation("send", "2", "/mmsApi/send", _("Send an MMS"), method="send"),
        Operation("review", "3", "", _("Review decisions are pushed"), inbound=True),
        Operation("receipt", "4", "", _("Receipts are pushed"), inbound=True),
        Operation("balance", "5", "/mmsApi/getBalance", _("Ask for the balance"), method="balance"),
    )

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *content_checks.of_message(content)]

    def check_submission(self, submission: Submission) -> list[Problem]:
        basis = str(self.account.settings.get("size_basis") or "raw")
        return [*super().check_submission(submission), *content_checks.of_submission(submission, basis)]

    def stops_submit(self, submission: Submission) -> Problem | None:
        """What the frames cannot hold."""
        return next(iter(errors(self.check_submission(submission))), None)

    def stops_send(self, request: SendRequest) -> Verdict | None:
        if request.template_id:
            return None
        return verdicts.blocked(reasons.TEMPLATE_UNUSABLE, _("The MMS has no id at the vendor"), blocks="dispatch")

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
        body = envelope.form(self.account.credentials, payload.fields)
        return self.wire_request(payload.operation, envelope.HEADERS, body, people=people)

    # --- inbound ------------------------------------------------------------------------------------------------

    @classmethod
    def longest_push(cls, kind: str) -> int:
        """One decision or one number each."""
        return SHORT_PUSH

    def verify_push(self, inbound: Inbound) -> datetime | None:
        """Nothing is signed. The token in the address and the account's list of addresses guard these pushes."""
        return None

    def acknowledge_push(self, inbound: Inbound) -> WireReply:
        return callbacks.ACKNOWLEDGEMENT

    def parse(self, inbound: Inbound) -> list[Event]:
        return callbacks.parse(inbound)


VENDOR = Veesing
