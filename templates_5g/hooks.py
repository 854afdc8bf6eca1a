"""What the pages of templates show from above. Higher apps fill these in AppConfig.ready(); unfilled ones show nothing.

Fill a hook with `hooks.review_cells.fill(function)`; the function's signature is the hook's `__call__`. Every function
must cost the same number of queries for one id as for a hundred.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, ParamSpec, TypeVar

from kit.people import Person
from templates_5g.blocks import Content, Fallback, Problem
from templates_5g.models import TemplateVersion

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Hook(Generic[Params, Result]):
    """One extension point: called like the function that fills it, or giving `empty()` until one does."""

    def __init__(self, name: str, empty: Callable[[], Result]) -> None:
        self.name = name
        self._empty = empty
        self.function: Callable[Params, Result] | None = None

    def fill(self, function: Callable[Params, Result]) -> None:
        """Raises RuntimeError if another function is there already: two owners would hide one of them."""
        if self.function not in (None, function):
            raise RuntimeError(f"the hook {self.name} is filled twice")
        self.function = function

    def clear(self) -> None:
        self.function = None

    @property
    def is_filled(self) -> bool:
        return self.function is not None

    def __call__(self, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        return self.function(*args, **kwargs) if self.function else self._empty()


@dataclass(frozen=True)
class ReviewCell:
    """One account's word on one version. `role` is a colour role (idle, moving, good, attention, problem, unsure); `moves`:
    it may change without anybody here doing anything."""

    account: str
    word: str
    role: str
    detail: str = ""
    url: str = ""
    moves: bool = False


@dataclass(frozen=True)
class Refusal:
    """A vendor's refusal of an earlier version: its own words, and the linter's rule for it, if any."""

    version: int
    account: str
    at: datetime
    words: str
    part: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Use:
    """Something that uses a version or an asset, e.g. a campaign."""

    title: str
    url: str = ""
    state: str = ""


@dataclass(frozen=True)
class AudienceChoice:
    id: int
    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleRows:
    """Real rows of an audience, without phone numbers: column -> value."""

    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Sender:
    name: str
    signature: str
    logo: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Price:
    account: str
    channel: str
    amount: Decimal


@dataclass(frozen=True)
class Action:
    """A link that a higher app adds to a version's page. `primary` is the one blue button: it saves first, and goes on
    only when nothing stands against the version."""

    label: str
    url: str
    primary: bool = False

    @property
    def key(self) -> str:
        return "primary" if self.primary else self.url


@dataclass(frozen=True)
class AccountProblems:
    """What one vendor account cannot carry, from the vendor's own folder."""

    account: str
    problems: Sequence[Problem] = field(default_factory=tuple)


# (content, fallback, purpose) -> one entry per usable account with problems
account_problems: Hook[[Content, Fallback, str], Iterable[AccountProblems]] = Hook("account_problems", list)
# version ids -> cells by version id
review_cells: Hook[[Sequence[int]], Mapping[int, Sequence[ReviewCell]]] = Hook("review_cells", dict)
# template id -> refusals, newest first
refusals: Hook[[int], Sequence[Refusal]] = Hook("refusals", list)
# version ids -> campaigns by version id
campaigns_using: Hook[[Sequence[int]], Mapping[int, Sequence[Use]]] = Hook("campaigns_using", dict)
# user -> audiences that this user may look at
audiences: Hook[[Person], Sequence[AudienceChoice]] = Hook("audiences", list)
# (audience id, user, at most) -> rows
sample_rows: Hook[[int, Person, int], SampleRows] = Hook("sample_rows", SampleRows)
# 5G senders to draw in the preview
senders: Hook[[], Sequence[Sender]] = Hook("senders", list)
prices: Hook[[], Sequence[Price]] = Hook("prices", list)
# (version, user) -> links on the version's page, e.g. submit for review, test send, new campaign
version_actions: Hook[[TemplateVersion, Person], Sequence[Action]] = Hook("version_actions", list)
# asset ids -> where an asset stands outside of templates: at vendors with its expiry, as a logo
media_uses: Hook[[Sequence[int]], Mapping[int, Sequence[Use]]] = Hook("media_uses", dict)
