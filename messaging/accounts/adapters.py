"""An account's adapter over real HTTP. Every call leaves one masked VendorCall."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from messaging.gateway.departure import Departure
from messaging.gateway.http import Http
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import AccountConfig, CallRecord
from messaging.gateway.vendor import Vendor
from messaging.models import Attempt, VendorAccount, VendorCall

log = logging.getLogger(__name__)


class _Recorder:
    """Keeps each exchange at once, or hands it to `calls`. A database that cannot keep it spoils nothing: what the vendor
    answered counts more than the note of it."""

    def __init__(self, account: VendorAccount) -> None:
        self.account = account
        self.calls: list[CallRecord] | None = None

    def __call__(self, record: CallRecord) -> None:
        if self.calls is not None:
            self.calls.append(record)
            return
        try:
            # Outside a transaction one INSERT is its own: a transaction around it would be two more round trips.
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                keep_call(self.account, None, record)
        except DatabaseError:
            log.exception("A vendor exchange (%s, %s) was not kept", record.operation, record.outcome)


def keep_call(account: VendorAccount, attempt: Attempt | None, record: CallRecord) -> None:
    """Store one exchange. Raises DatabaseError."""
    call_row(account, attempt, record).save(force_insert=True)


def call_row(account: VendorAccount, attempt: Attempt | None, record: CallRecord) -> VendorCall:
    return VendorCall(account=account, attempt=attempt, **vars(record))


class _Kept(threading.local):
    """This thread's adapters by account, each with what it was made from."""

    def __init__(self) -> None:
        self.adapters: dict[int, tuple[tuple[str, AccountConfig, float], Vendor, _Recorder]] = {}


_kept = _Kept()


def adapter_for(account: VendorAccount) -> Vendor:
    """A new one, with a connection of its own."""
    return _adapter(_made_from(account), _Recorder(account))


def kept_adapter(account: VendorAccount, calls: list[CallRecord] | None = None) -> Vendor:
    """This thread's own for the account, so that requests in a row share a connection; a new one as soon as anything about
    the account has changed. With `calls` its exchanges go there until the next one asks: who records the outcome of an
    attempt stores them in the same commit."""
    wanted = _made_from(account)
    found = _kept.adapters.get(account.pk)
    if found is None or found[0] != wanted:
        recorder = _Recorder(account)
        found = _kept.adapters[account.pk] = (wanted, _adapter(wanted, recorder), recorder)
    _, adapter, recorder = found
    recorder.account, recorder.calls = account, calls
    return adapter


@contextmanager
def departing(account: VendorAccount, departure: Departure) -> Iterator[None]:
    """Within it, this thread's own adapter for the account lets a request leave only while `departure` allows it."""
    http = kept_adapter(account).http
    http.departure = departure
    try:
        yield
    finally:
        http.departure = None


def _made_from(account: VendorAccount) -> tuple[str, AccountConfig, float]:
    return account.vendor, account.config, settings.SONGDA["HTTP_DEADLINE_SECONDS"]


def _adapter(made_from: tuple[str, AccountConfig, float], recorder: Any) -> Vendor:
    vendor, config, deadline = made_from
    return vendor_class(vendor)(config, Http(config, recorder=recorder, deadline=deadline))
