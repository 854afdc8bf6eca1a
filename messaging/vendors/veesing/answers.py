"""Answers to our own requests. The document's samples have `"1 "` with a blank, numbers as text, and null."""

from collections.abc import Mapping
from typing import Any

from messaging.gateway import lenient, verdicts
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Balance, SendResult, SubmissionResult, Verdict, WireResponse
from messaging.vendors.veesing import codes, envelope


def submitted(response: WireResponse) -> SubmissionResult:
    """The MMS's id comes as `taskId`. It waits for its audit, which is pushed."""
    answer = envelope.opened(response.body)
    verdict, template_id = _verdict(answer), word(answer.get("taskId"))
    if verdict.outcome is Outcome.ACCEPTED and not template_id:
        return SubmissionResult(verdicts.unreadable("The vendor accepted the MMS and gave no id", verdict.code))
    return SubmissionResult(verdict, template_id)


def sent(response: WireResponse) -> SendResult:
    answer = envelope.opened(response.body)
    verdict = _verdict(answer)
    if verdict.outcome is not Outcome.ACCEPTED:
        return SendResult(verdict)
    count = lenient.whole(answer.get("successCounts"))
    return SendResult(verdict, word(answer.get("taskId")), accepted_count=count)


def balance(response: WireResponse) -> Balance:
    """`remainPoint` counts messages, not money."""
    answer = envelope.opened(response.body)
    verdict = _verdict(answer)
    if verdict.outcome is not Outcome.ACCEPTED:
        return Balance(verdict)
    return Balance(verdict, lenient.amount(answer.get("remainPoint")), "messages")


def _verdict(answer: Mapping[str, Any]) -> Verdict:
    return codes.verdict(word(answer.get("returnStatus")), word(answer.get("message")))
