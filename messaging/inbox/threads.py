"""Replies by number: a list of conversations, and one of them with what we sent. No count over all replies, no query per row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from kit.pagination import leap
from kit.people import Person
from messaging.deliveries.status import HistoryItem, phone_page
from messaging.models import KeywordRule, Reply

BOXES = ("new", "mine", "taken", "all", "opt_out")
PAGE = 40
MOST_COUNTED = 1000
SHOWN = 40
# What people work off: few rows, each with an index of its own.
_SHORT = ("new", "mine", "taken")


def in_box(box: str, person: Person, tag: str = "") -> QuerySet[Reply]:
    """The replies of a box: unread, mine, in anybody's hands, all, opt-outs. An unknown box is `all`. With a tag, those of
    conversations that have it on any message."""
    chosen: Mapping[str, Mapping[str, object]] = {
        "new": {"state": Reply.State.NEW},
        "mine": {"state": Reply.State.ASSIGNED, "assigned_to": person},
        "taken": {"state": Reply.State.ASSIGNED},
        "opt_out": {"is_opt_out": True},
    }
    rows = Reply.objects.filter(**chosen.get(box, {}))
    if not tag:
        return rows
    if box in _SHORT:
        return rows.filter(Exists(Reply.objects.filter(phone=OuterRef("phone"), tag=tag)))
    # Of all replies there ever were: the tagged messages stand for their conversations, and an index leads to them.
    return rows.filter(tag=tag)


@dataclass(frozen=True)
class Page:
    """The newest reply of each number, newest first, each with `has_unread` and the conversation's `tags`; `older` is the key
    to go on from, 0 at the end."""

    replies: Sequence[Reply]
    older: int


def page(box: str, person: Person, tag: str = "", before: int = 0, limit: int = PAGE) -> Page:
    """Two queries. `before`: replies with a smaller key only, as `older` of the page before says."""
    rows = in_box(box, person, tag)
    newer = rows.filter(phone=OuterRef("phone"), pk__gt=OuterRef("pk"))
    unread = Reply.objects.filter(phone=OuterRef("phone"), state=Reply.State.NEW)
    found = rows.filter(~Exists(newer)).annotate(has_unread=Exists(unread))
    if before:
        found = found.filter(pk__lt=before)
    replies: list[Any] = list(found.select_related("assigned_to").order_by("-pk")[: limit + 1])
    tagged = tags_of({reply.phone for reply in replies})
    for reply in replies:
        reply.tags = tagged.get(reply.phone, [])
    return Page(replies[:limit], replies[limit - 1].pk if len(replies) > limit else 0)


def counts(person: Person) -> dict[str, int]:
    """Replies in `new` and `mine`, opt-outs since midnight (`opt_out`); each stops at MOST_COUNTED."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "new": in_box("new", person)[:MOST_COUNTED].count(),
        "mine": in_box("mine", person)[:MOST_COUNTED].count(),
        "opt_out": in_box("opt_out", person).filter(replied_at__gte=start)[:MOST_COUNTED].count(),
    }


def tags() -> list[str]:
    """What rules give and what is on any message, in order."""
    given = KeywordRule.objects.exclude(tag="").values_list("tag", flat=True)
    return sorted({*given, *leap(Reply, "tag", filled=True)})


def tags_of(phones: Collection[str]) -> dict[str, list[str]]:
    """The tags of each number's conversation, the one on the newest message first. One query."""
    rows = Reply.objects.filter(phone__in=phones).exclude(tag="").values("phone", "tag").annotate(newest=Max("pk"))
    found: dict[str, list[str]] = {}
    for row in rows.order_by("-newest"):
        found.setdefault(row["phone"], []).append(row["tag"])
    return found


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
