"""hanwg: edits 5G templates that exist at the vendor. Its document has no other operation."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import orjson

from kit.msgids import gettext_noop as _
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import (
    Capabilities,
    Operation,
    Submission,
    SubmissionResult,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.hanwg import answers, content_checks, envelope, payloads
from messaging.vendors.hanwg.credentials import CREDENTIALS, DEFAULT_ADD_PATH, SETTINGS, SUBMIT_OPTIONS
from templates_5g.blocks import Content, Fallback, Problem, errors

EDIT_PATH = "/rcs/template/editTemplate/{chatbotId}"


class Hanwg(Vendor):
    """An edit names a template that the vendor has already; what is there is registered by hand. There is no audit push
    and no query either: the decision is registered by hand too."""

    code = "hanwg"
    name = _("hanwg 5G templates")
    document = "001"
    default_base_url = "https://rcsapi.hanwg.com"
    credentials = CREDENTIALS
    settings = SETTINGS
    submit_options = SUBMIT_OPTIONS
    capabilities = Capabilities(
        main_kinds=frozenset({"text", "card", "carousel", "file", "place"}),
        fallback_parts=frozenset(payloads.FALLBACK_TYPES),
        own_variables=frozenset({"dh_rcs_aim", "dh_rcs_h5_url"}),
        review_parts=frozenset({"main"}),
        max_batch=0,  # it cannot send: no number fits into a request
        references=False,
        edits=True,
    )
    operations = (Operation("template_edit", "2", EDIT_PATH, _("Edit a 5G template"), method="submit"),)

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        return [*super().check(content, fallback), *content_checks.of_message(content, fallback)]

    def check_submission(self, submission: Submission) -> list[Problem]:
        """Ids that can still be registered, and what is chosen at the submission, are warnings here and errors there."""
        obstacles = [replace(problem, severity="warning") for problem in self._obstacles(submission)]
        known_later = [problem for problem in obstacles if problem.path != "sender"]
        return [*super().check_submission(submission), *content_checks.of_submission(submission), *known_later]

    def stops_submit(self, submission: Submission) -> Problem | None:
        """What cannot be put into a request."""
        if submission.part != "main":
            return None
        return next(iter([*self._obstacles(submission), *errors(self.check_submission(submission))]), None)

    def _obstacles(self, submission: Submission) -> list[Problem]:
        return list(content_checks.obstacles(submission, self._may_add))

    @property
    def _may_add(self) -> bool:
        return bool(self.account.settings.get("add_enabled"))

    # --- requests and answers -----------------------------------------------------------------------------------

    def build_submit(self, submission: Submission) -> WireRequest:
        """An edit; without a template id and with the setting switched on, an addition. Raises Unsupported for a part
        other than main: smart SMS and video SMS are reviewed elsewhere and registered by hand."""
        if submission.part != "main" or not (submission.template_id or self._may_add):
            raise Unsupported(f"{self.code} edits the main part of a template that it has")
        path = EDIT_PATH if submission.template_id else str(self.account.settings.get("add_path") or DEFAULT_ADD_PATH)
        payload = payloads.template(submission)
        return self.wire_request(
            payload.operation,
            envelope.headers(self.account, datetime.now(UTC)),
            orjson.dumps(payload.fields),
            path=path.replace("{chatbotId}", quote(submission.sender, safe="")),
        )

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        return answers.submitted(response, submission)


VENDOR = Hanwg
