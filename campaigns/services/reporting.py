"""Figures over a time, by campaign, template, account, channel, operator or day. All from counted rounds: nothing here counts
people, and every sum closes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import BalanceReading, Campaign, RoundFigures
from campaigns.services.progress import reason_words
from campaigns.states import Operator
from messaging.models import Dispatch, VendorAccount
from messaging.sentences import SENTENCES
from messaging.states import Channel

LONGEST = 366
ARRIVED = ("delivered", "read")
FELL = ("failed", "refused", "no_receipt")


class Group(NamedTuple):
    """One group of people of one round."""

    dispatch: Dispatch
    day: str
    status: str
    channel: str
    reason: str
    operator: str
    people: int
    units: int


@dataclass
class Line:
    """One line of a report. `settled` is the denominator of the delivery rate; `handed_over` that of the opt-out rate."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    units: int = 0
    fell_back: int = 0
    opt_outs: int = 0

    def add(self, group: Group) -> None:
        self.counts[group.status] += group.people
        self.units += group.units
        if group.status in ARRIVED and group.channel and group.channel != first_choice(group.dispatch):
            self.fell_back += group.people

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
    def refused(self) -> int:
        return self.counts["refused"]

    @property
    def open(self) -> int:
        """Handed over, or perhaps, and nothing heard yet."""
        return self._sum("submitted", "unknown", "sending")

    @property
    def not_sent(self) -> int:
        return self._sum("skipped", "cancelled", "lapsed", "queued", "held")

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
    the oldest count among the rounds."""

    by: str
    lines: list[Line]
    whole: Line
    reasons: list[tuple[str, str, int]]
    counted_at: Any


def first_choice(dispatch: Dispatch) -> str:
    kind = dispatch.version.kind if dispatch.version else "sms"
    return kind if kind in ("sms", "mms") else "rcs"


def rounds(since: date, until: date) -> list[RoundFigures]:
    """Counted rounds, tests left out, that handed something over within these days (Beijing), both included."""
    begin = timezone.make_aware(datetime.combine(since - timedelta(days=31), time.min))
    end = timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min))
    rows = RoundFigures.objects.filter(dispatch__created_at__gte=begin, dispatch__created_at__lt=end)
    rows = rows.exclude(dispatch__kind=Dispatch.Kind.TEST)
    found = rows.select_related("dispatch__account", "dispatch__version__template").order_by("-dispatch__id")
    return [row for row in found if any(_within(group[0], row.dispatch, since, until) for group in row.groups)]


def _within(day: str, dispatch: Dispatch, since: date, until: date) -> bool:
    return since.isoformat() <= (day or _day_of(dispatch)) <= until.isoformat()


def _day_of(dispatch: Dispatch) -> str:
    """Where people were never handed over, the day on which the round began."""
    return timezone.localtime(dispatch.started_at or dispatch.created_at).date().isoformat()


def groups(found: Iterable[RoundFigures], since: date, until: date) -> Iterator[Group]:
    for row in found:
        for day, *rest in row.groups:
            if _within(day, row.dispatch, since, until):
                yield Group(row.dispatch, day or _day_of(row.dispatch), *rest)


def _account(group: Group) -> str:
    return str(group.dispatch.account)


def _template(group: Group) -> str:
    return str(group.dispatch.version.template) if group.dispatch.version else _("free text")


def _operator(group: Group) -> str:
    return str(Operator(group.operator).label) if group.operator in Operator.values else _("other or unknown")


def _channel(group: Group) -> str:
    channel = group.channel or first_choice(group.dispatch)
    return str(Channel(channel).label) if channel in Channel.values else channel


def _day(group: Group) -> str:
    return group.day


KEYS: dict[str, Callable[[Group], str]] = {
    "account": _account,
    "template": _template,
    "operator": _operator,
    "channel": _channel,
    "day": _day,
}
BY = ("campaign", *KEYS)


def report(by: str, since: date, until: date) -> Report:
    """`by` is one of BY. Raises KeyError for another."""
    found = rounds(since, until)
    key = _campaigns(found) if by == "campaign" else KEYS[by]
    lines: dict[str, Line] = {}
    whole, reasons = Line(_("Total")), Counter[str]()
    for group in groups(found, since, until):
        lines.setdefault(key(group), Line(key(group))).add(group)
        whole.add(group)
        if group.status in FELL:
            reasons[group.reason] += group.people
    _opt_outs(found, by, key, lines, whole)
    ordered = sorted(lines.values(), key=lambda line: line.name if by == "day" else -line.total)
    counted = min((row.counted_at for row in found), default=None)
    return Report(by, ordered, whole, _worded(reasons), counted)


def _campaigns(found: Iterable[RoundFigures]) -> Callable[[Group], str]:
    runs = [row.dispatch.run for row in found]
    names = dict(Campaign.objects.filter(run__in=runs).values_list("run", "name"))
    return lambda group: names.get(group.dispatch.run) or group.dispatch.title


def _opt_outs(found: Iterable[RoundFigures], by: str, key: Any, lines: dict[str, Line], whole: Line) -> None:
    """They are known by round: shown where a line is made of whole rounds."""
    for row in found:
        whole.opt_outs += row.opt_outs
        if by in ("campaign", "template", "account"):
            name = key(Group(row.dispatch, "", "", "", "", "", 0, 0))
            if name in lines:
                lines[name].opt_outs += row.opt_outs


def _worded(reasons: Counter[str]) -> list[tuple[str, str, int]]:
    found = []
    for reason, people in reasons.most_common():
        sentence: Any = SENTENCES.get(reason)
        what = reason_words(reason) if reason else _("no reason given")
        found.append((what, str(sentence.do) if sentence else "", people))
    return found


class Spent(NamedTuple):
    """What an account should have cost by our counts, and what its balance lost; None where it was not read twice. A top-up
    in between makes `lost` smaller."""

    account: VendorAccount
    units: int
    expected: Decimal
    lost: Decimal | None
    unit: str


def spending(since: date, until: date) -> list[Spent]:
    accounts: dict[int, VendorAccount] = {}
    units: Counter[int] = Counter()
    cost: dict[int, Decimal] = {}
    for group in groups(rounds(since, until), since, until):
        account = group.dispatch.account
        accounts[account.pk] = account
        units[account.pk] += group.units
        price = account.prices.get(group.channel or first_choice(group.dispatch)) or 0
        each = Decimal(str(price)) if account.balance_unit == "yuan" else Decimal(1)
        cost[account.pk] = cost.get(account.pk, Decimal(0)) + each * group.units
    lost = _lost(list(accounts), since, until)
    return [Spent(one, units[pk], cost[pk], lost.get(pk), one.balance_unit) for pk, one in accounts.items()]


def _lost(accounts: list[int], since: date, until: date) -> dict[int, Decimal]:
    """First reading of the time less the last one; one query."""
    rows = BalanceReading.objects.filter(account__in=accounts, at__date__gte=since, at__date__lte=until).order_by("at")
    first: dict[int, Decimal] = {}
    last: dict[int, tuple[int, Decimal]] = {}
    for account, balance in rows.values_list("account", "balance"):
        first.setdefault(account, balance)
        last[account] = (last.get(account, (0, balance))[0] + 1, balance)
    return {account: first[account] - balance for account, (n, balance) in last.items() if n > 1}


def daily(since: date, until: date) -> dict[str, Any]:
    """For the charts: {"days": […], "series": {"channel" | "account" | "template": {name: {"delivered": […], "failed": […],
    "no_receipt": […], "open": […]}}}}, every list one number a day."""
    days = [(since + timedelta(days=n)).isoformat() for n in range((until - since).days + 1)]
    place = {day: n for n, day in enumerate(days)}
    series: dict[str, dict[str, dict[str, list[int]]]] = {by: {} for by in ("channel", "account", "template")}
    for group in groups(rounds(since, until), since, until):
        kind = _KIND.get(group.status)
        if kind is None:
            continue
        for by, lines in series.items():
            line = lines.setdefault(KEYS[by](group), {name: [0] * len(days) for name in DRAWN})
            line[kind][place[group.day]] += group.people
    return {"days": days, "series": series}


DRAWN = ("delivered", "failed", "no_receipt", "open")
_KIND = {
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "refused": "failed",
    "no_receipt": "no_receipt",
    "submitted": "open",
    "unknown": "open",
    "sending": "open",
}
