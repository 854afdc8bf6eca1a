"""Whose message is this an answer to?"""

from datetime import datetime, timedelta

from django.conf import settings

from messaging.models import Attempt, Delivery, VendorAccount
from messaging.states import BATCH_WIRED


def delivery_for(
    account: VendorAccount, phone: str, at: datetime, reference: str = "", task_id: str = ""
) -> Delivery | None:
    """The delivery that the vendor names by our reference or its task id; else the newest one to that phone through that
    account in the 72 hours before. Two that left at the same instant are ambiguous: None."""
    named = _named(account, phone, reference, task_id)
    if named:
        return named
    since = at - timedelta(hours=settings.SONGDA["REPLY_MATCH_HOURS"])
    newest = list(
        Delivery.objects.filter(
            phone=phone,
            batch__account=account,
            batch__state__in=BATCH_WIRED,
            batch__claimed_at__gte=since,
            batch__claimed_at__lte=at + timedelta(minutes=5),
        )
        .select_related("batch", "dispatch")
        .order_by("-batch__claimed_at")[:2]
    )
    if len(newest) == 2 and newest[0].batch.claimed_at == newest[1].batch.claimed_at:  # type: ignore[union-attr]
        return None
    return newest[0] if newest else None


def _named(account: VendorAccount, phone: str, reference: str, task_id: str) -> Delivery | None:
    for name, value in (("reference", reference), ("task_id", task_id)):
        if not value:
            continue
        attempt = Attempt.objects.filter(account=account, **{name: value}).select_related("batch__dispatch").last()
        if attempt:
            dispatch = attempt.batch.dispatch
            found = Delivery.objects.filter(run_id=dispatch.run_id, leg=dispatch.leg, phone=phone)
            return found.select_related("batch", "dispatch").first()
    return None
