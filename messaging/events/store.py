"""Inbound bodies are stored before they are answered, and applied afterwards by one applier at a time."""

import hashlib
import ipaddress
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from kit import sql
from messaging import queue
from messaging.events import volume
from messaging.gateway.normal_form import storable
from messaging.gateway.outcomes import CallbackRefused, TooManyPushes
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Inbound, WireReply
from messaging.models import CallbackEvent, VendorAccount

_SQL = sql.beside(__file__)
# Audits are never dropped as repeats: approve, refuse, approve again may be byte-equal.
_NEVER_REPEATS = frozenset({"review"})


def receive(account: VendorAccount, inbound: Inbound, address: str) -> WireReply:
    """Verify a push, store it, and return the vendor's exact acknowledgement. A repeat is acknowledged without effect.

    Raises CallbackRefused for a foreign address, a bad signature or one older than the window, TooManyPushes in a flood.
    """
    _check_address(account, address)
    vendor = vendor_class(account.vendor)(account.config)
    signed_at = vendor.verify(inbound)
    _check_age(signed_at)
    reply = vendor.acknowledge(inbound)
    if not volume.may_store(account.pk, inbound.kind, len(inbound.body)):
        raise TooManyPushes("More pushes than any vendor has to tell")
    if store(account, inbound, signed_at=signed_at):
        wake(account.pk)
    return reply


def wake(account_id: int) -> None:
    """Have what waits of this account applied."""
    queue.enqueue_once(f"apply:{account_id}", "messaging.worker.tasks.apply_events", account_id, queue="notice")


def store(account: VendorAccount, inbound: Inbound, *, signed_at: datetime | None = None, polled: bool = False) -> bool:
    """One insert; False for a repeat of the same kind and body of this account."""
    digest = None
    if inbound.kind not in _NEVER_REPEATS:
        seed = f"{account.pk}|{inbound.kind}|{inbound.query}|".encode()
        digest = hashlib.sha256(seed + inbound.body).hexdigest()
    new = _SQL["store"].run(
        account=account.pk,
        kind=inbound.kind,
        polled=polled,
        headers=json.dumps(_kept(account, inbound)),
        query=storable(inbound.query),
        body=inbound.body,
        digest=digest,
        signed_at=signed_at,
        arrived_at=timezone.now(),
    )
    return bool(new)


def _kept(account: VendorAccount, inbound: Inbound) -> dict[str, str]:
    """The headers that reading the body needs, and two for whoever looks into a fault. Not the others: they may hold
    anything, a signature that lets the body be pushed again among them."""
    wanted = vendor_class(account.vendor).push_headers | _FOR_DIAGNOSIS
    return {name: storable(value)[:500] for name, value in inbound.headers.items() if name in wanted}


_FOR_DIAGNOSIS = frozenset({"content-type", "user-agent"})


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
