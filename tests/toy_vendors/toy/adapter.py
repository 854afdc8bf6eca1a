"""A whole vendor in one small folder: what anybody who adds one has to write."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal

from messaging.gateway import reasons
from messaging.gateway.base import Vendor
from messaging.gateway.errors import CallbackRefused, Outcome, UnreadableBody
from messaging.gateway.signing import same
from messaging.gateway.types import (
    Balance,
    Capabilities,
    Event,
    Field,
    Inbound,
    OddEvent,
    Operation,
    ReceiptEvent,
    ReceiptStatus,
    ReplyEvent,
    ReviewEvent,
    ReviewState,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)

_VERDICTS = {
    0: Verdict(Outcome.ACCEPTED, reasons.ACCEPTED),
    1: Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, "1", blocks="account"),
    2: Verdict(Outcome.REFUSED, reasons.BAD_NUMBER, "2", split=True),
    3: Verdict(Outcome.SAFE, reasons.WAIT, "3"),
}
_WORDS = {
    "OK": (ReceiptStatus.DELIVERED, reasons.DELIVERED),
    "DEAD": (ReceiptStatus.FAILED, reasons.BAD_NUMBER),
}


class Toy(Vendor):
    code = "toy"
    name = "Toy"
    document = "the toy's document"
    default_base_url = "http://127.0.0.1:8090/toy"
    credentials = (Field("app_id", "Application"), Field("app_secret", "Secret", kind="secret"))
    settings = (Field("region", "Region", kind="choice", default="north", choices=(("north", "N"), ("south", "S"))),)
    send_options = (Field("extra", "Extra code", required=False, pattern=r"\d{0,4}", hint="Up to four digits."),)
    capabilities = Capabilities(
        main_kinds=frozenset({"sms"}),
        review_parts=frozenset({"main"}),
        max_batch=100,
        per_text=True,
        callbacks=frozenset({"receipt", "reply", "review"}),
        can_answer=True,
    )
    operations = (
        Operation("send", "1", "/send", "Send", method="send"),
        Operation("submit", "2", "/templates", "Submit a template", method="submit"),
        Operation("balance", "3", "/balance", "Balance", method="balance"),
        Operation("receipt", "4", "push", "Receipts", inbound=True),
        Operation("reply", "5", "push", "Replies", inbound=True),
        Operation("review", "6", "push", "Audit", inbound=True),
    )

    def _request(self, operation: str, path: str, people: int = 0, **data: object) -> WireRequest:
        headers = {"X-App": self.account.credentials["app_id"], "Content-Type": "application/json"}
        return WireRequest(operation, "POST", path, headers, json.dumps(data).encode(), people=people)

    @staticmethod
    def _answer(response: WireResponse) -> dict:
        try:
            answer = json.loads(response.body)
        except ValueError as error:
            raise UnreadableBody("The answer is no JSON") from error
        if not isinstance(answer, dict) or answer.get("code") not in list(_VERDICTS):
            raise UnreadableBody("The answer has no known code")
        return answer

    def build_send(self, request: SendRequest) -> WireRequest:
        numbers = [recipient.phone for recipient in request.recipients]
        text = f"【{request.signature}】{request.text}"
        return self._request("send", "/send", len(numbers), numbers=numbers, text=text, ref=request.reference)

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        answer = self._answer(response)
        return SendResult(_VERDICTS[answer["code"]], task_id=str(answer.get("task", "")))

    def build_submit(self, submission: Submission) -> WireRequest:
        return self._request("submit", "/templates", text=submission.content.text)

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        answer = self._answer(response)
        return SubmissionResult(_VERDICTS[answer["code"]], str(answer.get("template", "")))

    def build_balance(self) -> WireRequest:
        return self._request("balance", "/balance")

    def read_balance(self, response: WireResponse) -> Balance:
        answer = self._answer(response)
        return Balance(_VERDICTS[answer["code"]], Decimal(answer["left"]) if "left" in answer else None, "yuan")

    def verify(self, inbound: Inbound) -> datetime | None:
        wanted = hashlib.sha256(self.account.credentials["app_secret"].encode() + inbound.body).hexdigest()
        if not same(inbound.headers.get("x-toy-sign", ""), wanted):
            raise CallbackRefused("The signature is wrong")
        return None

    def acknowledge(self, inbound: Inbound) -> WireReply:
        return WireReply(b"thanks")

    def parse(self, inbound: Inbound) -> list[Event]:
        try:
            data = json.loads(inbound.body)
            rows = [data] if inbound.kind == "review" else list(data["rows"])
        except (ValueError, LookupError, TypeError) as error:
            raise UnreadableBody("The push is no JSON with rows") from error
        return [self._event(inbound.kind, row) for row in rows]

    def _event(self, kind: str, row: dict) -> Event:
        key = hashlib.sha256(json.dumps([kind, row], sort_keys=True).encode()).hexdigest()
        try:
            return getattr(self, f"_{kind}")(key, row)
        except (LookupError, TypeError) as error:
            return OddEvent(key, json.dumps(row), f"{type(error).__name__}: {error}")

    @staticmethod
    def _receipt(key: str, row: dict) -> Event:
        status, reason = _WORDS.get(row["word"], (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
        return ReceiptEvent(
            key, row["to"], status, row["ref"], row["task"], channel="sms", reason=reason, code=row["word"]
        )

    @staticmethod
    def _reply(key: str, row: dict) -> Event:
        return ReplyEvent(key, row["from"], row["says"], message_id=str(row["id"]))

    @staticmethod
    def _review(key: str, row: dict) -> Event:
        state = ReviewState.APPROVED if row["approved"] else ReviewState.REFUSED
        return ReviewEvent(key, row["template"], state, row["words"])


VENDOR = Toy
