"""Inbound bodies are stored before they are answered, and applied afterwards by one applier at a time."""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from messaging import queue
from messaging.bulk import rows
from messaging.gateway.errors import CallbackRefused
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Inbound, WireReply
from messaging.models import CallbackEvent, VendorAccount

# Audits are never dropped as repeats: approve, refuse, approve again may be byte-equal.
_REPEATABLE = frozenset({"review"})


def receive(account: VendorAccount, inbound: Inbound, address: str) -> WireReply:
    """Verify a push, store it, and return the vendor's exact acknowledgement. A repeat is acknowledged without effect.

    Raises CallbackRefused for a foreign address, a bad signature or one older than the window.
    """
    _check_address(account, address)
    vendor = vendor_class(account.vendor)(account.config)
    signed_at = vendor.verify(inbound)
    _check_age(signed_at)
    reply = vendor.acknowledge(inbound)
    if store(account, inbound, signed_at=signed_at):
        queue.nudge_once("apply", "messaging.tasks.apply_events", queue="notice")
    return reply


def store(account: VendorAccount, inbound: Inbound, *, signed_at: datetime | None = None, polled: bool = False) -> bool:
    """One insert; False for a repeat of the same kind and body of this account."""
    digest = None
    if inbound.kind not in _REPEATABLE:
        seed = f"{account.pk}|{inbound.kind}|{inbound.query}|".encode()
        digest = hashlib.sha256(seed + inbound.body).hexdigest()
    return rows.insert_new(
        CallbackEvent(
            account=account,
            kind=inbound.kind,
            polled=polled,
            headers=dict(inbound.headers),
            query=inbound.query,
            body=inbound.body,
            digest=digest,
            signed_at=signed_at,
        )
    )


def inbound_of(event: CallbackEvent) -> Inbound:
    return Inbound(
        event.kind, event.headers, bytes(event.body), query=event.query, at=event.signed_at or event.arrived_at
    )


def _check_address(account: VendorAccount, address: str) -> None:
    allowed = account.callback_addresses.split()
    if not allowed:
        return
    try:
        caller = ipaddress.ip_address(address)
        if any(caller in ipaddress.ip_network(entry, strict=False) for entry in allowed):
            return
    except ValueError as error:
        raise CallbackRefused("The caller's address or the account's address list cannot be read") from error
    raise CallbackRefused("The caller's address is not on the account's list")


def _check_age(signed_at: datetime | None) -> None:
    if signed_at is None:
        return
    window = timedelta(hours=settings.SONGDA["CALLBACK_AGE_HOURS"])
    if abs(timezone.now() - signed_at) > window:
        raise CallbackRefused("The signed time is outside the allowed window")
