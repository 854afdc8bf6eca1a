"""Asking vendors that are to be asked. "Asked" is committed before each call, the raw body before anything else, and the
vendor's confirm goes out only after what it confirms is applied and committed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from kit import masks
from messaging.accounts import health
from messaging.callbacks import process
from messaging.events import store
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Inbound
from messaging.locks import held
from messaging.models import CallbackEvent, PollState, VendorAccount
from messaging.states import AccountStatus

SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(minutes=5)
EXPECTED = timedelta(minutes=10)  # so long after a hand-over there is no back-off: news are on their way
MOST_POLLS = 20


def due() -> list[tuple[int, str]]:
    """(account id, kind) of every poll whose time has come. Creates the rows of new accounts."""
    now = timezone.now()
    usable = VendorAccount.objects.filter(status__in=(AccountStatus.OK, AccountStatus.UNTESTED, AccountStatus.STOPPED))
    states = {(row.account_id, row.kind): row for row in PollState.objects.all()}
    found = []
    for account in usable:
        for kind in sorted(kinds_of(account)):
            row = states.get((account.pk, kind))
            if row is None or _is_due(row, account, now):
                found.append((account.pk, kind))
    return found


def _is_due(row: PollState, account: VendorAccount, now: datetime) -> bool:
    """Its time has come, or something was handed over since the last answer."""
    if row.not_before is None or row.not_before <= now:
        return True
    answered, sent = row.answered_at, account.last_ok_at
    return bool(answered and sent and sent > answered and now - answered >= SHORTEST)


def kinds_of(account: VendorAccount) -> frozenset[str]:
    """Poll kinds that the vendor has and that the account's setting `poll` has not switched off."""
    settings = account.config.settings
    return vendor_class(account.vendor).polls(settings) if settings.get("poll", True) else frozenset()


def poll(account_id: int, kind: str) -> int:
    """Ask until there is nothing new (bounded). Returns how many bodies came. One poller per account and kind."""
    account = VendorAccount.objects.get(pk=account_id)
    PollState.objects.get_or_create(account=account, kind=kind)
    with held(f"poll:{account_id}:{kind}", 300) as mine:
        if mine is None:
            return 0
        for count in range(MOST_POLLS):
            if not _ask_once(account, kind):
                return count
    return MOST_POLLS


def _ask_once(account: VendorAccount, kind: str) -> bool:
    """One call. True if another one should follow at once."""
    now = timezone.now()
    row = PollState.objects.filter(account=account, kind=kind)
    row.filter(asked_at__isnull=False, answered_at__isnull=True, missing_since__isnull=True).update(
        missing_since=row.get().asked_at
    )
    row.update(asked_at=now, answered_at=None)
    adapter = health.adapter_for(account)
    polled = adapter.poll(kind)
    if polled.verdict.outcome is not Outcome.ACCEPTED:
        _note_trouble(account, kind, polled.verdict.outcome, polled.verdict.reason, polled.verdict.message)
        return False
    health.note_reached(account)
    if kind in vendor_class(account.vendor).capabilities.confirmed_polls:
        row.update(missing_since=None)  # what an answer lost comes again until it is confirmed
    if polled.empty:
        _back_off(account, kind)
        return False
    store.store(account, Inbound(kind, {}, polled.body, at=now), polled=True)
    row.update(answered_at=timezone.now(), last_body_at=now, empty_streak=0, not_before=now + SHORTEST, detail="")
    process.apply_account(account.pk)
    return confirm(account, kind) and polled.more


def confirm(account: VendorAccount, kind: str) -> bool:
    """Confirm bodies that are applied and not yet confirmed; the vendor gives them again otherwise, which does no harm."""
    adapter = health.adapter_for(account)
    waiting = CallbackEvent.objects.filter(
        account=account, kind=kind, polled=True, confirmed_at__isnull=True, state=CallbackEvent.State.APPLIED
    )
    for event in waiting.order_by("pk")[:100]:
        verdict = adapter.confirm(kind, adapter.parse(store.inbound_of(event)))
        if verdict is not None and verdict.outcome is not Outcome.ACCEPTED:
            return False
        CallbackEvent.objects.filter(pk=event.pk).update(confirmed_at=timezone.now())
    return True


def _back_off(account: VendorAccount, kind: str) -> None:
    with transaction.atomic():
        row = PollState.objects.select_for_update().get(account=account, kind=kind)
        now = timezone.now()
        row.answered_at = now
        row.empty_streak += 1
        sent = VendorAccount.objects.filter(pk=account.pk).values_list("last_ok_at", flat=True).get()
        expected = sent is not None and now - sent < EXPECTED
        row.not_before = now + (SHORTEST if expected else min(SHORTEST * 2 ** min(row.empty_streak, 6), LONGEST))
        row.save(update_fields=["answered_at", "empty_streak", "not_before"])


def _note_trouble(account: VendorAccount, kind: str, outcome: Outcome, reason: str, message: str) -> None:
    """An unknown answer stays "asked": something may have been taken out and lost on the way."""
    now = timezone.now()
    detail = masks.text(f"{reason} {message}".strip(), account.config.secrets)[:300]
    row = PollState.objects.filter(account=account, kind=kind)
    row.update(not_before=now + LONGEST, detail=detail)
    if outcome is Outcome.UNKNOWN:
        row.filter(missing_since__isnull=True).update(missing_since=now)
    else:
        row.update(answered_at=now)
    if outcome is Outcome.BLOCKED:
        health.stop(account, reason, message)
