"""The proof that a campaign adds up: seven equations over the stored rows, counted anew. Vendor exchanges are no input."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Count, F, Sum
from django.utils.translation import gettext as _

from campaigns.lifecycle import progress
from campaigns.models import AudienceImport, AudienceMember, Campaign, ImportProblem
from kit import sql
from messaging.deliveries import status
from messaging.deliveries.status import OWN_COLUMNS
from messaging.models import Attempt, Batch, Delivery, Dispatch, Receipt
from messaging.states import AttemptOutcome, OwnStatus

_SQL = sql.beside(__file__)
_RANKS = {
    own.name.lower(): own for own in (OwnStatus.NO_RECEIPT, OwnStatus.FAILED, OwnStatus.DELIVERED, OwnStatus.READ)
}


@dataclass(frozen=True)
class Equation:
    """`holds`, and the numbers that say so."""

    number: int
    title: str
    numbers: dict[str, int]
    holds: bool

    def __str__(self) -> str:
        figures = "  ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"({self.number}) {'ok    ' if self.holds else 'FAILS '} {self.title}: {figures}"


def verify(campaign: Campaign) -> list[Equation]:
    """All seven, whatever fails. About twenty queries, none of them per row."""
    dispatches = list(campaign.dispatches.values_list("pk", flat=True))
    checks: tuple[Callable[[Campaign, list[int]], Equation], ...] = (
        _imports,
        _members,
        _placed,
        _counters,
        _attempts,
        _receipts,
        _sums,
    )
    return [check(campaign, dispatches) for check in checks]


def _imports(campaign: Campaign, dispatches: list[int]) -> Equation:
    """Rows of the import = stored + problems by reason."""
    sources = AudienceImport.objects.filter(pk__in=campaign.report.imports)
    sums = sources.aggregate(rows=Sum("rows"), stored=Sum("stored"), bad=Sum(F("invalid") + F("duplicate")))
    rows, stored, bad = (sums[name] or 0 for name in ("rows", "stored", "bad"))
    members = AudienceMember.objects.filter(audience=campaign.audience_id, source__in=sources).count()
    problems = ImportProblem.objects.filter(source__in=sources).count()
    return Equation(
        1,
        _("rows of the file = stored + problems"),
        {"rows": rows, "stored": stored, "members": members, "problems": problems},
        rows == stored + bad and members == stored and problems == bad,
    )


def _members(campaign: Campaign, dispatches: list[int]) -> Equation:
    """Every member has exactly one delivery in the main leg; a later leg holds nobody else but members of later files."""
    members = AudienceMember.objects.filter(audience=campaign.audience_id, source__in=campaign.report.imports)
    deliveries = campaign.deliveries
    total = members.count() if dispatches else 0
    main = deliveries.filter(leg="main")
    later = deliveries.exclude(leg="main").exclude(phone__in=main.values("phone"))
    everybody = AudienceMember.objects.filter(audience=campaign.audience_id)
    numbers = {
        "members": total,
        "deliveries": main.count(),
        "without": members.exclude(phone__in=main.values("phone")).count() if dispatches else 0,
        "strangers": later.exclude(phone__in=everybody.values("phone")).count(),
    }
    same = numbers["members"] == numbers["deliveries"]
    return Equation(
        2, _("each member once in each leg"), numbers, same and not numbers["without"] + numbers["strangers"]
    )


def _placed(campaign: Campaign, dispatches: list[int]) -> Equation:
    nowhere = Delivery.objects.filter(dispatch__in=dispatches, batch__isnull=True, own_status__isnull=True).count()
    elsewhere = Delivery.objects.filter(dispatch__in=dispatches).exclude(batch__isnull=True)
    wrong = elsewhere.exclude(batch__dispatch=F("dispatch")).count()
    numbers = {"nowhere": nowhere, "in_another_round": wrong}
    return Equation(3, _("each delivery has a batch or a status of its own"), numbers, not nowhere + wrong)


def _counters(campaign: Campaign, dispatches: list[int]) -> Equation:
    """Per batch: counters = recount, and size = people that belong to it."""
    stored = {
        row["pk"]: row
        for row in Batch.objects.filter(dispatch__in=dispatches).values("pk", "size", *OWN_COLUMNS.values())
    }
    recount: dict[int, dict[str, int]] = {pk: dict.fromkeys(OWN_COLUMNS.values(), 0) | {"size": 0} for pk in stored}
    rows = Delivery.objects.filter(dispatch__in=dispatches, batch__isnull=False)
    for batch, own, people in rows.values_list("batch", "own_status").annotate(n=Count("id")).order_by():
        recount[batch]["size"] += people
        column = OWN_COLUMNS.get(status.OWN_WORDS.get(own, "")) if own is not None else None
        if column:
            recount[batch][column] += people
    wrong = sum(any(stored[pk][name] != value for name, value in found.items()) for pk, found in recount.items())
    people = sum(row["size"] for row in stored.values())
    numbers = {"batches": len(stored), "people": people, "wrong_batches": wrong}
    return Equation(4, _("counters of each batch = recount of its people"), numbers, not wrong)


def _attempts(campaign: Campaign, dispatches: list[int]) -> Equation:
    """On the wire at most once, unless the repeat was the vendor's own check or a person signed it."""
    maybe_taken = (AttemptOutcome.OPEN, AttemptOutcome.ACCEPTED, AttemptOutcome.UNKNOWN)
    attempts = Attempt.objects.filter(batch__dispatch__in=dispatches)
    own_doing = attempts.filter(outcome__in=maybe_taken, is_vendor_check=False, signed_by__isnull=True)
    twice = own_doing.values("batch").annotate(n=Count("id")).filter(n__gt=1).count()
    numbers = {"attempts": attempts.count(), "batches_twice": twice}
    return Equation(5, _("no batch was on the wire twice by itself"), numbers, not twice)


