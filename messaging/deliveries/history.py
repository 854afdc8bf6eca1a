"""One number's deliveries among millions in one round trip, and whether there is anything else to ask for."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from kit import sql
from messaging.models import Batch, Delivery, Dispatch
from templates_5g.models import TemplateVersion

# What a line of time shows of each; any other field is fetched when somebody asks for it.
_SHOWN: dict[str, tuple[type[Model], set[str]]] = {
    "d": (
        Delivery,
        {
            "id",
            "phone",
            "dispatch_id",
            "batch_id",
            "leg",
            "own_status",
            "channel",
            "reason",
            "vendor_message",
            "reported_at",
            "units",
            "legs_delivered",
        },
    ),
    "b": (Batch, {"id", "state", "reason", "vendor_message", "submitted_at", "not_before"}),
    "x": (
        Dispatch,
        {
            "id",
            "kind",
            "title",
            "source",
            "text",
            "purpose",
            "version_id",
            "account_id",
            "signature_id",
            "state",
            "stop_reason",
            "start_at",
            "send_until",
            "window_from",
            "window_until",
            "cap_count",
            "cap_days",
            "policy_cap_count",
            "policy_cap_days",
            "created_by_id",
            "created_at",
            "started_at",
        },
    ),
    "v": (TemplateVersion, {"id", "kind"}),
}
# Django takes the values of a row in the order of the model's fields.
_PARTS = {
    alias: (model, [field.attname for field in model._meta.concrete_fields if field.attname in shown])
    for alias, (model, shown) in _SHOWN.items()
}
_SQL = sql.beside(__file__)
_COLUMNS = sql.Fragment(
    ", ".join(f"{alias}.{name} AS {alias}_{name}" for alias, (_, names) in _PARTS.items() for name in names)
)


class Found(NamedTuple):
    """The newest deliveries, newest first; and whether the number has replies, clicks, entries on the do-not-send list."""

    deliveries: Sequence[Delivery]
    has_replies: bool
    has_clicks: bool
    has_suppressions: bool


# Where nobody asks for deliveries: all else has to be looked for.
ALL_OTHERS = Found([], True, True, True)


def find(phone: str, before: datetime | None, limit: int, after: datetime | None = None) -> Found:
    """`before` and `after` (included) are about when the dispatch was made."""
    look = _postgres if connection.vendor == "postgresql" else _plain
    return look(phone, before, limit, after)


def _plain(phone: str, before: datetime | None, limit: int, after: datetime | None) -> Found:
    found = Delivery.objects.filter(phone=phone).select_related("batch", "dispatch__version")
    if before:
        found = found.filter(dispatch__created_at__lt=before)
    if after:
        found = found.filter(dispatch__created_at__gte=after)
    return Found(list(found.order_by("-dispatch__created_at", "-id")[:limit]), True, True, True)


def _postgres(phone: str, before: datetime | None, limit: int, after: datetime | None) -> Found:
    # Planning takes longer than looking, so the statement is prepared.
    found = _SQL["newest"].rows(
        lambda *row: row, phone=phone, columns=_COLUMNS, before=before, after=after, limit=limit
    )
    return Found([_delivery(row[3:]) for row in found if row[3] is not None], *found[0][:3])


def _delivery(row: Sequence[Any]) -> Delivery:
    values = iter(row)
    parts = {alias: _made(model, names, list(islice(values, len(names)))) for alias, (model, names) in _PARTS.items()}
    delivery: Delivery = parts["d"]
    delivery.batch, delivery.dispatch, delivery.dispatch.version = parts["b"], parts["x"], parts["v"]
    return delivery


def _made(model: type[Model], names: Sequence[str], values: Sequence[Any]) -> Any:
    """One part of a row; None where there is none. Its other fields are fetched when somebody asks."""
    return None if values[0] is None else model.from_db("default", names, values)
