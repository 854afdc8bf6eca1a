"""What a message may cost, as far as the account's prices are filled in."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from kit import display
from messaging.gateway.registry import vendor_class
from messaging.models import VendorAccount
from templates_5g.models import TemplateVersion


@dataclass(frozen=True)
class Cost:
    """Yuan: the least and the most, by the channels over which it may arrive."""

    low: Decimal
    high: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.low + other.low, self.high + other.high)


def price(account: VendorAccount, channel: str) -> Decimal | None:
    """Yuan for one unit; None where the account has no price."""
    try:
        return Decimal(str(account.prices[channel]))
    except (KeyError, InvalidOperation, TypeError):
        return None


def first_channel(version: TemplateVersion | None) -> str:
    """Without a version it is a free text, which goes as an SMS."""
    if version is None:
        return "sms"
    return version.kind if version.kind in ("sms", "mms") else "rcs"


def channels(account: VendorAccount, version: TemplateVersion | None) -> list[str]:
    """The first channel and the fallbacks that the version has and the vendor does."""
    can = vendor_class(account.vendor).capabilities.fallback_parts
    parts = [part for part, value in ((version.fallback if version else None) or {}).items() if value and part in can]
    return list(dict.fromkeys([first_channel(version), *parts]))


def cost(account: VendorAccount, version: TemplateVersion | None, people: int, sms_units: int) -> Cost | None:
    """For so many people, of the channels that have a price; None where none has. `sms_units`: of one person's SMS."""
    known = [
        each * (sms_units if channel == "sms" else 1)
        for channel in channels(account, version)
        if (each := price(account, channel)) is not None
    ]
    return Cost(min(known) * people, max(known) * people) if known else None


def words(found: Cost | None) -> str:
    if found is None:
        return _("not known: the account has no prices")
    if found.low == found.high:
        return display.money(found.low)
    return _("%(low)s to %(high)s") % {"low": display.money(found.low), "high": display.money(found.high)}


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """None where any of them is not known."""
    whole = Cost(Decimal(0), Decimal(0))
    for one in costs:
        if one is None:
            return None
        whole += one
    return whole
