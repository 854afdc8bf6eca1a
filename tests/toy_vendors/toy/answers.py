"""Answers to our own requests."""

from collections.abc import Mapping
from typing import Any

from messaging.gateway import lenient
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Balance, SendResult, SubmissionResult, Verdict, WireResponse

from . import codes, envelope


def sent(response: WireResponse) -> SendResult:
    answer = envelope.opened(response.body)
    return SendResult(_verdict(answer), task_id=word(answer.get("task")))


def submitted(response: WireResponse) -> SubmissionResult:
    answer = envelope.opened(response.body)
    return SubmissionResult(_verdict(answer), word(answer.get("template")))


def balance(response: WireResponse) -> Balance:
    answer = envelope.opened(response.body)
    verdict = _verdict(answer)
    if verdict.outcome is not Outcome.ACCEPTED:
        return Balance(verdict)
    return Balance(verdict, lenient.amount(answer.get("left")), "yuan")


def _verdict(answer: Mapping[str, Any]) -> Verdict:
    return codes.verdict(word(answer.get("code")), word(answer.get("words")))
