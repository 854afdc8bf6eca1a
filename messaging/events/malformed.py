"""Elements of a push that cannot be read or applied: some are kept, all are counted. The raw body has them all."""

from collections.abc import Sequence
from dataclasses import asdict, is_dataclass

from django.db.models import F

from kit import masks
from messaging.gateway import lenient
from messaging.gateway.types import Event, MalformedEvent
from messaging.models import CallbackEvent, Receipt

KEPT = 100  # of each push


def of(event: Event, error: Exception) -> MalformedEvent:
    """An element that was read and cannot be applied."""
    said = event._asdict() if isinstance(event, tuple) else asdict(event) if is_dataclass(event) else {}
    text = lenient.raw({name: str(value) for name, value in said.items() if value})
    return MalformedEvent(event.key, text, f"{type(error).__name__}: {error}")


def keep(push: CallbackEvent, found: Sequence[MalformedEvent]) -> None:
    """Store the first KEPT of a push, in one statement, and count all. What is known already is not stored again."""
    if not found:
        return
    room = max(KEPT - push.malformed, 0)
    secrets = push.account.config.secrets
    Receipt.objects.bulk_create([_row(push, event, secrets) for event in found[:room]], ignore_conflicts=True)
    push.malformed += len(found)
    CallbackEvent.objects.filter(pk=push.pk).update(malformed=F("malformed") + len(found))


def _row(push: CallbackEvent, event: MalformedEvent, secrets: tuple[str, ...]) -> Receipt:
    return Receipt(
        account=push.account,
        key=event.key[:200],
        event=push,
        state=Receipt.State.ODD,
        status="",
        # Masked before it is cut: half a number at the end would not be known as one.
        vendor_message=masks.text(event.raw[:2000], secrets)[:300],
        note=masks.text(event.why[:1000], secrets)[:200],
    )
