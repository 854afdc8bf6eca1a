"""The 5G message gateway over HTTP: cards with fallback, texts, batches of up to 1000 numbers, pushes for everything.

The document's 10 operations, all offered. Everything is sealed in both directions (see `envelope`).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import orjson

from config.kit.words import gettext_noop as _
from messaging.gateway import reasons
from messaging.gateway.base import Vendor
from messaging.gateway.checking import carries
from messaging.gateway.errors import Outcome, UnreadableBody, Unsupported
from messaging.gateway.http import Http
from messaging.gateway.types import (
    AccountConfig,
    Balance,
    Capabilities,
    Event,
    Field,
    Inbound,
    Media,
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
from messaging.vendors.rcs_gateway import callbacks, codes, payloads, rules, sending
from messaging.vendors.rcs_gateway.credentials import CREDENTIALS, SETTINGS
from messaging.vendors.rcs_gateway.envelope import Envelope, read_json
from templates_5g.blocks import Content, Fallback, Problem, Text

TEMPLATE_DAYS = 7  # §4.2: how long an approval holds without autoRenew

SEND_OPTIONS = (
    Field(
        "callType",
        _("Fallback for this send"),
        "choice",
        required=False,
        default="",
        choices=(
            ("", _("All that the template has")),
            ("0", _("No fallback")),
            ("1", _("SMS")),
            ("2", _("Video SMS")),
            ("3", _("SMS and video SMS")),
            ("4", _("Smart SMS (AIM)")),
            ("5", _("SMS and smart SMS")),
            ("6", _("Video SMS and smart SMS")),
            ("7", _("SMS, video SMS and smart SMS")),
        ),
        help=_("Only what the reviewed template has. On China Mobile, SMS and smart SMS exclude each other."),
    ),
    Field(
        "aimUrl",
        _("Short link for smart SMS"),
        required=False,
        help=_("One link for everybody. Leave it empty where the recipient file has a column “阅信短链”."),
        pattern=r"https?://\S+|\S+\.\S+",
        hint=_("This is not a link."),
    ),
)
SUBMIT_OPTIONS = (
    Field(
        "autoRenew",
        _("Renew the approval by itself"),
        "flag",
        required=False,
        default=True,
        help=_("Without it an approved template can be used for 7 days."),
    ),
)


class RcsGateway(Vendor):
    code: ClassVar[str] = "rcs_gateway"
    name: ClassVar[str] = _("5G message gateway")
    document: ClassVar[str] = "5G 消息 HTTP 接口文档"
    credentials: ClassVar[tuple[Field, ...]] = CREDENTIALS
    settings: ClassVar[tuple[Field, ...]] = SETTINGS
    send_options: ClassVar[tuple[Field, ...]] = SEND_OPTIONS
    submit_options: ClassVar[tuple[Field, ...]] = SUBMIT_OPTIONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        main_kinds=frozenset({"text", "card", "carousel"}),
        fallback_parts=frozenset(payloads.BITS),
        review_parts=frozenset({"main"}),
        max_batch=1000,
        variables=True,
        references=True,
        callbacks=frozenset({"review", "receipt", "reply"}),
        can_answer=True,
    )
    operations: ClassVar[tuple[Operation, ...]] = (
        Operation("send", "2", "/rcs/send", _("Send one text to many numbers"), "send"),
        Operation("p2p", "3", "/rcs/p2p", _("Send each number its own text"), "send"),
        Operation("templateAdd", "4", "/rcs/templateAdd", _("Submit a card template"), "submit"),
        Operation("review", "5", "", _("Template audit pushed"), inbound=True),
        Operation("templateSend", "6", "/rcs/templateSend", _("Send a template without variables"), "send"),
        Operation("templateP2P", "7", "/rcs/templateP2P", _("Send a template with variables"), "send"),
        Operation("receipt", "8", "", _("Receipts pushed"), inbound=True),
        Operation("reply", "9", "", _("Replies pushed"), inbound=True),
        Operation("balance", "10", "/rcs/balance", _("Ask for the balance"), "balance"),
        Operation("templateTextAdd", "11", "/rcs/templateTextAdd", _("Submit a text template"), "submit"),
    )

    def __init__(self, account: AccountConfig, http: Http | None = None) -> None:
        super().__init__(account, http)
        self.envelope = Envelope(account.credentials)

    # --- sending ------------------------------------------------------------------------------------------------

    def send(self, request: SendRequest) -> SendResult:
        """What the vendor would certainly refuse for everybody stops the dispatch instead, before the wire."""
        why = sending.obstacle(request)
        if why:
            return SendResult(Verdict(Outcome.BLOCKED, reasons.BAD_REQUEST, "", why, blocks="dispatch"))
        return super().send(request)

    def build_send(self, request: SendRequest) -> WireRequest:
        operation, body = sending.choose(request)
        return self._request(operation, body, len(request.recipients))

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        answer = self._answer(response)
        verdict = codes.send_verdict(answer, len(request.recipients))
        accepted = verdict.outcome is Outcome.ACCEPTED
        return SendResult(verdict, task_id=codes.words(answer.get("taskId")).strip() if accepted else "")

    # --- templates ----------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback, media: Mapping[str, Media] | None = None) -> list[Problem]:
        """`media` (by asset id) adds each file's type and public address."""
        return [*carries(self.capabilities, content, fallback), *rules.problems(content, fallback, media)]

    def check_submission(self, submission: Submission) -> list[Problem]:
        return self.check(submission.content, submission.fallback, submission.media)

    def submit(self, submission: Submission) -> SubmissionResult:
        problem = rules.obstacle(submission)
        if problem:
            message = f"{problem.path}: {problem.message % problem.params}"
            return SubmissionResult(Verdict(Outcome.REFUSED, reasons.BAD_REQUEST, "", message))
        return super().submit(submission)

    def build_submit(self, submission: Submission) -> WireRequest:
        if submission.part != "main":
            raise Unsupported(f"{self.code} reviews a template with its fallback as one, not {submission.part} alone")
        operation = "templateTextAdd" if isinstance(submission.content, Text) else "templateAdd"
        return self._request(operation, payloads.template(submission, self._setting("text_key") or "text"))

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        answer = self._answer(response)
        verdict = codes.verdict(answer)
        if verdict.outcome is not Outcome.ACCEPTED:
            return SubmissionResult(verdict)
        template_id = codes.words(answer.get("templateId")).strip()
        if not template_id:
            raise UnreadableBody("The template was taken without a templateId")
        renewed = bool(submission.options.get("autoRenew", True))
        return SubmissionResult(verdict, template_id, valid_days=None if renewed else TEMPLATE_DAYS, renews=renewed)

    # --- the account --------------------------------------------------------------------------------------------

    def build_balance(self) -> WireRequest:
        return self._request("balance", None)

    def read_balance(self, response: WireResponse) -> Balance:
        answer = self._answer(response)
        verdict = codes.verdict(answer)
        if verdict.outcome is not Outcome.ACCEPTED:
            return Balance(verdict)
        amount, unit = _amount(answer.get("balance")), self._setting("balance_unit")
        return Balance(verdict, amount / 1000, "yuan") if unit == "milli" else Balance(verdict, amount, unit)

    # --- inbound ------------------------------------------------------------------------------------------------

    def verify(self, inbound: Inbound) -> datetime | None:
        self._known(inbound)
        return callbacks.verify(self.envelope, inbound)

    def acknowledge(self, inbound: Inbound) -> WireReply:
        self._known(inbound)
        return callbacks.acknowledge(self.envelope)

    def parse(self, inbound: Inbound) -> list[Event]:
        self._known(inbound)
        return callbacks.parse(self.envelope, inbound)

    def opened(self, wire: WireRequest) -> bytes:
        return orjson.dumps(self.envelope.open(wire.body)) if wire.body else b""

    # --- shared -------------------------------------------------------------------------------------------------

    def _known(self, inbound: Inbound) -> None:
        if inbound.kind not in self.capabilities.callbacks:
            raise Unsupported(f"{self.code} pushes no {inbound.kind}")

    def _setting(self, name: str) -> str:
        return str(self.account.settings.get(name) or "")

    def _request(self, operation: str, payload: Any, people: int = 0) -> WireRequest:
        body, headers = self.envelope.seal(payload)
        return WireRequest(operation, "POST", f"/rcs/{operation}", headers, body, people=people)

    def _answer(self, response: WireResponse) -> dict[str, Any]:
        """An opened answer. An unsealed one counts only where it refuses the account itself: then the vendor may not
        know whose key to use; anything else could be anybody's page. Raises UnreadableBody."""
        plain = response.body.strip()
        if plain.startswith(b"{"):
            answer = read_json(plain)
            if not isinstance(answer, dict) or codes.whole(answer.get("status")) not in codes.PLAIN_CODES:
                raise UnreadableBody("The answer is not sealed")
            return answer
        answer = self.envelope.open(response.body)
        if not isinstance(answer, dict):
            raise UnreadableBody("The answer is not an object")
        return answer


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UnreadableBody("The answer has no balance")
    return amount


VENDOR = RcsGateway
