"""For what an entry of the do-not-send list holds: everything, what goes through one account, or what goes out under one signature.

One declaration; claims, checks, orders, answers, files and the look-up read it as Q, SQL or Python. An entry of a narrower scope
always names its account or signature, and only that: the table's constraint says so.
"""

from typing import Protocol

from django.db.models import Q, QuerySet

from kit.sql import Fragment
from messaging.models import Batch, Dispatch, Suppression

# Column of an entry -> the same of a batch.
_NARROWER = {"account_id": "account_id", "signature_id": "dispatch__signature_id"}


class Scoped(Protocol):
    """An entry, or a file of entries."""

    account_id: int | None
    signature_id: int | None


def in_force(account_id: int, signature_id: int | None) -> QuerySet[Suppression]:
    """Entries that hold for what goes through this account under this signature (None: without one)."""
    given = {"account_id": account_id, "signature_id": signature_id}
    holds = Q(scope=Suppression.Scope.ALL)
    for column in _NARROWER:
        if given[column] is not None:
            holds |= Q(**{column: given[column]})
    return Suppression.objects.filter(holds, lifted_at__isnull=True)


def in_force_sql(entry: str, account_id: int, signature_id: int | None) -> Fragment:
    """The same as a condition on the row `entry` of a statement."""
    narrower = " OR ".join(f"{entry}.{column} = :{column}" for column in _NARROWER)
    return Fragment(
        f"{entry}.lifted_at IS NULL AND ({entry}.scope = :all OR {narrower})",
        {"all": Suppression.Scope.ALL, "account_id": account_id, "signature_id": signature_id},
    )


def holds_for(entry: Scoped, dispatch: Dispatch) -> bool:
    """Whether an entry is about what this dispatch sends, in force or not."""
    return all(getattr(entry, column) in (None, getattr(dispatch, column)) for column in _NARROWER)


def batches_within(entry: Scoped, batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """Those of the batches that an entry is about."""
    narrower = {of_batch: getattr(entry, column) for column, of_batch in _NARROWER.items()}
    return batches.filter(**{column: value for column, value in narrower.items() if value is not None})
