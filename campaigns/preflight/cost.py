"""What a campaign may cost: all by the first channel, or all by a fallback. Prices are the account's, per unit."""

from decimal import Decimal
from typing import Any

from campaigns.models import Campaign
from messaging.sending.cost import channels, price


def cost(campaign: Campaign, people: int, sms_units: int) -> dict[str, Any]:
    """{"lines": [{channel, units, price, amount}], "low", "high"}: amounts as text with two decimals; "low" and "high" are
    None if any price is missing."""
    found = channels(campaign.account, campaign.version)
    lines = [_line(campaign, channel, sms_units if channel == "sms" else people) for channel in found]
    amounts = [Decimal(line["amount"]) for line in lines if line["amount"] is not None]
    known = len(amounts) == len(lines)
    return {
        "lines": lines,
        "low": str(min(amounts)) if known else None,
        "high": str(max(amounts)) if known else None,
    }


def together(costs: list[dict[str, Any]]) -> dict[str, Any]:
    """The costs of several parts of the people as one."""
    if len(costs) == 1:
        return costs[0]
    lines: dict[str, dict[str, Any]] = {}
    for line in (line for one in costs for line in one["lines"]):
        known = lines.setdefault(line["channel"], {**line, "units": 0, "amount": "0"})
        known["units"] += line["units"]
        known["amount"] = _plus(known["amount"], line["amount"])
    return {
        "lines": list(lines.values()),
        "low": _plus(*(one["low"] for one in costs)),
        "high": _plus(*(one["high"] for one in costs)),
    }


def _plus(*amounts: str | None) -> str | None:
    """None if any is not known."""
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return str(sum(known, Decimal(0))) if len(known) == len(amounts) else None


def _line(campaign: Campaign, channel: str, units: int) -> dict[str, Any]:
    each = price(campaign.account, channel)
    amount = None if each is None else str((each * units).quantize(Decimal("0.01")))
    return {"channel": channel, "units": units, "price": None if each is None else str(each), "amount": amount}
