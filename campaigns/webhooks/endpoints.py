"""Endpoints: a secret of their own, shown when it is made and never again."""

import secrets

from django.db import transaction

from campaigns.audit_actions import AuditAction
from campaigns.models import WebhookEndpoint
from kit import audit
from kit.people import Actor


def switch_all_off() -> int:
    """In a copy of an installation: nobody is told of anything any more. Returns how many were on."""
    return WebhookEndpoint.objects.filter(active=True).update(active=False)


@transaction.atomic
def new_secret(endpoint: WebhookEndpoint, actor: Actor) -> str:
    """Make and store a secret, also for an endpoint that is new; signatures use it from now on. Returns it."""
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    endpoint.secret = {"secret": secret}
    endpoint.save()
    audit.record(AuditAction.WEBHOOK_SECRET_MADE, actor=actor, target=endpoint, detail={"url": endpoint.url})
    return secret
