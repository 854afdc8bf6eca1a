"""Answers to our own requests, sealed like everything else."""

from collections.abc import Mapping
from typing import Any

from messaging.gateway import lenient
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome, UnreadableBody
from messaging.gateway.types import Balance, SendRequest, SendResult, Submission, SubmissionResult, WireResponse
from messaging.vendors.rcs_gateway import codes
from messaging.vendors.rcs_gateway.envelope import Envelope, read_json

TEMPLATE_DAYS = 7  # §4.2: how long an approval holds without autoRenew


def sent(response: WireResponse, envelope: Envelope, request: SendRequest) -> SendResult:
    answer = _opened(response, envelope)
    verdict = codes.send_verdict(*_said(answer), len(request.recipients))
    accepted = verdict.outcome is Outcome.ACCEPTED
    return SendResult(verdict, task_id=word(answer.get("taskId")) if accepted else "")


def submitted(response: WireResponse, envelope: Envelope, submission: Submission) -> SubmissionResult:
    answer = _opened(response, envelope)
    verdict = codes.verdict(*_said(answer))
    if verdict.outcome is not Outcome.ACCEPTED:
        return SubmissionResult(verdict)
    template_id = word(answer.get("templateId"))
    if not template_id:
        raise UnreadableBody("The template was taken without a templateId")
    renewed = bool(submission.options.get("autoRenew", True))
    return SubmissionResult(verdict, template_id, valid_days=None if renewed else TEMPLATE_DAYS, renews=renewed)


def balance(response: WireResponse, envelope: Envelope, unit: str) -> Balance:
    """`unit` is the account's setting; `milli` is a thousandth of a yuan."""
    answer = _opened(response, envelope)
    verdict = codes.verdict(*_said(answer))
    if verdict.outcome is not Outcome.ACCEPTED:
        return Balance(verdict)
    amount = lenient.amount(answer.get("balance"))
    return Balance(verdict, amount / 1000, "yuan") if unit == "milli" else Balance(verdict, amount, unit)


def _opened(response: WireResponse, envelope: Envelope) -> dict[str, Any]:
    """An opened answer. An unsealed one counts only where it refuses the account itself: then the vendor may not
    know whose key to use; anything else could be anybody's page. Raises UnreadableBody."""
    plain = response.body.strip()
    sealed = not plain.startswith(b"{")
    answer = envelope.open(response.body) if sealed else read_json(plain)
    if not isinstance(answer, dict):
        raise UnreadableBody("The answer is not an object")
    if not sealed and _said(answer)[0] not in codes.PLAIN_CODES:
        raise UnreadableBody("The answer is not sealed")
    return answer


def _said(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Status and message. Raises UnreadableBody where there is no status at all."""
    status = lenient.whole(answer.get("status"))
    if status is None:
        raise UnreadableBody("The answer has no status")
    return str(status), word(answer.get("message"))
