"""An account's health: its adapter, its test, its stop and its return."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, masks
from kit.people import Actor
from messaging.accounts.adapters import adapter_for
from messaging.audit_actions import AuditAction
from messaging.gateway import reasons
from messaging.gateway.outcomes import Outcome, Unsupported, UnusableKey
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Balance, Verdict
from messaging.models import VendorAccount
from messaging.states import AccountStatus

MOST_BALANCE = Decimal(10) ** 12


def try_connection(account: VendorAccount, actor: Actor = None) -> Verdict:
    """Ask for the balance, the one harmless question. ACCEPTED makes an untested account usable; a stopped one stays
    stopped until somebody resumes it. A vendor that tells no balance answers UNKNOWN with that sentence."""
    verdict = refresh_balance(account).verdict
    if verdict.outcome is Outcome.ACCEPTED:
        VendorAccount.objects.filter(pk=account.pk, status=AccountStatus.UNTESTED).update(status=AccountStatus.OK)
    audit.record(AuditAction.ACCOUNT_TESTED, actor=actor, target=account, detail={"outcome": verdict.outcome.value})
    return verdict


def refresh_balance(account: VendorAccount) -> Balance:
    """Ask and store. `verdict` says what came of it; the stored balance changes only on an answer that is a number."""
    try:
        balance = _checked(adapter_for(account).balance())
    except UnusableKey as error:
        return Balance(Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, "", str(error), blocks="account"))
    except Unsupported:
        return Balance(Verdict(Outcome.UNKNOWN, reasons.UNKNOWN_WORD, "", _("This vendor does not tell a balance.")))
    if balance.verdict.outcome is Outcome.ACCEPTED:
        now = timezone.now()
        VendorAccount.objects.filter(pk=account.pk).update(
            balance=balance.amount, balance_unit=balance.unit, balance_at=now, last_ok_at=now
        )
    return balance


def _checked(balance: Balance) -> Balance:
    """What no account can have (endless, no number, more than the column holds) is no answer, whichever vendor gave it: once
    stored, it would break every page and every worker that reads the account."""
    amount = balance.amount
    if amount is None:
        return balance
    if not amount.is_finite() or abs(amount) >= MOST_BALANCE:
        return Balance(Verdict(Outcome.UNKNOWN, reasons.UNKNOWN_WORD, balance.verdict.code, _("This is no balance.")))
    return replace(balance, amount=amount.quantize(Decimal("0.0001")), unit=balance.unit[:12])


def stop(account: VendorAccount, reason: str, detail: str = "") -> bool:
    """Take the account out of sending because of what the vendor said. Its batches wait. True if it was running."""
    stopped = VendorAccount.objects.filter(pk=account.pk, status__in=(AccountStatus.OK, AccountStatus.UNTESTED)).update(
        status=AccountStatus.STOPPED,
        stop_reason=reason,
        stop_detail=masks.text(detail, account.config.secrets)[:300],
        stopped_at=timezone.now(),
    )
    if stopped:
        audit.record(AuditAction.ACCOUNT_AUTO_STOPPED, target=account, detail={"reason": reason})
    return bool(stopped)


def resume(account: VendorAccount, actor: Actor) -> None:
    """Back into sending; what waited goes on with the next tick."""
    VendorAccount.objects.filter(pk=account.pk).update(
        status=AccountStatus.OK, stop_reason="", stop_detail="", stopped_at=None, trouble_streak=0
    )
    audit.record(AuditAction.ACCOUNT_RESUMED, actor=actor, target=account)


def switch_off(account: VendorAccount, actor: Actor) -> None:
    VendorAccount.objects.filter(pk=account.pk).update(status=AccountStatus.OFF, stopped_at=timezone.now())
    audit.record(AuditAction.ACCOUNT_SWITCHED_OFF, actor=actor, target=account)


def save_account(account: VendorAccount, *, credentials: Mapping[str, str], actor: Actor = None) -> VendorAccount:
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
    # The page sends what is no secret along with every save: that alone changes nothing.
    changed = sorted(name for name, value in typed.items() if not before or before.credentials.get(name) != value)
    labels = {field.name: field.label for field in vendor_class(account.vendor).credentials}
    if before and (changed or before.base_url != account.base_url) and account.status == AccountStatus.OK:
        account.status = AccountStatus.UNTESTED
    account.save()
    detail = {"secrets_changed": [labels.get(name, name) for name in changed]}
    audit.record(AuditAction.ACCOUNT_SAVED, actor=actor, target=account, detail=detail)
    return account


def note_success(account: VendorAccount) -> None:
    """Clear the streak of troubles; the time of the last success is written at most once a minute."""
    now = timezone.now()
    if account.trouble_streak:
        VendorAccount.objects.filter(pk=account.pk).update(trouble_streak=0, last_ok_at=now)
    elif account.last_ok_at is None or (now - account.last_ok_at).total_seconds() > 60:
        VendorAccount.objects.filter(pk=account.pk).update(last_ok_at=now)
        note_reached(account)


def note_reached(account: VendorAccount) -> None:
    """The vendor has answered with success, whatever was asked: an untested account works."""
    if account.status == AccountStatus.UNTESTED:
        VendorAccount.objects.filter(pk=account.pk, status=AccountStatus.UNTESTED).update(status=AccountStatus.OK)


def note_trouble(account: VendorAccount, reason: str, detail: str) -> None:
    """Count an unknown answer; a row of them opens the breaker before more people become unknown."""
    VendorAccount.objects.filter(pk=account.pk).update(trouble_streak=F("trouble_streak") + 1)
    account.refresh_from_db(fields=["trouble_streak"])
    if account.trouble_streak >= settings.SONGDA["BREAKER_BATCHES"]:
        stop(account, reason, detail)
