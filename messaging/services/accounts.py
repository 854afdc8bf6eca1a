"""An account's health: its adapter, its test, its stop and its return."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit, masking
from config.kit.words import gettext_noop
from messaging.gateway import reasons
from messaging.gateway.errors import Outcome, Unsupported, UnusableKey
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Balance, Verdict
from messaging.models import VendorAccount
from messaging.services.adapters import adapter_for
from messaging.states import AccountStatus


def try_connection(account: VendorAccount, actor: Any = None) -> Verdict:
    """Ask for the balance, the one harmless question. ACCEPTED makes an untested account usable; a stopped one stays
    stopped until somebody resumes it. A vendor that tells no balance answers UNSURE with that sentence."""
    verdict = refresh_balance(account).verdict
    if verdict.outcome is Outcome.ACCEPTED:
        VendorAccount.objects.filter(pk=account.pk, status=AccountStatus.UNTESTED).update(status=AccountStatus.OK)
    audit.record(
        gettext_noop("Tested a connection"), actor=actor, target=account, detail={"outcome": verdict.outcome.value}
    )
    return verdict


def refresh_balance(account: VendorAccount) -> Balance:
    """Ask and store. `verdict` says what came of it; the stored balance changes only on an answer."""
    try:
        balance = adapter_for(account).balance()
    except UnusableKey as error:
        return Balance(Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, "", str(error), blocks="account"))
    except Unsupported:
        return Balance(Verdict(Outcome.UNSURE, reasons.UNKNOWN_WORD, "", _("This vendor does not tell a balance.")))
    if balance.verdict.outcome is Outcome.ACCEPTED:
        now = timezone.now()
        VendorAccount.objects.filter(pk=account.pk).update(
            balance=balance.amount, balance_unit=balance.unit, balance_at=now, last_ok_at=now
        )
    return balance


def stop(account: VendorAccount, reason: str, detail: str = "") -> bool:
    """Take the account out of sending because of what the vendor said. Its batches wait. True if it was running."""
    stopped = VendorAccount.objects.filter(pk=account.pk, status__in=(AccountStatus.OK, AccountStatus.UNTESTED)).update(
        status=AccountStatus.STOPPED,
        stop_reason=reason,
        stop_detail=masking.text(detail, account.config.secrets)[:300],
        stopped_at=timezone.now(),
    )
    if stopped:
        audit.record(gettext_noop("Account stopped by itself"), target=account, detail={"reason": reason})
    return bool(stopped)


def resume(account: VendorAccount, actor: Any) -> None:
    """Back into sending; what waited goes on with the next tick."""
    VendorAccount.objects.filter(pk=account.pk).update(
        status=AccountStatus.OK, stop_reason="", stop_detail="", stopped_at=None, trouble_streak=0
    )
    audit.record(gettext_noop("Resumed an account"), actor=actor, target=account)


def switch_off(account: VendorAccount, actor: Any) -> None:
    VendorAccount.objects.filter(pk=account.pk).update(status=AccountStatus.OFF, stopped_at=timezone.now())
    audit.record(gettext_noop("Switched off an account"), actor=actor, target=account)


def save_account(account: VendorAccount, *, credentials: Mapping[str, str], actor: Any = None) -> VendorAccount:
    """Store an account. `credentials` holds the newly typed ones; those left empty stay as they are, except that a changed
    address asks for every secret again: else anyone who may edit could have them sent to an address of his own.

    Raises ValidationError naming the missing fields.
    """
    typed = {name: value for name, value in credentials.items() if value}
    before = VendorAccount.objects.filter(pk=account.pk).first()
    kept = dict(before.credentials) if before and before.base_url == account.base_url else {}
    account.credentials = {**kept, **typed}
    missing = [
        field
        for field in vendor_class(account.vendor).credentials
        if field.required and not account.credentials.get(field.name)
    ]
    if missing:
        raise ValidationError(
            {field.name: _("Fill this in; a changed address needs every secret again.") for field in missing}
        )
    if before and (typed or before.base_url != account.base_url) and account.status == AccountStatus.OK:
        account.status = AccountStatus.UNTESTED
    account.save()
    audit.record(
        gettext_noop("Saved an account"), actor=actor, target=account, detail={"secrets_changed": sorted(typed)}
    )
    return account


def note_success(account: VendorAccount) -> None:
    """Clear the streak of troubles; the time of the last success is written at most once a minute."""
    now = timezone.now()
    if account.trouble_streak:
        VendorAccount.objects.filter(pk=account.pk).update(trouble_streak=0, last_ok_at=now)
    elif account.last_ok_at is None or (now - account.last_ok_at).total_seconds() > 60:
        VendorAccount.objects.filter(pk=account.pk).update(last_ok_at=now)
        VendorAccount.objects.filter(pk=account.pk, status=AccountStatus.UNTESTED).update(status=AccountStatus.OK)


def note_trouble(account: VendorAccount, reason: str, detail: str) -> None:
    """Count an unsure answer; a row of them opens the breaker before more people become unknown."""
    VendorAccount.objects.filter(pk=account.pk).update(trouble_streak=F("trouble_streak") + 1)
    account.refresh_from_db(fields=["trouble_streak"])
    if account.trouble_streak >= settings.SONGDA["BREAKER_BATCHES"]:
        stop(account, reason, detail)
