"""A copy of an installation, made harmless: it can neither send, nor ask a vendor, nor tell anybody anything."""

from django.conf import settings
from django.db import transaction

from kit import audit
from messaging.audit_actions import AuditAction
from messaging.fence import holds, identity
from messaging.fence.rules import Rule
from messaging.hooks import disarmed
from messaging.models import Fence, FenceHold, VendorAccount
from messaging.models.accounts import new_callback_token
from messaging.states import AccountStatus


def what_would_go() -> str:
    database = settings.DATABASES["default"]
    place = f"{database.get('HOST') or 'this machine'}, {database['NAME']}"
    return f"The credentials of {VendorAccount.objects.count()} vendor accounts in {place} would be gone for good."


def disarm() -> str:
    """Once or several times. Returns what was done, for the command line."""
    with transaction.atomic():
        made = holds.hold(Rule.DISARMED, {})
        FenceHold.objects.filter(pk=made.pk).update(rule=Rule.DISARMED)
        # Its references must not be those of the real installation, should somebody give it credentials of the same account.
        Fence.objects.filter(pk=1).update(mark=identity.new_mark(), installation=settings.SONGDA_INSTALLATION, nonce="")
        accounts = list(VendorAccount.objects.all())
        for account in accounts:
            account.credentials = {}
            account.callback_token = new_callback_token()
            account.callback_addresses = ""
            account.status = AccountStatus.OFF
            account.save()
        disarmed.send(sender=None)
        audit.record(AuditAction.COPY_DISARMED, target=made, detail={"accounts": len(accounts)})
    return f"Disarmed: {len(accounts)} vendor accounts without credentials; API tokens and webhooks are off; all sending is held."
