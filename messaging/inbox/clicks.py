"""Taps on short links, matched to the newest delivery of that phone."""

from collections.abc import Sequence

from django.utils import timezone

from messaging.gateway.types import ClickEvent
from messaging.inbox import match
from messaging.models import Click, VendorAccount


def store_all(account: VendorAccount, events: Sequence[ClickEvent]) -> None:
    """Those that are known already cost one query together."""
    keys = {event.key[:200] for event in events}
    known = set(Click.objects.filter(account=account, key__in=keys).values_list("key", flat=True)) if keys else set()
    for event in events:
        if event.key[:200] not in known:
            store(account, event)


def store(account: VendorAccount, event: ClickEvent) -> bool:
    """Keep one click; False for a repeat."""
    at = event.at or timezone.now()
    _, created = Click.objects.get_or_create(
        account=account,
        key=event.key[:200],
        defaults={
            "phone": event.phone[:20],
            "url": event.url[:500],
            "delivery": match.delivery_for(account, event.phone, at),
            "clicked_at": at,
            "detail": dict(event.detail),
        },
    )
    return created
