"""Answers to our own requests."""

from collections.abc import Mapping
from typing import Any

from messaging.gateway import reasons, verdicts
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome, UnreadableBody
from messaging.gateway.types import Inbound, Polled, SendRequest, SendResult, Verdict, WireResponse
from messaging.vendors.yixintong import callbacks, codes, envelope


def sent(response: WireResponse, request: SendRequest) -> SendResult:
    answer = envelope.opened(response.body)
    verdict, data = codes.verdict(*_said(answer), is_repeat=request.is_repeat), answer.get("data")
    if verdict.outcome is not Outcome.ACCEPTED or not isinstance(data, Mapping):
        return SendResult(verdict)
    return SendResult(verdict, task_id=word(data.get("taskId")), rejected=_left_out(data.get("failList")))


def polled(response: WireResponse, kind: str) -> Polled:
    """Reading a report takes it from the vendor, so there may be more at once. Replies stay until they are confirmed:
    asking again would bring the same."""
    verdict = codes.poll_verdict(*_said(envelope.opened(response.body)))
    if verdict.outcome is not Outcome.ACCEPTED:
        return Polled(verdict, response.body)
    if verdict.code == codes.NO_DATA:
        return Polled(verdict, response.body, empty=True)
    try:
        rows, _max_id = callbacks.rows(Inbound(kind, {}, response.body))
    except UnreadableBody:
        return Polled(verdict, response.body)  # kept whole; reading it may have been the only chance
    return Polled(verdict, response.body, empty=not rows, more=bool(rows) and kind == "receipt")


def confirmed(response: WireResponse) -> Verdict:
    return codes.poll_verdict(*_said(envelope.opened(response.body)))


def _said(answer: Mapping[str, Any]) -> tuple[str, str]:
    return word(answer.get("code")), word(answer.get("msg"))


def _left_out(value: Any) -> dict[str, Verdict]:
    """Numbers that an accepted request leaves out: a comma-separated text, as the vendor's own client reads it."""
    phones = [phone.strip() for phone in word(value).split(",")]
    return {phone: verdicts.rejected(reasons.BAD_NUMBER) for phone in phones if phone}
