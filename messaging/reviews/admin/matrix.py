"""The matrix of reviews: versions against accounts, as lines that a page and its updates draw alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kit import display
from kit.labels import Label
from kit.people import Person
from messaging import badges, hooks, reviews
from messaging.gateway.registry import vendor_class
from messaging.models import Chatbot, TemplateReview, VendorAccount
from messaging.reviews import status as reviews_status
from messaging.reviews.admin.forms import PARTS
from messaging.states import Channel, ReviewStatus
from templates_5g.blocks import errors
from templates_5g.json_request import whole
from templates_5g.models import TemplateVersion

# Words under which nobody can be sent to through this account.
_UNUSABLE = ("rejected", "expired", "none", "unsupported", "withdrawn", "draft", "unknown")
_OWN_FALLBACK = {"sms": Channel.SMS, "mms": Channel.MMS, "aim": Channel.AIM, "h5": Channel.H5}


@dataclass(frozen=True)
class Line:
    """One review in a cell, with what can be done about it: (address, word) of each act."""

    label: Label
    badge: SafeString
    note: str
    review: TemplateReview
    status: str
    acts: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Cell:
    """One version at one account: a line for each review, or one derived word with its reason. Where it was not submitted
    yet, `may_submit` (the vendor has an operation for it) and `may_register` (by hand). `submit_by`: (date, over?) where a
    send is planned and the review is not there. `reach`: what it costs in people."""

    version: TemplateVersion
    account: VendorAccount
    lines: tuple[Line, ...] = ()
    status: str = ""
    note: str = ""
    may_submit: bool = False
    may_register: bool = False
    submit_by: tuple[date, bool] | None = None
    reach: str = ""

    @property
    def key(self) -> str:
        return f"cell-{self.value}"

    @property
    def value(self) -> str:
        """As a form names the cell."""
        return f"{self.version.pk}-{self.account.pk}"

    @property
    def badge(self) -> SafeString:
        return badges.review(self.status)

    @property
    def would_submit(self) -> bool:
        """Would the account take a submission now? What stands against the version itself is looked at on the form."""
        return self.may_submit or (reviews.audits(self.account) and any(map(_would_submit, self.lines)))

    @property
    def words(self) -> str:
        """The cell read aloud; nothing in it changes by the passing of time alone."""
        found = [f"{line.label} {badges.REVIEW[line.status][0]}".strip() for line in self.lines]
        return f"{self.version} · {self.account}: {'；'.join(found) or badges.REVIEW[self.status][0]}"

    @property
    def is_usable(self) -> bool:
        """Can it be sent with, now?"""
        statuses = [line.status for line in self.lines if line.review.live and line.review.part == "main"]
        return (statuses[0] if statuses else self.status) not in _UNUSABLE


def cell_of(version: TemplateVersion, account: VendorAccount, found: Sequence[TemplateReview]) -> Cell:
    shown = [review for review in found if not (review.renewal and review.status == ReviewStatus.WITHDRAWN)]
    if shown:
        return Cell(version, account, tuple(_lines(account, shown)))
    vendor = vendor_class(account.vendor)
    hard = errors(vendor(account.config).check(version.blocks, version.fallback_blocks))
    if hard:
        return Cell(version, account, status="unsupported", note=reviews.line_of(hard[0]))
    if not vendor.capabilities.review_parts:
        return Cell(version, account, status="not_needed")
    note = _("may be sent without a review") if vendor.capabilities.review_optional else ""
    return Cell(
        version, account, status="none", note=note, may_register=True, may_submit=reviews.audits(account)
    )  # fmt: skip


def _lines(account: VendorAccount, found: Sequence[TemplateReview]) -> list[Line]:
    several = len({review.part for review in found}) > 1
    ordered = sorted(found, key=lambda review: (review.part != "main", review.part, review.renewal))
    renewed = {review.part for review in found if review.renewal and review.status not in _ENDED}
    lines = []
    for review in ordered:
        review.account = account
        part = PARTS.get(review.part, review.part) if several else ""
        renewal = _("Renewal")
        label = f"{part} {renewal}".strip() if review.renewal else part
        status = reviews_status.status_of(review)
        acts = () if review.part in renewed else acts_of(review)
        lines.append(Line(label, badges.review(status), reviews_status.note_of(review), review, status, acts))
    return lines


_ENDED = (ReviewStatus.REJECTED, ReviewStatus.WITHDRAWN, ReviewStatus.DRAFT)


def acts_of(review: TemplateReview) -> tuple[tuple[str, Any], ...]:
    """What marketing may do about a review that counts, as links."""
    if not review.live or not _wants_submission(review):
        return ()
    page = "submit" if reviews.audits(review.account) else "by_hand"
    word = _("Renew") if review.status == ReviewStatus.APPROVED else _("Submit again")
    url = reverse(f"admin:messaging_templatereview_{page}", args=[review.version_id])
    return ((f"{url}?account={review.account_id}", word),)


def _wants_submission(review: TemplateReview) -> bool:
    left = reviews_status.left_of(review)
    if review.status in (ReviewStatus.WITHDRAWN, ReviewStatus.DRAFT):
        return True
    return left is not None and left <= reviews_status.LISTED and reviews.can_renew(review)


def lines_of(review: TemplateReview) -> list[Line]:
    """The review alone, for its own page."""
    return _lines(review.account, [review])


# --- many cells -------------------------------------------------------------------------------------------------


def standing_reviews(versions: Sequence[TemplateVersion]) -> dict[tuple[int, int], list[TemplateReview]]:
    """(version id, account id) -> what counts there and what waits beside it. One query."""
    by_place: dict[tuple[int, int], list[TemplateReview]] = {}
    for review in TemplateReview.objects.filter(reviews_status.STANDING, version__in=[one.pk for one in versions]):
        by_place.setdefault((review.version_id, review.account_id), []).append(review)
    return by_place


def matrix(
    versions: Sequence[TemplateVersion], accounts: Sequence[VendorAccount], *, reach: "Reach | None" = None
) -> list[tuple[TemplateVersion, list[Cell]]]:
    """One row a version. Queries: the reviews, the planned sends, the holidays."""
    finish = _finisher(versions, reach)
    found = standing_reviews(versions)
    return [
        (version, [finish(cell_of(version, one, found.get((version.pk, one.pk), []))) for one in accounts])
        for version in versions
    ]


def open_cells(
    versions: Sequence[TemplateVersion], accounts: Sequence[VendorAccount], *, reach: "Reach | None" = None
) -> tuple[list[Cell], bool]:
    """The cells that hold a review, and whether any of them may change by itself: what an update of the page asks for."""
    finish = _finisher(versions, reach)
    by_id = {account.pk: account for account in accounts}
    versions_by_id = {version.pk: version for version in versions}
    found = standing_reviews(versions)
    cells = [finish(cell_of(versions_by_id[v], by_id[a], rows)) for (v, a), rows in found.items() if a in by_id]
    return cells, any(reviews_status.moves(review) for rows in found.values() for review in rows)


def _finisher(versions: Sequence[TemplateVersion], reach: "Reach | None") -> Callable[[Cell], Cell]:
    """Adds what a planned send and a chosen audience say about a cell."""
    planned = _planned(versions)
    calendar = reviews.Calendar.here_and_now() if planned else reviews.Calendar()

    def finish(cell: Cell) -> Cell:
        start = planned.get((cell.version.pk, cell.account.pk))
        return replace(cell, submit_by=_submit_by(cell, start, calendar), reach=reach.of(cell) if reach else "")

    return finish


def _planned(versions: Sequence[TemplateVersion]) -> dict[tuple[int, int], Any]:
    ids = [version.pk for version in versions]
    return {place: start for function in hooks.planned_starts for place, start in function(ids).items()}


def _submit_by(cell: Cell, start: datetime | None, calendar: reviews.Calendar) -> tuple[date, bool] | None:
    """(last day, is it over?) where a send is planned and nothing is approved or under way."""
    if start is None or cell.is_usable or not reviews.must_be_reviewed(cell.account):
        return None
    day = calendar.submit_by(cell.account, timezone.localtime(start).date())
    return (day, day < timezone.localdate()) if day else None


def soonest_first(versions: QuerySet[TemplateVersion]) -> list[TemplateVersion]:
    """Versions with an approval that ends within the week and that nothing renews yet, the soonest end first."""
    under_way = TemplateReview.objects.filter(renewal=True).exclude(status__in=_ENDED)
    ending = TemplateReview.objects.filter(reviews_status.ends_soon())
    ends = ending.values("version").annotate(end=Min("approved_until")).values_list("version", "end")
    handled = set(under_way.values_list("version", flat=True))
    order = {version: end for version, end in ends if version not in handled}
    return sorted(versions.filter(pk__in=list(order)), key=lambda version: order[version.pk])


# --- what a missing approval costs --------------------------------------------------------------------------------


class Reach:
    """People of one audience that cannot be sent to through an account, by the operators that its senders serve."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._served: dict[int, set[str]] = {}
        for account_id, operators in Chatbot.objects.values_list("account", "operators"):
            self._served.setdefault(account_id, set()).update(operators)

    def of(self, cell: Cell) -> str:
        served = self._served.get(cell.account.pk)
        if cell.is_usable or cell.status == "not_needed" or (cell.status == "unsupported" and served is None):
            return ""
        people = sum(n for operator, n in self._counts.items() if not served or operator in served)
        if not people:
            return ""
        own = next((part for part in _OWN_FALLBACK if part in cell.version.fallback_blocks.parts), "")
        if own:
            values = {"n": display.count(people), "channel": _OWN_FALLBACK[own].label}
            return _("concerns %(n)s people, who could get %(channel)s instead") % values
        return _("concerns %(n)s people, who have no fallback") % {"n": display.count(people)}


def reach_of(audience: str, user: Person) -> Reach | None:
    """None where no audience is chosen, or this user may not look at it."""
    chosen = whole(audience)
    if chosen < 0:
        return None
    counts = {name: n for function in hooks.people_by_operator for name, n in function(chosen, user).items()}
    return Reach(counts) if counts else None


def trouble(versions: QuerySet[TemplateVersion]) -> QuerySet[TemplateVersion]:
    return versions.filter(pk__in=TemplateReview.objects.filter(reviews_status.in_trouble()).values("version"))


def of_template(versions: QuerySet[TemplateVersion], template: str) -> QuerySet[TemplateVersion]:
    chosen = whole(template)
    return versions.filter(template=chosen) if chosen >= 0 else versions


def wants_submission(cells: Sequence[Cell]) -> bool:
    """Is there an account that would take the version now?"""
    return any(cell.would_submit for cell in cells)


def _would_submit(line: Line) -> bool:
    return line.status == "rejected" or any("/submit/" in url for url, _word in line.acts)
