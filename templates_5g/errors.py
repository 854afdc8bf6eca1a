"""What a service of this app may refuse. All are ValidationErrors, so that any page can show their sentences."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from templates_5g.blocks import Problem
from templates_5g.path_labels import place
from templates_5g.problems import sentence

if TYPE_CHECKING:
    from templates_5g.models import TemplateVersion


class InvalidContent(ValidationError):
    """The content cannot be stored or locked. `problems` name each place; only errors stand among them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__([f"{place(problem.path)}: {sentence(problem)}" for problem in problems])


class StaleEdit(ValidationError):
    """Somebody else saved since the page was opened. `theirs` is the version as it is stored now."""

    def __init__(self, theirs: "TemplateVersion") -> None:
        self.theirs = theirs
        super().__init__(_("Somebody else saved this template meanwhile. Load it again."))


class NotPossible(ValidationError):
    """A thing that cannot be done in this state, with the sentence for the page."""

    @property
    def sentence(self) -> str:
        return str(self.messages[0])


class MediaRefused(NotPossible):
    """An upload that is not taken: the sentence says what was found and what to do."""
