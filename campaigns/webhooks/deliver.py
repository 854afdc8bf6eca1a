"""Handing events over: one attempt at a time for each, again later where it was not taken, given up in the end."""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from django.db.models import F
from django.utils import timezone

from campaigns.audit_actions import AuditAction
from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.webhooks import addresses, sender, signature
from campaigns.webhooks.events import masked
from kit import audit
from kit.people import Actor
from messaging.queue import enqueue_once

# After the first attempt, the second … : about two days in all, then it is given up and can be replayed by hand.
BACK_OFF = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600))
KEPT = timedelta(days=30)
# The queue is that of bulk sending: a turn is short.
TURN_SECONDS = 5.0
# Longer than one attempt may take: who claimed it and died leaves it to the next after this.
_CLAIM = timedelta(seconds=60)


def wake() -> None:
    """On every tick: ask a worker where something is due."""
    if _due().exists():
        enqueue_once("webhooks", "campaigns.tasks.send_webhooks", queue="bulk")


def _due() -> Any:
    return WebhookDelivery.objects.filter(next_at__lte=timezone.now(), endpoint__active=True)


def send_due(seconds: float = TURN_SECONDS) -> int:
    """Hand over what is due for a turn's time, oldest first. An endpoint that does not take one is left alone for the rest of
    the turn, so that it does not hold up the others. Returns how many were taken."""
    end = time.monotonic() + seconds
    silent: set[int] = set()
    revealed: Counter[WebhookEndpoint] = Counter()
    taken = 0
    while time.monotonic() < end:
        rows = _due().exclude(endpoint__in=silent).select_related("endpoint__created_by")
        row = rows.order_by("pk").first()
        if row is None:
            break
        if not _claim(row):
            continue
        # Asked anew for each: who made it may have lost the right since the event was written down.
        reveals = row.endpoint.reveals
        if reveals:
            revealed[row.endpoint] += _people(row.payload)
        if _attempt(row, reveals):
            taken += 1
        else:
            silent.add(row.endpoint_id)
    _note_revealed(revealed)
    return taken


def _people(payload: Mapping[str, Any]) -> int:
    return len(payload.get("deliveries", [])) or int("phone" in payload)


def _note_revealed(revealed: Counter[WebhookEndpoint]) -> None:
    """Full numbers that left by a webhook are in the audit trail: a line for each endpoint and turn. Attempts count too: the other
    side may have read what it did not confirm."""
    for endpoint, people in revealed.items():
        if people:
            audit.record(
                AuditAction.WEBHOOK_NUMBERS_SENT, actor=endpoint.created_by, target=endpoint, detail={"people": people}
            )


def _claim(row: WebhookDelivery) -> bool:
    """A counted UPDATE: of two workers one has it."""
    seen = WebhookDelivery.objects.filter(pk=row.pk, next_at=row.next_at)
    claimed = bool(seen.update(next_at=timezone.now() + _CLAIM, attempts=F("attempts") + 1))
    if claimed:
        row.refresh_from_db(fields=["attempts", "next_at"])
    return claimed


def _attempt(row: WebhookDelivery, reveals: bool) -> bool:
    data = row.payload if reveals else masked(row.payload)
    body = orjson.dumps({"id": str(row.key), "event": row.event, "at": row.created_at.isoformat(), "data": data})
    try:
        addresses.target(row.endpoint.url, https_only=reveals)
        status = sender.post(row.endpoint.url, body, _headers(row, body))
    except sender.NotTaken as error:
        _later(row, error.status, str(error))
    except sender.Forbidden as error:
        _later(row, None, str(error))
    else:
        _record(row, next_at=None, delivered_at=timezone.now(), last_status=status, last_error="")
        return True
    return False


def _headers(row: WebhookDelivery, body: bytes) -> dict[str, str]:
    timestamp = int(time.time())
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Songda-Webhook/1",
        signature.EVENT: row.event,
        signature.DELIVERY: str(row.key),
        signature.TIMESTAMP: str(timestamp),
        signature.SIGNATURE: signature.signature(row.endpoint.secret["secret"], timestamp, body),
    }


def _later(row: WebhookDelivery, status: int | None, error: str) -> None:
    tries = row.attempts
    next_at = timezone.now() + BACK_OFF[tries - 1] if tries <= len(BACK_OFF) else None
    _record(row, next_at=next_at, last_status=status, last_error=error[:200])


def _record(row: WebhookDelivery, **values: object) -> None:
    """Only while our claim stands: a replay meanwhile is not undone."""
    WebhookDelivery.objects.filter(pk=row.pk, next_at=row.next_at).update(**values)


def replay(row: WebhookDelivery, actor: Actor) -> None:
    """Send it once more now, taken or given up, with the same key and all attempts before it again."""
    WebhookDelivery.objects.filter(pk=row.pk).update(
        next_at=timezone.now(), attempts=0, delivered_at=None, last_status=None, last_error=""
    )
    audit.record(AuditAction.WEBHOOK_SENT_AGAIN, actor=actor, target=row.endpoint, detail={"delivery": str(row.key)})
    wake()


def forget_old() -> None:
    """Looks before it deletes: a delete locks an embedded database even where it finds nothing."""
    old = WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT, next_at__isnull=True)
    if old.exists():
        old.delete()
