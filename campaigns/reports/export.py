"""Every number of a campaign with its outcome, dispatch by dispatch, as it leaves the house: streaming, a page of rows at a
time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audiences.imports.sentences import DUPLICATES
from campaigns.lifecycle.progress import counts_by_dispatch
from campaigns.models import AudienceImport, Campaign, ImportProblem
from kit import display, masks
from messaging import sentences
from messaging.badges import DELIVERY
from messaging.deliveries import status as deliveries_status
from messaging.models import Dispatch
from messaging.states import Channel

# Rows of one query: by the key (run, leg, phone), so that neither side keeps more than these.
PAGE = 5_000
_COLUMNS = (
    "phone",
    "dispatch_id",
    "status",
    "channel",
    "reason",
    "batch__reason",
    "own_status",
    "vendor_message",
    "batch__submitted_at",
    "reported_at",
    "units",
)


def header() -> list[str]:
    return [
        _("Number"),
        _("Dispatch"),
        _("Template version"),
        _("Vendor account"),
        _("Status"),
        _("Channel"),
        _("Reason"),
        _("Vendor's own words"),
        _("Handed over at"),
        _("Reported at"),
        _("Billable units"),
        _("Other cells of the row"),
    ]


def size(campaign: Campaign) -> int:
    """How many rows there will be: a person once in each leg, and the file's problem rows."""
    people = campaign.dispatches.aggregate(n=Sum("total"))["n"] or 0
    sources = AudienceImport.objects.filter(pk__in=campaign.report.imports)
    bad = sources.aggregate(invalid=Sum("invalid"), duplicate=Sum("duplicate"))
    return int(people + (bad["invalid"] or 0) + (bad["duplicate"] or 0))


def rows(campaign: Campaign, *, full_numbers: bool) -> Iterator[Sequence[object]]:
    """As header(). Leg by leg in the order in which they were made, each by number; then the rows of the file that no leg
    has, whose numbers are masked always."""
    dispatches = _dispatches(campaign)
    phone_of = str if full_numbers else masks.phone
    read = str if full_numbers else masks.numbers
    words = _Words()
    for leg in dict.fromkeys(dispatch.leg for dispatch in dispatches.values()):
        for row in _people(campaign, leg):
            row["vendor_message"] = read(row["vendor_message"])
            yield _row(row, dispatches[row["dispatch_id"]], phone_of(row["phone"]), words)
    yield from _problems(campaign)


def _dispatches(campaign: Campaign) -> dict[int, Dispatch]:
    found = campaign.dispatches.select_related("version__template", "account").order_by("pk")
    return {dispatch.pk: dispatch for dispatch in found}


def _people(campaign: Campaign, leg: str) -> Iterator[dict[str, Any]]:
    everybody = deliveries_status.with_status(campaign.deliveries.filter(leg=leg)).order_by("phone")
    last = ""
    while page := list(everybody.filter(phone__gt=last).values(*_COLUMNS)[:PAGE]):
        yield from page
        last = page[-1]["phone"]


class _Words:
    """Of statuses, channels and reasons: asked for once, not once a row."""

    def __init__(self) -> None:
        self.status = {status: str(DELIVERY[status][0]) for status in deliveries_status.STATUSES}
        self.channel = {channel.value: str(channel.label) for channel in Channel} | {"": ""}
        self._reasons: dict[str, str] = {"": ""}

    def reason(self, key: str) -> str:
        if key not in self._reasons:
            self._reasons[key] = sentences.label(key)
        return self._reasons[key]


def _row(row: Mapping[str, Any], dispatch: Dispatch, number: str, words: _Words) -> list[Any]:
    reason = row["reason"] or (row["batch__reason"] if row["own_status"] is None else "") or ""
    return [
        number,
        dispatch_name(dispatch),
        str(dispatch.version or ""),
        dispatch.account.name,
        words.status[row["status"]],
        words.channel[row["channel"]],
        words.reason(reason),
        row["vendor_message"],
        _time(row["batch__submitted_at"]),
        _time(row["reported_at"]),
        row["units"] or "",
        "",
    ]


def dispatch_name(dispatch: Dispatch) -> str:
    """正式, 补发 2, 回落补发: what the leg is, with its number where there may be more."""
    number = dispatch.leg.rpartition("-")[2]
    kind = str(Dispatch.Kind(dispatch.kind).label)
    return f"{kind} {number}" if dispatch.kind == Dispatch.Kind.RESEND and number.isdigit() else kind


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _problems(campaign: Campaign) -> Iterator[Sequence[object]]:
    words = _Words()
    found = ImportProblem.objects.filter(source__in=campaign.report.imports).order_by("source", "line")
    last: tuple[int, int] = (0, 0)
    while page := list(
        _after(found, last).values("source", "line", "value", "cells", "reason", "source__file_name")[:PAGE]
    ):
        for row in page:
            where = _("%(file)s, line %(line)s") % {"file": row["source__file_name"], "line": row["line"]}
            reason = "duplicate" if row["reason"] in DUPLICATES else "invalid"
            others = " · ".join(f"{name}：{cell}" for name, cell in row["cells"].items())
            yield [
                row["value"],
                where,
                "",
                "",
                words.status["skipped"],
                "",
                words.reason(reason),
                "",
                "",
                "",
                "",
                others,
            ]
        last = page[-1]["source"], page[-1]["line"]


def _after(found: Any, last: tuple[int, int]) -> Any:
    """A line has one problem at most."""
    return found.filter(Q(source__gt=last[0]) | Q(source=last[0], line__gt=last[1]))


def cover(campaign: Campaign, *, who: str, full_numbers: bool) -> Iterator[Sequence[object]]:
    """What the workbook is, who took it and when, and how many of each status each dispatch has."""
    yield [_("Campaign"), campaign.name]
    yield [_("Taken by"), who]
    yield [_("Taken at"), _("%(at)s (Beijing time)") % {"at": _time(timezone.now())}]
    yield [_("Numbers"), _("full") if full_numbers else _("masked")]
    yield [_("Rows"), display.count(size(campaign))]
    yield []
    yield [_("Dispatch"), _("Status"), _("People")]
    dispatches, words = _dispatches(campaign), _Words()
    for pk, counts in counts_by_dispatch(dispatches).items():
        for status in deliveries_status.STATUSES:
            if counts.get(status):
                yield [dispatches[pk].title, words.status[status], display.count(counts[status])]
