"""The secret part of the addresses that an account's vendor pushes to: found, changed, and the old one ended."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from kit import audit
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.models import VendorAccount
from messaging.models.accounts import new_callback_token, token_digest

DAYS = (0, 1, 7, 30)
USED_EVERY = timedelta(minutes=1)


def find(vendor: str, token: str) -> VendorAccount | None:
    """The account whose address this is, or was until a while ago. One question; a second one, once a minute, notes that the
    vendor still uses the old address."""
    digest = token_digest(token)
    mine = Q(callback_digest=digest) | Q(old_callback_digest=digest)
    account = VendorAccount.objects.filter(mine, vendor=vendor).order_by().first()
    if account is None or account.callback_digest == digest:
        return account
    if not account.old_callback_works:
        return None
    now, used = timezone.now(), account.old_callback_used_at
    if used is None or now - used > USED_EVERY:
        VendorAccount.objects.filter(pk=account.pk).update(old_callback_used_at=now)
    return account


def renew(account: VendorAccount, days: int, actor: Actor) -> None:
    """A new token; the one so far works for so many days more, and one from before that no longer."""
    now = timezone.now()
    account.old_callback_digest, account.old_callback_used_at = account.callback_digest, None
    account.old_callback_until = now + timedelta(days=days)
    account.callback_token, account.callback_since = new_callback_token(), now
    account.save(
        update_fields=[
            "callback_secret",
            "callback_digest",
            "callback_since",
            "old_callback_digest",
            "old_callback_until",
            "old_callback_used_at",
        ]
    )
    audit.record(AuditAction.ACCOUNT_CALLBACKS_CHANGED, actor=actor, target=account, detail={"old_works_days": days})


def end_old(account: VendorAccount, actor: Actor) -> bool:
    """The old address works no longer. False if none did."""
    if not account.old_callback_works:
        return False
    VendorAccount.objects.filter(pk=account.pk).update(old_callback_digest="", old_callback_until=None)
    audit.record(AuditAction.ACCOUNT_OLD_CALLBACKS_ENDED, actor=actor, target=account)
    return True
