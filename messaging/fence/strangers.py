"""Receipts that match nothing here. One under our own mark, for a request that was never made, proves another life of this
database: it was put back, or a copy of it sends."""

from collections.abc import Sequence

from messaging.fence import holds, identity
from messaging.fence.rules import Rule
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import ReceiptEvent
from messaging.models import Batch, CallbackEvent, FenceHold, Receipt, VendorAccount


def judge(account: VendorAccount, lost: Sequence[tuple[ReceiptEvent, CallbackEvent | None]]) -> None:
    """Hold the account if one of them is such a proof. Only what was polled or signed counts: a push that anybody can forge must
    stop nobody. A foreign mark, or none, is another system's business and is only set aside."""
    named = [(event, source) for event, source in lost if event.reference and source is not None]
    if not named:
        return
    vendor, mark = vendor_class(account.vendor)(account.config), identity.row().mark
    signs = vendor.signs_callbacks(account.config.settings)
    for event, source in named:
        own = vendor.own_reference(event.reference, mark)
        if own is not None and (signs or (source is not None and source.polled)) and not _explained(*own):
            holds.hold(Rule.OTHER_LIFE, {"reference": event.reference, "account": account.name}, account)
            return


def reported(hold: FenceHold, mark: str) -> set[int]:
    """Batches that receipts without a match name under our own mark: those were sent. Of receipts that were polled or signed."""
    found: set[int] = set()
    accounts = (
        VendorAccount.objects.all() if hold.account_id is None else VendorAccount.objects.filter(pk=hold.account_id)
    )
    for account in accounts:
        waiting = Receipt.objects.filter(account=account, state=Receipt.State.UNMATCHED).exclude(reference="")
        vendor = vendor_class(account.vendor)(account.config)
        if not vendor.signs_callbacks(account.config.settings):
            waiting = waiting.filter(event__polled=True)
        references = waiting.order_by().values_list("reference", flat=True).distinct()
        found |= {own[0] for one in references if (own := vendor.own_reference(one, mark)) is not None}
    return found


def _explained(batch: int, attempt: int) -> bool:
    """Of a batch that made so many attempts, or with a number that an earlier hold has left to the other life."""
    made = Batch.objects.filter(pk=batch).values_list("attempts_made", flat=True).first()
    if made is not None:
        return made >= attempt
    return FenceHold.objects.filter(last_batch__lt=batch, first_free__gt=batch).exists()
