"""How figures, times and statuses look, everywhere the same. Each function is also a filter or tag of `songda`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TypeAlias

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from kit import masks
from kit.labels import Label
from kit.people import Actor, Person

# None is a figure that is not known; templates give "" for it.
Number: TypeAlias = int | Decimal | str | None

UNKNOWN = "—"
ROLES = ("idle", "moving", "good", "attention", "problem", "unsure")

_ICONS = {
    "idle": '<circle cx="6" cy="6" r="4"/>',
    "moving": '<path d="M1.5 6h8M6.5 3l3 3-3 3"/>',
    "good": '<path d="M2 6.5l2.7 2.7L10 3.5"/>',
    "attention": '<circle cx="6" cy="6" r="4.5"/><path d="M6 3.5V6l2 1.2"/>',
    "problem": '<path d="M2.5 2.5l7 7M9.5 2.5l-7 7"/>',
    "unsure": '<path d="M4 4.2a2 2 0 1 1 2.6 2c-.5.2-.6.6-.6 1.1M6 9.6v.2"/>',
}


def icon(role: str) -> SafeString:
    paths = mark_safe(_ICONS[role])  # noqa: S308 - a constant of this file
    return format_html('<svg class="icon" viewBox="0 0 12 12" aria-hidden="true" focusable="false">{}</svg>', paths)


def badge(word: Label, role: str = "idle") -> SafeString:
    """Icon + word in the colours of `role` (one of ROLES)."""
    if role not in ROLES:
        raise ValueError(f"{role} is no role of a badge: one of {', '.join(ROLES)}")
    return format_html('<span class="badge badge-{}">{}{}</span>', role, icon(role), word)


def masked(phone: str | None) -> str:
    return masks.phone(str(phone)) if phone else ""


def person(user: Actor) -> str:
    """A colleague by name, by log-in where there is none; a dash for nobody."""
    return UNKNOWN if user is None else user.get_full_name() or user.get_username()


def named(user: Person) -> str:
    """A colleague in a list to choose from: two of one name are told apart by their log-ins."""
    name, login = user.get_full_name(), user.get_username()
    return f"{name} ({login})" if name and name != login else login


def count(number: Number) -> str:
    """45,200; None is not known and shows as a dash."""
    return UNKNOWN if number is None or number == "" else f"{int(number):,}"


def money(amount: Number) -> str:
    """¥4,068.00"""
    return UNKNOWN if amount is None or amount == "" else f"¥{Decimal(amount):,.2f}"


def unit_price(amount: Number) -> str:
    """¥0.0450"""
    return UNKNOWN if amount is None or amount == "" else f"¥{Decimal(amount):,.4f}"


def percent(part: Number, whole: Number) -> str:
    """One decimal, never rounded up: 100% and 0% only when exact, <0.1% for the rest of almost nothing."""
    if part is None or not whole:
        return UNKNOWN
    part, whole = Decimal(part), Decimal(whole)
    if part == 0:
        return "0%"
    if part == whole:
        return "100%"
    share = (part * 100 / whole).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    return f"{share}%" if share else "<0.1%"


def _days_ago(moment_local: datetime) -> int:
    return (timezone.localdate() - moment_local.date()).days


def day_and_time(at: datetime) -> str:
    """今天 10:24, 昨天 20:05, 11月18日 09:30, and the date alone in other years."""
    local = timezone.localtime(at)
    clock = format_date(local, "H:i")
    days = _days_ago(local)
    if days == 0:
        return _("today %(time)s") % {"time": clock}
    if days == 1:
        return _("yesterday %(time)s") % {"time": clock}
    if local.year == timezone.localdate().year:
        return format_date(local, pgettext("date format", "j M H:i"))
    return format_date(local, pgettext("date format", "j M Y"))


def when(at: datetime | None) -> str:
    if at is None:
        return UNKNOWN
    return format_html('<time datetime="{}">{}</time>', timezone.localtime(at).isoformat(), day_and_time(at))


def to_the_minute(at: datetime) -> str:
    """With the year and the clock, whichever day it is: for a time that somebody decides on."""
    return format_date(timezone.localtime(at), pgettext("date format", "j M Y H:i"))


def moment(at: datetime | None) -> str:
    """With seconds and the year, for pages of details."""
    if at is None:
        return UNKNOWN
    local = timezone.localtime(at)
    text = format_date(local, pgettext("date format", "j M Y H:i:s"))
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), text)


def day(at: date | None) -> str:
    """A date without a time: 12月3日, with the year when it is another one."""
    if at is None:
        return UNKNOWN
    shown = timezone.localtime(at).date() if isinstance(at, datetime) else at
    same_year = shown.year == timezone.localdate().year
    return format_date(shown, pgettext("date format", "j M") if same_year else pgettext("date format", "j M Y"))


def duration(value: timedelta | datetime | None) -> str:
    """42 分钟, 1 小时 46 分, 3 天. A datetime means the time since then."""
    if value is None:
        return UNKNOWN
    span = timezone.now() - value if isinstance(value, datetime) else value
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        whole = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
        return whole if not rest else _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    days = minutes // (24 * 60)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def progress(done: Number, total: Number) -> SafeString:
    """A bar with its figure as text beside it."""
    return format_html(
        '<span class="progress-line"><progress max="{}" value="{}"></progress> <span class="num">{}</span></span>',
        max(int(total or 0), 1),
        int(done or 0),
        percent(done, total),
    )


@dataclass(frozen=True)
class BarPart:
    """One part of a stacked bar; `role` is one of ROLES."""

    word: Label
    count: int
    role: str


_GAP = 4
_WIDTH = 1000
_LEAST = 3  # so that one person among a million is still seen


def _bar_rects(parts: Sequence[BarPart]) -> list[tuple[str, int, int]]:
    """(role, x, width) for each part; every part is at least visible, the last one takes what rounding left."""
    total = sum(part.count for part in parts)
    room = _WIDTH - _GAP * (len(parts) - 1) - _LEAST * len(parts)
    rects, x = [], 0
    for part in parts:
        width = _LEAST + room * part.count // total
        rects.append((part.role, x, width))
        x += width + _GAP
    role, x, _rounded = rects[-1]
    rects[-1] = (role, x, _WIDTH - x)
    return rects


def stacked_bar(parts: Sequence[BarPart]) -> SafeString:
    """`parts` in the order to draw. Zero parts are left out; the words and figures
    stand under the bar, since colour never speaks alone."""
    shown = [part for part in parts if part.count]
    if not shown:
        return SafeString("")
    label = "，".join(f"{part.word} {count(part.count)}" for part in shown)
    rects = format_html_join(
        "",
        '<rect class="bar-{0}" x="{1}" y="0" width="{2}" height="20"/>'
        '<rect class="bar-pattern-{0}" x="{1}" y="0" width="{2}" height="20"/>',
        _bar_rects(shown),
    )
    legend = format_html_join(
        "",
        '<li><span class="bar-key bar-key-{}"></span>{} <span class="num">{}</span></li>',
        ((part.role, part.word, count(part.count)) for part in shown),
    )
    return format_html(
        '<div class="stacked-bar"><svg viewBox="0 0 {} 20" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>"
        '<ul class="bar-legend">{}</ul></div>',
        _WIDTH,
        label,
        rects,
        legend,
    )
