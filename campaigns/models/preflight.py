"""What a check finds before a start: a value that the campaign keeps as JSON. Nothing but `load` and `dump` knows its keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models

from messaging.sending.preflight import Obstacle


@dataclass(frozen=True)
class CostLine:
    """What `units` of a channel cost; yuan, None where the account has no price."""

    channel: str
    units: int
    price: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True)
class CostEstimate:
    """Yuan: `low` if everybody is reached by the cheapest channel, `high` by the dearest; None if any price is missing."""

    lines: Sequence[CostLine] = ()
    low: Decimal | None = None
    high: Decimal | None = None

    def dump(self) -> dict[str, Any]:
        lines = [
            {"channel": line.channel, "units": line.units, "price": _text(line.price), "amount": _text(line.amount)}
            for line in self.lines
        ]
        return {"lines": lines, "low": _text(self.low), "high": _text(self.high)}

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "CostEstimate":
        lines = [
            CostLine(line["channel"], line["units"], _decimal(line["price"]), _decimal(line["amount"]))
            for line in kept["lines"]
        ]
        return cls(lines, _decimal(kept["low"]), _decimal(kept["high"]))


@dataclass(frozen=True)
class Again:
    """`people` to be sent to who got the same content within `days` or wait for it elsewhere, each once; `by_campaign`: campaign
    (repeats.NO_CAMPAIGN for the API and answers, MORE_CAMPAIGNS for those beyond the biggest) -> people."""

    people: int = 0
    days: int = 0
    by_campaign: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class VariantCount:
    """People to be sent to who get this version."""

    version: int
    to_send: int


@dataclass(frozen=True, kw_only=True)
class PreflightReport:
    """Every row of the files (`imports`) under one word, the cost and the end, counted once and kept. As it is made without
    arguments, it is that of a campaign that was never checked.

    `excluded`: reason -> people. `operators`: operator -> people to be sent to. `canary`: how many of them go first. `units`: of
    the SMS. `holidays`: ISO dates. `start_at` None: at once. `finish_at` None: not within a year. `late`: people who are not
    reached before `send_until`. Obstacles that block come first."""

    imports: Sequence[int] = ()
    rows: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    to_send: int = 0
    variants: Sequence[VariantCount] = ()
    canary: int = 0
    operators: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    units: int = 0
    cost: CostEstimate = field(default_factory=CostEstimate)
    again: Again = field(default_factory=Again)
    per_second: Decimal = Decimal(0)
    holidays: Sequence[str] = ()
    start_at: datetime | None = None
    finish_at: datetime | None = None
    late: int = 0
    obstacles: Sequence[Obstacle] = ()

    @property
    def left_out(self) -> int:
        return sum(self.excluded.values())

    @property
    def difference(self) -> int:
        """0, or the rows of the files are not all accounted for."""
        return self.rows - self.left_out - self.to_send

    @property
    def in_file_only(self) -> int:
        """Rows that the import left out: there is nobody to send to."""
        return self.excluded.get("invalid", 0) + self.excluded.get("duplicate", 0)

    @property
    def blocked(self) -> bool:
        return any(obstacle.blocks for obstacle in self.obstacles)

    def dump(self) -> dict[str, Any]:
        """As JSON; `load` gives the same value again."""
        by_campaign = [{"campaign": key, "people": n} for key, n in sorted(self.again.by_campaign.items())]
        return {
            "imports": list(self.imports),
            "rows": self.rows,
            "excluded": dict(self.excluded),
            "to_send": self.to_send,
            "variants": [{"version": one.version, "to_send": one.to_send} for one in self.variants],
            "canary": self.canary,
            "operators": dict(self.operators),
            "requests": self.requests,
            "units": self.units,
            "cost": self.cost.dump(),
            "again": {"people": self.again.people, "days": self.again.days, "campaigns": by_campaign},
            "per_second": str(self.per_second),
            "holidays": list(self.holidays),
            "start_at": _iso(self.start_at),
            "finish_at": _iso(self.finish_at),
            "late": self.late,
            "obstacles": [{"key": one.key, "blocks": one.blocks, "params": dict(one.params)} for one in self.obstacles],
        }

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "PreflightReport":
        """`kept`: what `dump` gave, or {} for a campaign that was never checked."""
        if not kept:
            return cls()
        again = kept["again"]
        return cls(
            imports=kept["imports"],
            rows=kept["rows"],
            excluded=kept["excluded"],
            to_send=kept["to_send"],
            variants=[VariantCount(one["version"], one["to_send"]) for one in kept["variants"]],
            canary=kept["canary"],
            operators=kept["operators"],
            requests=kept["requests"],
            units=kept["units"],
            cost=CostEstimate.load(kept["cost"]),
            again=Again(again["people"], again["days"], {one["campaign"]: one["people"] for one in again["campaigns"]}),
            per_second=Decimal(kept["per_second"]),
            holidays=kept["holidays"],
            start_at=_moment(kept["start_at"]),
            finish_at=_moment(kept["finish_at"]),
            late=kept["late"],
            obstacles=[Obstacle(one["key"], one["blocks"], one["params"]) for one in kept["obstacles"]],
        )


class ReportField(models.JSONField):
    """A PreflightReport, stored as JSON. Migrations see a plain JSON field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "default": PreflightReport, "blank": True, "editable": False})

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, {**kwargs, "default": dict}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(super().from_db_value(value, expression, connection))

    def to_python(self, value: object) -> Any:
        return PreflightReport.load(value) if isinstance(value, dict) else value

    def get_db_prep_value(self, value: object, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_json(value), connection, prepared)

    def value_to_string(self, obj: Any) -> Any:
        return _json(self.value_from_object(obj))


def _json(value: object) -> Any:
    return value.dump() if isinstance(value, PreflightReport) else value


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
