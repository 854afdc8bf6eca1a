"""What is told: one row for each endpoint that asked for the event, in the transaction of what it tells of."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils import timezone

from campaigns.lifecycle import progress
from campaigns.models import Campaign, WebhookDelivery, WebhookEndpoint
from campaigns.states import WebhookEvent
from kit import masks
from messaging.deliveries import status
from messaging.models import Delivery, Reply, TemplateReview

# So many people in one request at most.
PEOPLE_IN_ONE = 500


def listeners(event: WebhookEvent) -> list[WebhookEndpoint]:
    """Endpoints are few: one look at them all, since databases differ in asking a JSON list."""
    rows = WebhookEndpoint.objects.filter(active=True).select_related("created_by")
    return [row for row in rows if event.value in row.events]


def announce(event: WebhookEvent, data: Mapping[str, Any], endpoints: Iterable[WebhookEndpoint] | None = None) -> None:
    """`data` holds full numbers under "phone", at its top or in the list "deliveries", and in what a customer wrote ("content");
    who may not see them gets masks."""
    told = listeners(event) if endpoints is None else endpoints
    now = timezone.now()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(endpoint=one, event=event, payload=_for(one, data), next_at=now) for one in told
    )


def _for(endpoint: WebhookEndpoint, data: Mapping[str, Any]) -> Mapping[str, object]:
    return dict(data) if endpoint.reveals else masked(data)


def masked(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same with numbers hidden. What is masked already stays as it is."""
    hidden: dict[str, Any] = {name: _HIDE[name](value) if name in _HIDE else value for name, value in data.items()}
    if "deliveries" in hidden:
        hidden["deliveries"] = [masked(row) for row in hidden["deliveries"]]
    return hidden


def _phone(value: str) -> str:
    return value if "*" in value else masks.phone(value)


_HIDE: Mapping[str, Callable[[str], str]] = {"phone": _phone, "content": masks.numbers}


def deliveries_updated(ids: Callable[[], Iterable[int]]) -> None:
    """Receipts or silence moved these deliveries. They are not even asked for while nobody listens."""
    told = listeners(WebhookEvent.DELIVERY_UPDATED)
    wanted = list(ids()) if told else []
    for start in range(0, len(wanted), PEOPLE_IN_ONE):
        rows = Delivery.objects.filter(pk__in=wanted[start : start + PEOPLE_IN_ONE]).select_related("batch")
        data = [_delivery(row) for row in rows.order_by("pk")]
        announce(WebhookEvent.DELIVERY_UPDATED, {"deliveries": data}, told)


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "message": row.dispatch_id,
        "phone": row.phone,
        "status": status.delivery_status(row),
        "channel": row.channel,
        "reason": row.reason,
        "reported_at": row.reported_at.isoformat() if row.reported_at else None,
    }


def reply_received(reply: Reply) -> None:
    told = listeners(WebhookEvent.REPLY_RECEIVED)
    if told:
        announce(WebhookEvent.REPLY_RECEIVED, reply_data(reply), told)


def reply_data(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.pk,
        "phone": reply.phone,
        "content": reply.content,
        "is_opt_out": reply.is_opt_out,
        "account": reply.account.name,
        "delivery": reply.delivery_id,
        "replied_at": reply.replied_at.isoformat(),
    }


def campaign_finished(campaign: Campaign) -> None:
    told = listeners(WebhookEvent.CAMPAIGN_FINISHED)
    if told:
        now = progress.progress(campaign)
        data = {
            "id": campaign.pk,
            "name": campaign.name,
            "state": campaign.state,
            "people": now.people,
            "left_out": now.left_out,
            "counts": now.counts,
            "finished_at": campaign.finished_at.isoformat() if campaign.finished_at else None,
        }
        announce(WebhookEvent.CAMPAIGN_FINISHED, data, told)


def template_reviewed(review: TemplateReview) -> None:
    told = listeners(WebhookEvent.TEMPLATE_REVIEWED)
    if told:
        data = {
            "template": review.version.template.name,
            "version": review.version.number,
            "account": review.account.name,
            "part": review.part,
            "status": review.status,
            "vendor_message": review.vendor_message,
            "approved_until": review.approved_until.isoformat() if review.approved_until else None,
            "decided_at": review.decided_at.isoformat() if review.decided_at else None,
        }
        announce(WebhookEvent.TEMPLATE_REVIEWED, data, told)
