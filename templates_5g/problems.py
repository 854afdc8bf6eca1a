"""Problems as sentences: the only place where their msgids are translated and filled."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext

from templates_5g.blocks import Problem
from templates_5g.linter import Finding, Fix


def sentence(problem: Problem) -> str:
    """The problem in the reader's language; its param `unit` is a msgid and translated too."""
    text = gettext(problem.message)
    if not problem.params:
        return text.replace("%%", "%")
    params = dict(problem.params)
    if "unit" in params:
        params["unit"] = gettext(str(params["unit"]))
    try:
        return text % params
    except (KeyError, TypeError, ValueError):
        return text


def as_data(finding: Finding) -> Mapping[str, object]:
    """{path, rule, severity, message, account, fix} for the browser."""
    problem = finding.problem
    return {
        "path": problem.path,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": sentence(problem),
        "account": finding.account,
        "fix": _fix(finding.fix),
    }


def _fix(fix: Fix | None) -> Mapping[str, object] | None:
    if fix is None:
        return None
    data: dict[str, object] = {"path": fix.path, "value": fix.value, "label": gettext(fix.label)}
    if fix.crop:
        data["crop"] = {"width": fix.crop[0], "height": fix.crop[1]}
    return data


def all_data(findings: Iterable[Finding]) -> Sequence[Mapping[str, object]]:
    return [as_data(finding) for finding in findings]


def by_path(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.problem.path, []).append(finding)
    return grouped
