"""Stored bodies become receipts, replies, audits and clicks: in order, by one applier at a time, one commit a chunk."""

import logging
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from config.kit import collecting, masking
from messaging.bulk import pushes
from messaging.gateway.base import Vendor
from messaging.gateway.errors import GatewayError
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import (
    ClickEvent,
    Event,
    OddEvent,
    ReceiptEvent,
    ReplyEvent,
    ReviewEvent,
)
from messaging.models import CallbackEvent, Receipt, VendorAccount
from messaging.services import clicks, matching, receiving, replies, reviews
from messaging.services.leases import lease

log = logging.getLogger(__name__)
CHUNK = 50
DATABASE_TROUBLE = (OperationalError, InterfaceError)  # gone, locked, deadlocked: the same push applies later


def apply_new(*, seconds: float | None = None) -> bool:
    """Apply what waits, for one turn. False when something is left for the next turn; True also while another process
    applies, since that one or the tick sees to the rest."""
    turn = settings.SONGDA["TURN_SECONDS"]
    end = time.monotonic() + (turn if seconds is None else seconds)
    with lease("apply", 3 * turn) as mine:
        if not mine:
            return True
        while time.monotonic() < end:
            chunk = _waiting()
            if not chunk:
                return True
            with collecting.paused():
                _apply_chunk(chunk)
    return False


def _waiting() -> list[CallbackEvent]:
    """The oldest that are new, those of one account with one and the same account: opening its secrets for each push is
    dear."""
    found = pushes.oldest(CHUNK)
    accounts = VendorAccount.objects.in_bulk({event.account_id for event in found})
    for event in found:
        event.account = accounts[event.account_id]
    return found


def _apply_chunk(chunk: Sequence[CallbackEvent]) -> None:
    """All or nothing; if something in the chunk breaks, one by one, so that it spoils no neighbour. A database that breaks
    is nobody's fault in the chunk: everything stays new."""
    try:
        with transaction.atomic():
            _apply(chunk)
    except DATABASE_TROUBLE:
        raise
    except Exception:
        log.exception("A chunk of pushes could not be applied; going one by one")
        for event in chunk:
            _apply_alone(event)


def _apply_alone(event: CallbackEvent) -> None:
    try:
        with transaction.atomic():
            _apply([event])
    except DATABASE_TROUBLE:
        raise
    except Exception as error:
        log.exception("Push %s could not be applied", event.pk)
        _set_aside(event, f"{type(error).__name__}: {error}")


def _set_aside(event: CallbackEvent, note: str) -> None:
    CallbackEvent.objects.filter(pk=event.pk).update(
        state=CallbackEvent.State.UNREADABLE, note=masking.text(note, event.account.config.secrets)[:300]
    )


def _apply(chunk: Sequence[CallbackEvent]) -> None:
    by_account: dict[VendorAccount, list[tuple[Event, CallbackEvent]]] = {}
    vendors = {account: vendor_class(account.vendor)(account.config) for account in {event.account for event in chunk}}
    done = []
    for event in chunk:
        found = _parse(event, vendors[event.account])
        if found is None:
            continue
        by_account.setdefault(event.account, []).extend((item, event) for item in found)
        done.append(event.pk)
    for account, items in by_account.items():
        _apply_account(account, items)
    CallbackEvent.objects.filter(pk__in=done).update(state=CallbackEvent.State.APPLIED)


def _parse(event: CallbackEvent, vendor: Vendor) -> list[Event] | None:
    try:
        return vendor.parse(receiving.inbound_of(event))
    except GatewayError as error:
        _set_aside(event, str(error))
        return None


def _apply_account(account: VendorAccount, items: Sequence[tuple[Event, CallbackEvent]]) -> None:
    receipts = [(item, source) for item, source in items if isinstance(item, ReceiptEvent)]
    if receipts:
        matching.apply_receipts(account, receipts)
        replies.suppress_unsubscribed(account, [item for item, _ in receipts])
    for item, source in items:
        if isinstance(item, ReplyEvent):
            replies.store(account, item)
        elif isinstance(item, ReviewEvent):
            reviews.apply_event(account, item, source)
        elif isinstance(item, ClickEvent):
            clicks.store(account, item)
        elif isinstance(item, OddEvent):
            _keep_odd(account, item, source)


def _keep_odd(account: VendorAccount, item: OddEvent, source: CallbackEvent) -> None:
    word = masking.text(item.raw, account.config.secrets)[:300]
    Receipt.objects.get_or_create(
        account=account,
        key=item.key[:200],
        defaults={
            "event": source,
            "state": Receipt.State.ODD,
            "status": "",
            "vendor_word": word,
            "note": item.why[:200],
        },
    )