def _receipts(campaign: Campaign, dispatches: list[int]) -> Equation:
    """A matched receipt's rank is not above its delivery's."""
    kept = Receipt.objects.filter(state=Receipt.State.MATCHED, attempt__batch__dispatch__in=dispatches)
    behind = 0
    if kept.exists():
        behind = int(_SQL["behind"].value(dispatches=tuple(dispatches), **_RANKS))
    numbers = {"kept_receipts": kept.count(), "deliveries_behind": behind}
    return Equation(6, _("no delivery is behind its receipt"), numbers, not behind)


def _sums(campaign: Campaign, dispatches: list[int]) -> Equation:
    """Batches and those left out add up to the dispatches, the campaign and its page."""
    in_batches = Batch.objects.filter(dispatch__in=dispatches).aggregate(n=Sum("size"))["n"] or 0
    outside = Delivery.objects.filter(dispatch__in=dispatches, batch__isnull=True).count()
    totals = Dispatch.objects.filter(pk__in=dispatches).aggregate(n=Sum("total"))["n"] or 0
    selected = sum(status.dispatch_counts(dispatches).values())
    page = progress.progress(campaign)
    main = sum(progress.main_dispatches(campaign).values())
    numbers = {
        "in_batches": in_batches,
        "outside": outside,
        "dispatches": totals,
        "counted": selected,
        "page": page.people + page.left_out,
        "report": campaign.report.rows,
    }
    in_file = campaign.report.in_file_only
    holds = in_batches + outside == totals == selected and numbers["page"] == main == sum(page.counts.values())
    return Equation(
        7,
        _("batches add up to the dispatches, the campaign, its page and its file"),
        numbers,
        holds and (not dispatches or main + in_file == numbers["report"]),
    )


def failed(equations: list[Equation]) -> Iterator[Equation]:
    return (equation for equation in equations if not equation.holds)
