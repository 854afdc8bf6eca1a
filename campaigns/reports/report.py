"""Figures over a time, by campaign, template, vendor, account, channel, operator or day. All from the days that were added up:
nothing here counts people or dispatches, and every sum closes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Min, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import BalanceReading, DailyFigures, DispatchFigures
from campaigns.reports.daily_figures import ARRIVED
from messaging import sentences
from messaging.gateway.registry import vendor_class
from messaging.models import Dispatch, VendorAccount
from messaging.sentences import SENTENCES
from messaging.states import Channel, Operator

LONGEST = 366
FELL = ("failed", "rejected", "no_receipt")
_SUMS = {name: Sum(name) for name in ("people", "units", "fell_back", "opt_outs")}


@dataclass
class Line:
    """One line of a report. `settled` is the denominator of the delivery rate; `handed_over` that of the opt-out rate, whose
    opt-outs are people of this very line, on whatever day they answered."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    units: int = 0
    fell_back: int = 0
    opt_outs: int = 0

    def add(self, other: "Line") -> None:
        self.counts.update(other.counts)
        self.units += other.units
        self.fell_back += other.fell_back
        self.opt_outs += other.opt_outs

    def _sum(self, *statuses: str) -> int:
        return sum(self.counts[status] for status in statuses)

    @property
    def delivered(self) -> int:
        return self._sum(*ARRIVED)

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    @property
    def no_receipt(self) -> int:
        return self.counts["no_receipt"]

    @property
    def rejected(self) -> int:
        return self.counts["rejected"]

    @property
    def open(self) -> int:
        """Handed over, or perhaps, and nothing heard yet."""
        return self._sum("submitted", "unknown", "sending")

    @property
    def not_sent(self) -> int:
        return self._sum("skipped", "cancelled", "too_late", "queued")

    @property
    def settled(self) -> int:
        return self.delivered + self.failed + self.no_receipt

    @property
    def handed_over(self) -> int:
        return self.settled + self.open

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Report:
    """`lines` are the parts and `whole` their sum; `reasons`: (what happened, what to do, people), most first; `counted_at` is
    the oldest count among the dispatches that still move."""

    by: str
    lines: list[Line]
    whole: Line
    reasons: list[tuple[str, str, int]]
    counted_at: datetime


def _days(since: date, until: date) -> QuerySet[DailyFigures]:
    """Both included. The day (Beijing) is that of the hand-over, whenever the dispatch was made."""
    return DailyFigures.objects.filter(day__gte=since, day__lte=until)


def _campaign(campaign: str | None, source: str) -> str:
    if campaign is not None:
        return campaign
    return str(Dispatch.Kind(source).label) if source in Dispatch.Kind.values else source


def _template(name: str | None) -> str:
    return name or _("free text")


def _vendor(code: str) -> str:
    return _(vendor_class(code).name)


def _operator(code: str) -> str:
    return str(Operator(code).label) if code in Operator.values else _("other or unknown")


def _channel(code: str) -> str:
    return str(Channel(code).label) if code in Channel.values else code


def _day(day: date) -> str:
    return day.isoformat()


# What the lines are made of, and their names. Two campaigns of one name are two lines.
_BY: dict[str, tuple[tuple[str, ...], Callable[..., str]]] = {
    "campaign": (("campaign", "campaign__name", "source"), lambda _pk, *names: _campaign(*names)),
    "template": (("version__template__name",), _template),
    "vendor": (("account__vendor",), _vendor),
    "account": (("account__name",), str),
    "channel": (("channel",), _channel),
    "operator": (("operator",), _operator),
    "day": (("day",), _day),
}
BY = tuple(_BY)


def report(by: str, since: date, until: date) -> Report:
    """`by` is one of BY. Three queries, whatever was sent. Raises KeyError for another."""
    lines = _lines(by, _days(since, until))
    whole = Line(_("Total"))
    for line in lines:
        whole.add(line)
    ordered = sorted(lines, key=lambda line: line.name) if by == "day" else sorted(lines, key=lambda line: -line.total)
    counted = DispatchFigures.objects.filter(final=False).aggregate(at=Min("counted_at"))["at"]
    return Report(by, ordered, whole, _reasons(_days(since, until)), counted)


def _lines(by: str, days: QuerySet[DailyFigures]) -> list[Line]:
    columns, name = _BY[by]
    lines: dict[tuple[Any, ...], Line] = {}
    for row in days.values_list(*columns, "status").annotate(**_SUMS).order_by():
        what, (status, people, units, fell_back, opt_outs) = row[: len(columns)], row[len(columns) :]
        line = lines.setdefault(what, Line(name(*what)))
        line.add(Line("", Counter({status: people}), units, fell_back, opt_outs))
    return [line for line in lines.values() if line.total or line.opt_outs]


