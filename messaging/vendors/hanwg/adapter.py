"""hanwg: edits 5G templates that exist at the vendor. Its document has no other operation."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from config.kit.words import gettext_noop as _
from messaging.gateway import reasons
from messaging.gateway.base import Vendor, unsure
from messaging.gateway.errors import Outcome, UnreadableBody, Unsupported
from messaging.gateway.types import (
    Capabilities,
    Field,
    Operation,
    Submission,
    SubmissionResult,
    Verdict,
    WireRequest,
    WireResponse,
)
from messaging.vendors.hanwg import checks, codes, payloads
from messaging.vendors.hanwg.credentials import CREDENTIALS, DEFAULT_ADD_PATH, SETTINGS, headers
from templates_5g.blocks import Content, Fallback, Problem, errors

EDIT_PATH = "/rcs/template/editTemplate/{chatbotId}"
KINDS = frozenset({"text", "card", "carousel", "file", "place"})


class Hanwg(Vendor):
    """An edit names a template that the vendor has already; what is there is registered by hand. There is no audit push
    and no query either: the decision is registered by hand too."""

    code = "hanwg"
    name = _("hanwg 5G templates")
    document = "001"
    default_base_url = "https://rcsapi.hanwg.com"
    credentials = CREDENTIALS
    settings = SETTINGS
    submit_options = (
        Field(
            "label",
            _("Labels"),
            required=False,
            pattern=r"[^,，]+(,[^,，]+)*",
            hint=_("Separate labels with a comma."),
            help=_("The vendor's labels of the template, separated by commas."),
        ),
        Field(
            "fallback",
            _("Fallback at this vendor"),
            kind="choice",
            required=False,
            choices=(
                ("", _("The richest the message has")),
                ("aim", _("Smart SMS (AIM)")),
                ("mms", _("Video SMS")),
                ("h5", _("H5 page")),
                ("sms", _("SMS")),
                ("none", _("No fallback")),
            ),
            help=_("This vendor does one fallback for each template."),
        ),
        Field(
            "draft",
            _("Keep as a draft"),
            kind="flag",
            required=False,
            default=False,
            help=_("A draft is saved at the vendor and not reviewed."),
        ),
    )
    # It cannot send: no number fits into a request.
    capabilities = Capabilities(
        main_kinds=KINDS,
        fallback_parts=frozenset({"sms", "mms", "aim", "h5"}),
        review_parts=frozenset({"main"}),
        max_batch=0,
        edits=True,
        references=False,
    )
    operations = (Operation("template_edit", "2", f"POST {EDIT_PATH}", _("Edit a 5G template"), method="submit"),)

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *checks.of_content(content), *checks.of_fallback(fallback)]

    def check_submission(self, submission: Submission) -> list[Problem]:
        """Ids that can still be registered, and what is chosen at the submission, are warnings here and errors there."""
        obstacles = [replace(problem, severity="warning") for problem in self._obstacles(submission)]
        known_later = [problem for problem in obstacles if problem.path != "sender"]
        return [*super().check_submission(submission), *checks.of_submission(submission), *known_later]

    def submit(self, submission: Submission) -> SubmissionResult:
        """What cannot be put into a request is refused here, with the reason, and nothing goes out."""
        problems = [*self._obstacles(submission), *errors(self.check_submission(submission))]
        if submission.part == "main" and problems:
            message = problems[0].message % problems[0].params
            return SubmissionResult(Verdict(Outcome.REFUSED, reasons.BAD_REQUEST, message=message))
        return super().submit(submission)

    def build_submit(self, submission: Submission) -> WireRequest:
        """An edit; without a template id and with the setting switched on, an addition. Raises Unsupported for a part
        other than main: smart SMS and video SMS are reviewed elsewhere and registered by hand."""
        if submission.part != "main" or not (submission.template_id or self._may_add):
            raise Unsupported(f"{self.code} edits the main part of a template that it has")
        path = EDIT_PATH if submission.template_id else str(self.account.settings.get("add_path") or DEFAULT_ADD_PATH)
        return WireRequest(
            operation="template_edit",
            method="POST",
            path=path.replace("{chatbotId}", quote(submission.sender, safe="")),
            headers=headers(self.account, datetime.now(UTC)),
            body=orjson.dumps(payloads.template(submission)),
        )

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        """An accepted edit keeps the id. Of an addition's answer nothing is documented: `result` as text is taken for
        the new id, and without one it is unsure whether anything exists."""
        answer = _answer(response)
        verdict = codes.verdict(str(answer["code"]), str(answer.get("desc", "")))
        if verdict.outcome is not Outcome.ACCEPTED:
            return SubmissionResult(verdict)
        template_id = submission.template_id or answer.get("result")
        if not isinstance(template_id, str) or not template_id:
            return SubmissionResult(unsure("The vendor accepted the template and gave no id", verdict.code))
        return SubmissionResult(verdict, template_id, draft=bool(submission.options.get("draft")))

    def _obstacles(self, submission: Submission) -> list[Problem]:
        return list(checks.obstacles(submission, self._may_add))

    @property
    def _may_add(self) -> bool:
        return bool(self.account.settings.get("add_enabled"))


def _answer(response: WireResponse) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise UnreadableBody("The answer is not JSON") from error
    code = answer.get("code") if isinstance(answer, dict) else None
    if isinstance(code, bool) or not isinstance(code, int | str):
        raise UnreadableBody("The answer has no code")
    return dict(answer)


VENDOR = Hanwg
