"""Replies by number: a list of conversations, and one of them with what we sent. No count over all replies, no query per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from messaging.models import KeywordRule, Reply
from messaging.selectors import HistoryItem, phone_page

BOXES = ("new", "mine", "taken", "all", "opt_out")
PAGE = 40
MOST_COUNTED = 1000
SHOWN = 40


def in_box(box: str, person: Any, tag: str = "") -> QuerySet[Reply]:
    """The replies of a box: unread, mine, in anybody's hands, all, opt-outs. An unknown box is `all`."""
    chosen: dict[str, dict[str, Any]] = {
        "new": {"state": Reply.State.NEW},
        "mine": {"state": Reply.State.ASSIGNED, "assigned_to": person},
        "taken": {"state": Reply.State.ASSIGNED},
        "opt_out": {"is_opt_out": True},
    }
    rows = Reply.objects.filter(**chosen.get(box, {}))
    return rows.filter(tag=tag) if tag else rows


@dataclass(frozen=True)
class Page:
    """The newest reply of each number, newest first, each with `has_unread`; `older` is the key to go on from, 0 at the end."""

    replies: Sequence[Reply]
    older: int


def page(box: str, person: Any, tag: str = "", before: int = 0, limit: int = PAGE) -> Page:
    """One query. `before`: replies with a smaller key only, as `older` of the page before says."""
    rows = in_box(box, person, tag)
    newer = rows.filter(phone=OuterRef("phone"), pk__gt=OuterRef("pk"))
    unread = Reply.objects.filter(phone=OuterRef("phone"), state=Reply.State.NEW)
    found = rows.filter(~Exists(newer)).annotate(has_unread=Exists(unread))
    if before:
        found = found.filter(pk__lt=before)
    replies = list(found.select_related("assigned_to").order_by("-pk")[: limit + 1])
    return Page(replies[:limit], replies[limit - 1].pk if len(replies) > limit else 0)


def counts(person: Any) -> dict[str, int]:
    """Replies in `new` and `mine`, opt-outs since midnight (`opt_out`); each stops at MOST_COUNTED."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "new": in_box("new", person)[:MOST_COUNTED].count(),
        "mine": in_box("mine", person)[:MOST_COUNTED].count(),
        "opt_out": in_box("opt_out", person).filter(replied_at__gte=start)[:MOST_COUNTED].count(),
    }


def tags() -> list[str]:
    """What rules give; asking the replies would read them all."""
    return list(KeywordRule.objects.exclude(tag="").order_by("tag").values_list("tag", flat=True).distinct())


def newest_of(phone: str) -> Reply | None:
    return Reply.objects.filter(phone=phone).order_by("-pk").first()


@dataclass(frozen=True)
class Thread:
    """What was said, the oldest first. `earlier` is the time to go on from, None at the beginning. `seen` is the newest
    reply's key: an act on the conversation leaves alone what arrives after it."""

    items: list[HistoryItem]
    earlier: datetime | None
    seen: int


def thread(phone: str, before: datetime | None = None, limit: int = SHOWN) -> Thread:
    items, earlier = phone_page(phone, before, limit)
    seen = max((item.row.pk for item in items if item.kind == "reply"), default=0)
    return Thread(items[::-1], earlier, seen)
