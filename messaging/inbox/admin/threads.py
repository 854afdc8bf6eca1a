"""A conversation as its page shows it: what the customer wrote, what we sent, and what happened between."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit import display, masks
from kit.labels import Label
from messaging.deliveries.status import HistoryItem
from messaging.lookup.admin.timeline import Entry, entries
from messaging.models import Delivery
from messaging.states import OwnStatus


@dataclass(frozen=True)
class Line:
    """`side` is theirs, ours or between."""

    at: datetime
    side: str
    text: str
    badge: Label = ""
    note: str = ""
    row: Any = None


def lines(items: Iterable[HistoryItem], read: Callable[[str], str] = masks.numbers) -> list[Line]:
    """In the order given. `read`: as timeline.entries."""
    return [_line(entry, read) for entry in entries(items, read=read)]


def _line(entry: Entry, read: Callable[[str], str]) -> Line:
    if entry.kind == "reply":
        badge = display.badge(entry.row.tag) if entry.row.tag else ""
        return Line(entry.at, "theirs", read(entry.row.content), badge, entry.why, entry.row)
    if entry.kind == "delivery":
        return _sent(entry, entry.row, read)
    return Line(entry.at, "between", entry.title, note=entry.why, row=entry.row)


def _sent(entry: Entry, delivery: Delivery, read: Callable[[str], str]) -> Line:
    unsent = delivery.own_status == OwnStatus.SKIPPED
    # Of a campaign the title says more than its text.
    text = read(delivery.dispatch.text) if delivery.dispatch.kind == "answer" else entry.title
    return Line(entry.at, "between" if unsent else "ours", text, entry.badge, entry.why, delivery)
