"""Taking people out of queued batches: suppressed, over the cap, opted out."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db.models import Exists, F, OuterRef, QuerySet

from messaging.eligibility import scope
from messaging.models import Batch, Delivery, Dispatch, Suppression
from messaging.states import BatchState, OwnStatus


def suppressed(dispatch: Dispatch) -> QuerySet[Suppression]:
    """Live suppressions that hold for this dispatch, correlated with an outer `phone`."""
    return scope.in_force(dispatch.account_id, dispatch.signature_id).filter(phone=OuterRef("phone"))


def skip_suppressed(batches: Sequence[Batch], dispatch: Dispatch) -> Counter[int]:
    """People skipped by batch. Who is suppressed after this look finds the batch locked, and skips it there himself."""
    people = Delivery.objects.filter(Exists(suppressed(dispatch)), batch__in=batches, own_status__isnull=True)
    return skip_those(people, "opted_out")


def skip_those(people: QuerySet[Delivery], reason: str) -> Counter[int]:
    """Looks before it writes: hardly ever is there anybody."""
    found = list(people.values_list("pk", "batch_id"))
    counts = Counter(batch_id for _, batch_id in found if batch_id)
    if found:
        Delivery.objects.filter(pk__in=[pk for pk, _ in found]).update(own_status=OwnStatus.SKIPPED, reason=reason)
        for batch_id, count in counts.items():
            Batch.objects.filter(pk=batch_id).update(n_skipped=F("n_skipped") + count)
    return counts


def skip_phone_in_queued(phone: str, batches: Iterable[Batch], reason: str) -> int:
    """Take one number out of batches whose rows the caller has locked."""
    return sum(_skip(batch, batch.deliveries.filter(phone=phone, own_status__isnull=True), reason) for batch in batches)


def skip_phones(phones: Collection[str], batches: Sequence[int], reason: str) -> Counter[int]:
    """Take many numbers out of batches whose rows the caller has locked. People skipped by
    batch."""
    return skip_those(Delivery.objects.filter(phone__in=phones, batch__in=batches, own_status__isnull=True), reason)


def queued_batches_of(phones: Collection[str]) -> QuerySet[Batch]:
    """queued_batches_with, for many numbers."""
    people = Delivery.objects.filter(phone__in=phones, own_status__isnull=True)
    return Batch.objects.filter(pk__in=people.values("batch"), state__in=(BatchState.QUEUED, BatchState.CLAIMED))


def queued_batches_with(phone: str) -> QuerySet[Batch]:
    """Batches not yet on the wire that hold this number. Lock them before acting: a claim may be under way."""
    return Batch.objects.filter(
        pk__in=Delivery.objects.filter(phone=phone, own_status__isnull=True).values("batch"),
        state__in=(BatchState.QUEUED, BatchState.CLAIMED),
    )


def _skip(batch: Batch, people: QuerySet[Delivery], reason: str) -> int:
    count = people.update(own_status=OwnStatus.SKIPPED, reason=reason)
    if count:
        Batch.objects.filter(pk=batch.pk).update(n_skipped=F("n_skipped") + count)
    return count