def _reasons(days: QuerySet[DailyFigures]) -> list[tuple[str, str, int]]:
    rows = (
        days.filter(status__in=FELL).values_list("reason").annotate(people=Sum("people")).order_by("-people", "reason")
    )
    found = []
    for reason, people in rows:
        sentence: Any = SENTENCES.get(reason)
        what = sentences.label(reason) if reason else _("no reason given")
        if people:
            found.append((what, str(sentence.do) if sentence else "", people))
    return found


class Spent(NamedTuple):
    """What an account should have cost by our counts: `cost` in yuan, None without prices; `expected` in the `unit` of its
    balance. And by how much the balance fell from reading to reading; None where it was not read twice. Where it rose it was
    topped up; that is not set against the falls."""

    account: VendorAccount
    units: int
    cost: Decimal | None
    expected: Decimal
    lost: Decimal | None
    topped_up: Decimal
    unit: str

    @property
    def difference(self) -> Decimal | None:
        """More lost than expected is positive."""
        return None if self.lost is None else self.lost - self.expected


def spending(since: date, until: date) -> list[Spent]:
    """One line for each account that sent something in this time; three queries."""
    rows = _days(since, until).values_list("account", "channel").annotate(units=Sum("units")).order_by("account")
    units: dict[int, Counter[str]] = {}
    for account, channel, charged in rows:
        units.setdefault(account, Counter())[channel] += charged
    moved = _moved(list(units), since, until)
    return [
        _spent(one, units[one.pk], moved.get(one.pk))
        for one in VendorAccount.objects.filter(pk__in=list(units)).order_by("name")
    ]


def _spent(account: VendorAccount, units: Counter[str], moved: tuple[Decimal, Decimal] | None) -> Spent:
    fell, rose = moved or (None, Decimal(0))
    cost, charged = _cost(account, units), sum(units.values())
    expected = (cost or Decimal(0)) if account.balance_unit == "yuan" else Decimal(charged)
    return Spent(account, charged, cost, expected, fell, rose, account.balance_unit)


def _cost(account: VendorAccount, units: Counter[str]) -> Decimal | None:
    """Units of a channel without a price cost nothing here; None where the account has no price at all."""
    if not any(account.prices.get(one) for one in units):
        return None
    return sum((Decimal(str(account.prices.get(one) or 0)) * n for one, n in units.items()), Decimal(0))


def _moved(accounts: Sequence[int], since: date, until: date) -> dict[int, tuple[Decimal, Decimal]]:
    """account -> (how much it fell, how much it rose); one query, row by row."""
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (since, until + timedelta(days=1)))
    readings = BalanceReading.objects.filter(account__in=accounts, at__gte=begin, at__lt=end).order_by("account", "at")
    last: dict[int, Decimal] = {}
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for account, balance in readings.values_list("account", "balance").iterator():
        if account in last:
            fell, rose = found.get(account, (Decimal(0), Decimal(0)))
            change = balance - last[account]
            found[account] = (fell - min(change, Decimal(0)), rose + max(change, Decimal(0)))
        last[account] = balance
    return found


def daily(since: date, until: date) -> dict[str, Any]:
    """For the charts: {"days": […], "series": {"channel" | "account" | "template": {name: {"delivered": […], "failed": […],
    "no_receipt": […], "open": […]}}}}, every list one number a day. Three queries."""
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    series = {by: _drawn(by, days) for by in ("channel", "account", "template")}
    return {"days": [day.isoformat() for day in days], "series": series}


def _drawn(by: str, days: list[date]) -> dict[str, dict[str, list[int]]]:
    columns, name = _BY[by]
    place = {day: n for n, day in enumerate(days)}
    rows = _days(days[0], days[-1]).filter(status__in=_KIND).values_list("day", "status", *columns)
    lines: dict[str, dict[str, list[int]]] = {}
    for day, status, *what, people in rows.annotate(people=Sum("people")).order_by():
        line = lines.setdefault(name(*what), {kind: [0] * len(days) for kind in DRAWN})
        line[_KIND[status]][place[day]] += people
    return lines


DRAWN = ("delivered", "failed", "no_receipt", "open")
_KIND = {
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "rejected": "failed",
    "no_receipt": "no_receipt",
    "submitted": "open",
    "unknown": "open",
    "sending": "open",
}
