"""The answer to an edit, the only one in the document."""

from messaging.gateway import verdicts
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Submission, SubmissionResult, WireResponse
from messaging.vendors.hanwg import codes, envelope


def submitted(response: WireResponse, submission: Submission) -> SubmissionResult:
    """An accepted edit keeps the id. Of an addition's answer nothing is documented: `result` is taken for the new id, and
    without one it is unknown whether anything exists."""
    answer = envelope.opened(response.body)
    verdict = codes.verdict(word(answer.get("code")), word(answer.get("desc")))
    if verdict.outcome is not Outcome.ACCEPTED:
        return SubmissionResult(verdict)
    template_id = submission.template_id or word(answer.get("result"))
    if not template_id:
        return SubmissionResult(verdicts.unreadable("The vendor accepted the template and gave no id", verdict.code))
    return SubmissionResult(verdict, template_id, draft=bool(submission.options.get("draft")))
