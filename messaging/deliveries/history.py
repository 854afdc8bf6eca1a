"""One number's deliveries among millions in one round trip, and whether there is anything else to ask for."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model
from django.db.models.base import ModelState

from kit import rows
from messaging.models import Batch, Click, Delivery, Dispatch, Reply, Suppression
from templates_5g.models import TemplateVersion

# What a line of time shows of each; any other field is fetched when somebody asks for it. What is known without asking (the
# number; the keys of the others, which the delivery names) is not asked for: each value costs a microsecond a row.
_SHOWN: dict[str, tuple[type[Model], set[str]]] = {
    "d": (
        Delivery,
        {
            "id",
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
    "b": (Batch, {"state", "reason", "vendor_message", "submitted_at", "not_before"}),
    "x": (
        Dispatch,
        {
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
    "v": (TemplateVersion, {"kind"}),
}
# Django takes the values of a row in the order of the model's fields.
_PARTS = {
    alias: (model, [field.attname for field in model._meta.concrete_fields if field.attname in shown])
    for alias, (model, shown) in _SHOWN.items()
}
_STARTS = dict(zip(_PARTS, accumulate((len(names) for _, names in _PARTS.values()), initial=0), strict=False))
_SLICES = {alias: slice(start, start + len(_PARTS[alias][1])) for alias, start in _STARTS.items()}


class Found(NamedTuple):
    """The newest deliveries, newest first; and whether the number has replies, clicks, entries on the do-not-send list."""

    deliveries: Sequence[Delivery]
    has_replies: bool
    has_clicks: bool
    has_suppressions: bool


# Where nobody asks for deliveries: all else has to be looked for.
ALL_OTHERS = Found([], True, True, True)


def find(phone: str, before: datetime | None, limit: int, after: datetime | None = None) -> Found:
    """`before` and `after` (included) are about when the round was made."""
    look = _postgres if connection.vendor == "postgresql" else _plain
    return look(phone, before, limit, after)


def _plain(phone: str, before: datetime | None, limit: int, after: datetime | None) -> Found:
    found = Delivery.objects.filter(phone=phone).select_related("batch", "dispatch__version")
    if before:
        found = found.filter(dispatch__created_at__lt=before)
    if after:
        found = found.filter(dispatch__created_at__gte=after)
    return Found(list(found.order_by("-dispatch__created_at", "-id")[:limit]), True, True, True)


_COLUMNS = ", ".join(f"{alias}.{name} AS {alias}_{name}" for alias, (_, names) in _PARTS.items() for name in names)
# The newest by their rounds: ids are taken from their sequence a thousand at a time by whoever stores rows, in no common order.
_SQL = f"""
SELECT EXISTS (SELECT 1 FROM {Reply._meta.db_table} WHERE phone = %s),
       EXISTS (SELECT 1 FROM {Click._meta.db_table} WHERE phone = %s),
       EXISTS (SELECT 1 FROM {Suppression._meta.db_table} WHERE phone = %s), found.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
  SELECT {_COLUMNS} FROM {Delivery._meta.db_table} d
  JOIN {Dispatch._meta.db_table} x ON x.id = d.dispatch_id
  LEFT JOIN {Batch._meta.db_table} b ON b.id = d.batch_id
  LEFT JOIN {TemplateVersion._meta.db_table} v ON v.id = x.version_id
  WHERE d.phone = %s{{within}} ORDER BY x.created_at DESC, d.id DESC LIMIT %s
) AS found ON true
"""  # noqa: S608 - our own tables and columns


def _postgres(phone: str, before: datetime | None, limit: int, after: datetime | None) -> Found:
    bounds = [("<", before), (">=", after)]
    within = "".join(f" AND x.created_at {sign} %s" for sign, moment in bounds if moment)
    moments = [moment for _, moment in bounds if moment]
    # Planning takes longer than looking, so it is done once for each connection.
    with rows.plain_cursor() as cursor:
        # Django's own loader of times is written in Python, the driver's is not; both give the same moments.
        cursor.cursor.adapters.register_loader("timestamptz", _times())
        cursor.execute(_SQL.format(within=within), [phone, phone, phone, phone, *moments, limit])
        found = cursor.fetchall()
    return Found([_delivery(phone, row[3:]) for row in found if row[3] is not None], *found[0][:3])


@cache
def _times() -> Any:
    import psycopg  # only PostgreSQL has it

    return psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT)


def _delivery(phone: str, values: Sequence[Any]) -> Delivery:
    parts = {alias: values[part] for alias, part in _SLICES.items()}
    delivery = _made("d", parts["d"], phone=phone)
    dispatch = _made("x", parts["x"], id=delivery.dispatch_id)
    # As select_related would leave them; setting a relation in the usual way checks and copies more than that.
    delivery._state.fields_cache["batch"] = _made("b", parts["b"], id=delivery.batch_id) if delivery.batch_id else None
    delivery._state.fields_cache["dispatch"] = dispatch
    version = _made("v", parts["v"], id=dispatch.version_id) if dispatch.version_id else None
    dispatch._state.fields_cache["version"] = version
    return delivery  # type: ignore[no-any-return]


def _made(alias: str, values: Sequence[Any], **known: Any) -> Any:
    """What from_db does for a part of the fields, at a fifth of its cost, which is most of a look-up's: no field is walked
    that was not asked for. The others are fetched when somebody asks."""
    model, names = _PARTS[alias]
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, "default"
    row.__dict__.update(zip(names, values, strict=True), **known)
    return row
