"""What higher apps may listen to. Receivers run in the caller's transaction and must be quick."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.dispatch import Signal
from django.http import HttpRequest

# Every few seconds, from the one tick: start what is due, look at what runs. may_send=, may_ask= (a vendor): whether the
# restore fence is open for it.
ticked = Signal()
# hold=, keep_scheduled=, actor=: a hold after a restore has ended.
fence_opened = Signal()
# actor=: this copy of an installation was disarmed: whatever lets others in, or reaches out, is to be taken away.
disarmed = Signal()
# dispatch=: its state changed (started, paused, stopped, done, cancelled).
dispatch_changed = Signal()
# reply=: a customer's reply was stored.
reply_arrived = Signal()
# ids=: a callable that gives the keys of deliveries whose own status a receipt or silence moved. Not called, it costs nothing.
deliveries_moved = Signal()
# review=: a vendor decided.
review_decided = Signal()

# What higher apps add to the look-up: (request, phone) -> a rendered panel under the state of the number, "" for none; and
# (request) -> another way to search. They check permissions themselves.
number_panels: list[Callable[[HttpRequest, str], str]] = []
search_panels: list[Callable[[HttpRequest], str]] = []


@dataclass(frozen=True)
class MarketingTerms:
    """When marketing may go out, and which of the numbers asked about have given no consent."""

    window: tuple[time, time] | None = None
    holidays: Sequence[str] = ()
    without_consent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TestLimits:
    """Test messages a day; None does not limit."""

    __test__ = False  # no test class, whatever its name says

    of_person: int | None = None
    of_all: int | None = None


test_limits: list[Callable[[], TestLimits]] = []
# numbers -> the terms for marketing to them.
marketing_terms: list[Callable[[Collection[str]], MarketingTerms]] = []
# Days on which nobody audits, besides weekends.
holidays: list[Callable[[], Iterable[date]]] = []
# version ids -> (version id, account id) -> the first send that is planned for it.
planned_starts: list[Callable[[Sequence[int]], Mapping[tuple[int, int], datetime]]] = []
# (audience id, user) -> operator -> people; {} where the user may not look at it. "" is an operator that nobody knows.
people_by_operator: list[Callable[[int, Any], Mapping[str, int]]] = []
