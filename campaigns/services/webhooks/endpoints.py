"""Endpoints: a secret of their own, shown when it is made and never again."""

import secrets
from typing import Any

from django.db import transaction

from campaigns.models import WebhookEndpoint
from config.kit import audit
from config.kit.words import gettext_noop


@transaction.atomic
def new_secret(endpoint: WebhookEndpoint, actor: Any) -> str:
    """Make and store a secret, also for an endpoint that is new; signatures use it from now on. Returns it."""
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    endpoint.secret = {"secret": secret}
    endpoint.save()
    audit.record(gettext_noop("Made a webhook secret"), actor=actor, target=endpoint, detail={"url": endpoint.url})
    return secret
