"""What higher apps may listen to. Receivers run in the caller's transaction and must be quick."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from django.dispatch import Signal
from django.http import HttpRequest

from kit.people import Person

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


# numbers -> those of them that have given no consent to marketing.
without_consent: list[Callable[[Collection[str]], frozenset[str]]] = []
# version ids -> (version id, account id) -> the first send that is planned for it.
planned_starts: list[Callable[[Sequence[int]], Mapping[tuple[int, int], datetime]]] = []
# (audience id, user) -> operator -> people; {} where the user may not look at it. "" is an operator that nobody knows.
people_by_operator: list[Callable[[int, Person], Mapping[str, int]]] = []
