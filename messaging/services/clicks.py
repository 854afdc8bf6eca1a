"""Taps on short links, matched to the newest delivery of that phone."""

from django.utils import timezone

from messaging.gateway.types import ClickEvent
from messaging.models import Click, VendorAccount
from messaging.services import newest


def store(account: VendorAccount, event: ClickEvent) -> bool:
    """Keep one click; False for a repeat."""
    at = event.at or timezone.now()
    _, created = Click.objects.get_or_create(
        account=account,
        key=event.key[:200],
        defaults={
            "phone": event.phone[:20],
            "url": event.url[:500],
            "delivery": newest.delivery_for(account, event.phone, at, event.reference),
            "clicked_at": at,
            "detail": dict(event.detail),
        },
    )
    return created
