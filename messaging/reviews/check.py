"""What stands against a submission, before anything is opened: the house's own rules, and what the vendor cannot carry."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from messaging.gateway.registry import vendor_class
from messaging.models import VendorAccount
from templates_5g.blocks import Problem
from templates_5g.inspection import inspect
from templates_5g.linter import Finding
from templates_5g.models import TemplateVersion
from templates_5g.path_labels import place
from templates_5g.problems import sentence


class NotReady(ValidationError):
    """Rules of the house stand against the version, whatever the account. `findings` says which; its messages name them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        found = [line_of(finding.problem) for finding in findings]
        super().__init__([_("This version is not ready for review: mend what is named below."), *found])
        self.findings = list(findings)


class ContentNotSupported(ValidationError):
    """The vendor cannot carry this version. `problems` says what, by path; its messages name them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__([_("This vendor cannot carry this version."), *map(line_of, problems)])
        self.problems = list(problems)


def line_of(problem: Problem) -> str:
    return _("%(place)s: %(problem)s") % {"place": place(problem.path), "problem": sentence(problem)}


def hard_findings(version: TemplateVersion) -> list[Finding]:
    """Errors of the checks and the linter that hold for every account. With any, nothing may be submitted."""
    return inspect(version.content, version.fallback, version.template.purpose).hard


def audits(account: VendorAccount) -> bool:
    """Can a version be submitted to this vendor over its interface?"""
    return any(item.method == "submit" for item in vendor_class(account.vendor).operations)
