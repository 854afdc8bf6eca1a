"""What a service of this app may refuse, each with what the page needs to say so."""

from typing import TYPE_CHECKING, Any

from templates_5g.blocks import Problem

if TYPE_CHECKING:
    from templates_5g.models import TemplateVersion


class InvalidContent(Exception):
    """The content cannot be stored or locked. `problems` name each place; only errors stand among them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.path or '-'}: {problem.rule}" for problem in problems))


class StaleEdit(Exception):
    """Somebody else saved since the page was opened. `theirs` is the version as it is stored now."""

    def __init__(self, theirs: "TemplateVersion") -> None:
        self.theirs = theirs
        super().__init__(f"{theirs} was saved meanwhile")


class NotPossible(Exception):
    """A thing that cannot be done in this state. `args[0]` is the translated sentence for the page."""

    @property
    def sentence(self) -> Any:
        return self.args[0]


class MediaRefused(NotPossible):
    """An upload that is not taken: the sentence says what was found and what to do."""
