"""What a campaign may cost: all by the first channel, or all by a fallback. Prices are the account's, per unit."""

from collections.abc import Sequence
from decimal import Decimal

from campaigns.models import CostEstimate, CostLine
from messaging.models import VendorAccount
from messaging.sending.cost import channels, price
from messaging.sending.spec import Message


def cost(message: Message, people: int, sms_units: int) -> CostEstimate:
    found = channels(message.account, message.version)
    lines = [_line(message.account, channel, sms_units if channel == "sms" else people) for channel in found]
    amounts = [line.amount for line in lines if line.amount is not None]
    known = len(amounts) == len(lines)
    return CostEstimate(lines, min(amounts) if known else None, max(amounts) if known else None)


def together(costs: Sequence[CostEstimate]) -> CostEstimate:
    """The costs of several parts of the people as one."""
    if len(costs) == 1:
        return costs[0]
    lines: dict[str, CostLine] = {}
    for line in (line for one in costs for line in one.lines):
        known = lines.get(line.channel)
        lines[line.channel] = line if known is None else _line_of_both(known, line)
    return CostEstimate(list(lines.values()), _plus(*(one.low for one in costs)), _plus(*(one.high for one in costs)))


def _line_of_both(one: CostLine, other: CostLine) -> CostLine:
    return CostLine(one.channel, one.units + other.units, one.price, _plus(one.amount, other.amount))


def _plus(*amounts: Decimal | None) -> Decimal | None:
    """None if any is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _line(account: VendorAccount, channel: str, units: int) -> CostLine:
    each = price(account, channel)
    amount = None if each is None else (each * units).quantize(Decimal("0.01"))
    return CostLine(channel, units, each, amount)
