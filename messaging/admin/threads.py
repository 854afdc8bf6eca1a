"""A conversation as its page shows it: what the customer wrote, what we sent, and what happened between."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.kit import show
from messaging.admin.timeline import Entry, entries
from messaging.models import Delivery
from messaging.selectors import HistoryItem
from messaging.states import Own


@dataclass(frozen=True)
class Line:
    """`side` is theirs, ours or between."""

    at: datetime
    side: str
    text: str
    badge: Any = ""
    note: str = ""
    row: Any = None


def lines(items: Iterable[HistoryItem]) -> list[Line]:
    """In the order given."""
    return [_line(entry) for entry in entries(items)]


def _line(entry: Entry) -> Line:
    if entry.kind == "reply":
        badge = show.badge(entry.row.tag) if entry.row.tag else ""
        return Line(entry.at, "theirs", entry.row.content, badge, entry.why, entry.row)
    if entry.kind == "delivery":
        return _sent(entry, entry.row)
    return Line(entry.at, "between", entry.title, note=entry.why, row=entry.row)


def _sent(entry: Entry, delivery: Delivery) -> Line:
    unsent = delivery.own == Own.SKIPPED
    # Of a campaign the title says more than its text.
    text = delivery.dispatch.text if delivery.dispatch.kind == "answer" else entry.title
    return Line(entry.at, "between" if unsent else "ours", text, entry.badge, entry.why, delivery)
