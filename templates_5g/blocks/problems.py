"""A problem names its rule, its place and what to do, in a msgid that the Django layers translate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """`path` is dotted into the content (`cards.0.suggestions.1.label`; `fallback.sms.text`), "" for the whole.

    `message` is an English msgid with %(name)s placeholders filled from `params`. `error` blocks, `warning` informs.
    """

    path: str
    rule: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"

    def under(self, prefix: str) -> "Problem":
        path = f"{prefix}.{self.path}" if self.path else prefix
        return Problem(path, self.rule, self.message, self.params, self.severity)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]
