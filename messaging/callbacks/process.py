"""Stored bodies become receipts, replies, audits and clicks: in order, one applier an account, a bounded number of elements in
one transaction. One odd element spoils no neighbour, one bad push no other push, and one account no other account."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from kit import gc_pause
from messaging import reviews
from messaging.events import malformed, set_aside, store, unapplied
from messaging.gateway import reasons
from messaging.gateway.outcomes import GatewayError
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import ClickEvent, Event, MalformedEvent, ReceiptEvent, ReplyEvent, ReviewEvent
from messaging.gateway.vendor import Vendor
from messaging.inbox import clicks, replies
from messaging.locks import Held, held
from messaging.models import CallbackEvent, VendorAccount
from messaging.receipts import apply

log = logging.getLogger(__name__)
PUSHES = 50  # at most so many in one transaction
ELEMENTS = 5_000  # and of these
BODIES = 8 * 1024 * 1024  # and so many bytes of bodies in memory, whatever the first one has
# What one element costs beside a receipt: a reply has its own queries, a receipt shares them with thousands.
EXPENSIVE = 50
MOST_TRIES = 2  # so often an applier may die with this push alone in its hands
MOST_BAD = 50  # elements of one part that are looked for one by one
HOLD_SECONDS = 30
DATABASE_TROUBLE = (OperationalError, InterfaceError)  # gone, locked, deadlocked: the same push applies later
_TOO_LONG = "57014"  # the statement's time was up: the database is well, the work was too much for it


class TooManyBad(Exception):
    """More elements cannot be applied than are looked for one by one."""


@dataclass(frozen=True)
class Part:
    """Elements of one push that are applied together. `last`: nothing of the push comes after them."""

    push: CallbackEvent
    elements: Sequence[Event]
    last: bool

    @property
    def malformed(self) -> list[MalformedEvent]:
        return [event for event in self.elements if isinstance(event, MalformedEvent)]


def apply_new(*, seconds: float | None = None) -> bool:
    """Apply what waits, account by account, each for one turn. False when something is left for the next turn."""
    done = [apply_account(account, seconds=seconds) for account in unapplied.accounts_waiting()]
    return all(done)


def apply_account(account_id: int, *, seconds: float | None = None) -> bool:
    """Apply what waits of one account, for one turn. False when something is left for the next turn; True also while another
    process applies, since that one or the tick sees to the rest."""
    end = time.monotonic() + (settings.SONGDA["TURN_SECONDS"] if seconds is None else seconds)
    with held(f"apply:{account_id}", HOLD_SECONDS) as mine:
        if mine is None:
            return True
        account = VendorAccount.objects.get(pk=account_id)
        if mine.taken_over:
            _suspect(account_id)
        return _apply_turn(account, mine, end)


def _apply_turn(account: VendorAccount, mine: Held, end: float) -> bool:
    vendor = vendor_class(account.vendor)(account.config)
    while time.monotonic() < end:
        waiting = _waiting(account)
        if not waiting:
            return True
        with gc_pause.paused():
            if waiting[0].tries:
                _apply_watched(account, waiting[0], vendor)
            else:
                _apply_together(account, waiting, vendor)
        if not mine.keep():
            return True
    return False


def _waiting(account: VendorAccount) -> list[CallbackEvent]:
    """The oldest that are new, each with this same account: opening its secrets for each push is expensive. A push that is tried
    alone stands alone."""
    found = unapplied.oldest(account.pk, PUSHES, BODIES)
    for push in found:
        push.account = account
    alone = next((n for n, push in enumerate(found) if push.tries), len(found))
    return found[: alone or 1]


# --- what may be poison -----------------------------------------------------------------------------------------------


def _suspect(account_id: int) -> None:
    """Whoever applied before has died with some of the oldest in its hands. They are tried alone now, each try counted before
    it begins, so that one that kills its applier cannot do so for ever."""
    oldest = [push.pk for push in unapplied.oldest(account_id, PUSHES, BODIES)]
    CallbackEvent.objects.filter(pk__in=oldest, tries=0).update(tries=1)


def _apply_watched(account: VendorAccount, push: CallbackEvent, vendor: Vendor) -> None:
    if push.tries > MOST_TRIES:
        set_aside.put(push, set_aside.TRIED)
        return
    CallbackEvent.objects.filter(pk=push.pk).update(tries=F("tries") + 1)
    _apply_together(account, [push], vendor)
    # What has got on is no poison; the next part of it has its own two tries.
    CallbackEvent.objects.filter(pk=push.pk, state=CallbackEvent.State.NEW).update(tries=1)


# --- applying ---------------------------------------------------------------------------------------------------------


def _apply_together(account: VendorAccount, waiting: Sequence[CallbackEvent], vendor: Vendor) -> None:
    """All or nothing; if something in it breaks, push by push, and within a push element by element. A database that breaks is
    nobody's fault here: everything stays new."""
    parts = _parts(waiting, vendor)
    if not parts:
        return
    try:
        apply_parts(account, parts)
    except DATABASE_TROUBLE as error:
        _after_trouble(error, parts)
    except Exception:
        log.exception("Pushes could not be applied together; going one by one")
        for part in parts:
            _apply_alone(account, part)


def _after_trouble(error: Exception, parts: Sequence[Part]) -> None:
    """What took too long is tried alone next time, and counted."""
    if getattr(error.__cause__, "sqlstate", "") != _TOO_LONG:
        raise error
    log.warning("Pushes took longer than a statement may: %s", [part.push.pk for part in parts])
    if len(parts) == 1 and parts[0].push.tries:
        set_aside.put(parts[0].push, set_aside.TOO_LONG)
        return
    CallbackEvent.objects.filter(pk__in=[part.push.pk for part in parts], tries=0).update(tries=1)


