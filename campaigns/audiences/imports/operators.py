"""Numbers of recipients, and the operator that each belongs to by its prefix."""

from collections.abc import Mapping

from campaigns.models import OperatorPrefix
from kit.phones import is_plain, normalise
from kit.tables import masked

__all__ = ["is_plain", "masked", "normalise", "operators_by_prefix"]


def operators_by_prefix() -> Mapping[str, str]:
    """Every five-digit beginning -> operator, the longest prefix of the table winning: one look-up per row."""
    table = sorted(OperatorPrefix.objects.values_list("prefix", "operator"), key=lambda pair: len(pair[0]))
    found: dict[str, str] = {}
    for prefix, operator in table:
        tail = 5 - len(prefix)
        for number in range(10**tail):
            found[f"{prefix}{number:0{tail}d}" if tail else prefix] = operator
    return found
