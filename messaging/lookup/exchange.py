"""One person's part of what went to a vendor and came back, made again when somebody asks: no bulk body is kept."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

import orjson

from kit import masks
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Recipient, WireRequest
from messaging.gateway.vendor import Vendor
from messaging.models import Attempt, Batch, Delivery, VendorCall
from messaging.sending import hand_over

_HIDDEN = frozenset({"sign", "signature", "password", "passwd", "pwd", "token", "secret", "authorization"})


class Exchange(NamedTuple):
    """`sent` is the body with this number alone, as the adapter builds it today; "" where it cannot be built, with `why_not`.
    `calls` are the records of the time, oldest first."""

    attempt: Attempt
    sent: str
    why_not: str
    calls: Sequence[VendorCall]


def exchanges(delivery: Delivery) -> list[Exchange]:
    """Each time that the person's batch was on the wire, oldest first. Numbers and secrets are masked."""
    if delivery.batch is None:
        return []
    attempts = delivery.batch.attempts.prefetch_related("calls").order_by("number")
    return [
        Exchange(attempt, *_rebuilt(delivery, delivery.batch, attempt), list(attempt.calls.all()))
        for attempt in attempts
    ]


def _rebuilt(delivery: Delivery, batch: Batch, attempt: Attempt) -> tuple[str, str]:
    account = delivery.dispatch.account
    adapter = vendor_class(account.vendor)(account.config)
    person = [Recipient(delivery.phone, delivery.variables)]
    try:
        request = hand_over.build_request(delivery.dispatch, batch, person, attempt.reference)
        wire = adapter.build_send(request)
        return masks.text(_text(adapter, wire), account.config.secrets), ""
    except (Unsupported, ValueError, KeyError) as error:
        return "", masks.text(f"{type(error).__name__}: {error}", account.config.secrets)


def _text(adapter: Vendor, wire: WireRequest) -> str:
    body = adapter.opened(wire)
    head = f"{wire.method} {wire.path}"
    if body.lstrip()[:1] in (b"{", b"["):
        value = _without_secrets(orjson.loads(body))
        return f"{head}\n\n{orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()}"
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    lines = [f"{name} = {'***' if name.lower() in _HIDDEN else value}" for name, value in pairs]
    return "\n".join([head, "", *lines])


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {key: "***" if key.lower() in _HIDDEN else _without_secrets(inner) for key, inner in value.items()}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