def _parts(waiting: Iterable[CallbackEvent], vendor: Vendor) -> list[Part]:
    """What is applied in one transaction, read before it begins."""
    left, parts = ELEMENTS, []
    for push in waiting:
        found = _read(push, vendor)
        if found is None:
            continue
        fitting, cost = _fitting(found, left)
        last = len(fitting) == len(found) and len(found) < ELEMENTS
        parts.append(Part(push, fitting, last))
        left -= cost
        if left <= 0 or not last:
            break
    return parts


def _read(push: CallbackEvent, vendor: Vendor) -> Sequence[Event] | None:
    """The next elements of a push, at most ELEMENTS; None if it was set aside, since nothing can be read."""
    inbound = replace(store.inbound_of(push), first=push.elements_done, most=ELEMENTS)
    try:
        found = vendor.events(inbound)[:ELEMENTS]
    except GatewayError as error:
        set_aside.put(push, str(error), unreadable=True)
        return None
    except Exception as error:
        log.exception("Push %s could not be read", push.pk)
        set_aside.put(push, f"{type(error).__name__}: {error}", unreadable=True)
        return None
    if len(found) == ELEMENTS and all(isinstance(event, MalformedEvent) for event in found):
        malformed.keep(push, [event for event in found if isinstance(event, MalformedEvent)])
        set_aside.put(push, set_aside.NOTHING_READABLE, unreadable=True)
        return None
    return found


def _fitting(found: Sequence[Event], room: int) -> tuple[Sequence[Event], int]:
    """As many from the front as there is room for, one at least, and what they cost."""
    cost = _cost(found)
    if cost <= room:
        return found, cost
    cost = 0
    for n, event in enumerate(found):
        more = _cost([event])
        if n and cost + more > room:
            return found[:n], cost
        cost += more
    return found, cost


def _cost(found: Sequence[Event]) -> int:
    """In receipts. One that says that somebody opted out has queries of its own, as a reply has."""
    expensive = sum(event.__class__ not in _CHEAP for event in found)
    expensive += sum(event.reason == reasons.OPTED_OUT for event in found if event.__class__ is ReceiptEvent)  # type: ignore[union-attr]
    return len(found) + (EXPENSIVE - 1) * expensive


_CHEAP = frozenset({ReceiptEvent, MalformedEvent})


def apply_parts(account: VendorAccount, parts: Sequence[Part]) -> None:
    """In one transaction, and each push is marked as far as it was read. Raises what any element raises."""
    with transaction.atomic():
        _apply_elements(account, [(event, part.push) for part in parts for event in part.elements])
        for part in parts:
            malformed.keep(part.push, part.malformed)
        _mark(parts)


def _mark(parts: Sequence[Part]) -> None:
    """What is done is applied, or unmatched where it says something about nothing that we know."""
    done = [part.push for part in parts if part.last]
    applied = [push.pk for push in done if not push.note]
    CallbackEvent.objects.filter(pk__in=applied).update(state=CallbackEvent.State.APPLIED)
    if unmatched := [push.pk for push in done if push.note]:
        values = {"state": CallbackEvent.State.UNMATCHED, "note": set_aside.NO_SUCH_REVIEW}
        CallbackEvent.objects.filter(pk__in=unmatched).update(**values)
    for part in parts:
        if not part.last:
            read = part.push.elements_done + len(part.elements)
            CallbackEvent.objects.filter(pk=part.push.pk).update(elements_done=read, note=part.push.note)


def _apply_elements(account: VendorAccount, items: Sequence[tuple[Event, CallbackEvent]]) -> None:
    receipts = [(item, source) for item, source in items if isinstance(item, ReceiptEvent)]
    if receipts:
        apply.apply_receipts(account, receipts)
        replies.suppress_unsubscribed(account, [item for item, _ in receipts])
    if len(receipts) == len(items):
        return
    replies.store_all(account, [item for item, _ in items if isinstance(item, ReplyEvent)])
    clicks.store_all(account, [item for item, _ in items if isinstance(item, ClickEvent)])
    for item, source in items:
        if isinstance(item, ReviewEvent) and not reviews.apply_event(account, item, source):
            source.note = set_aside.NO_SUCH_REVIEW


# --- one by one -------------------------------------------------------------------------------------------------------


def _apply_alone(account: VendorAccount, part: Part) -> None:
    """One push of those that broke together: as a whole, else in halves until the bad elements stand alone. These are kept as
    malformed, and the rest is applied."""
    bad: list[MalformedEvent] = []
    try:
        _apply_halves(account, part.push, part.elements, bad)
        with transaction.atomic():
            malformed.keep(part.push, part.malformed + bad)
            _mark([part])
    except DATABASE_TROUBLE:
        raise
    except TooManyBad:
        set_aside.put(part.push, set_aside.TOO_MANY_BAD)
    except Exception as error:
        log.exception("Push %s could not be applied", part.push.pk)
        set_aside.put(part.push, f"{type(error).__name__}: {error}")


def _apply_halves(
    account: VendorAccount, push: CallbackEvent, elements: Sequence[Event], bad: list[MalformedEvent]
) -> None:
    """Raises TooManyBad."""
    elements = [event for event in elements if not isinstance(event, MalformedEvent)]
    if not elements:
        return
    try:
        with transaction.atomic():
            _apply_elements(account, [(event, push) for event in elements])
    except DATABASE_TROUBLE:
        raise
    except Exception as error:
        if len(elements) == 1:
            log.exception("An element of push %s could not be applied", push.pk)
            bad.append(malformed.of(elements[0], error))
            if len(bad) > MOST_BAD:
                raise TooManyBad from error
            return
        middle = len(elements) // 2
        _apply_halves(account, push, elements[:middle], bad)
        _apply_halves(account, push, elements[middle:], bad)
