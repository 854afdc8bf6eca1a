"""The do-not-send list. An entry stops at once what is still queued; nothing is ever deleted."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from kit import audit, masks
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.eligibility import exclude
from messaging.eligibility.scope import batches_within
from messaging.models import Batch, Reply, Signature, Suppression, VendorAccount


def suppress(
    phone: str,
    *,
    source: str,
    scope: str = "all",
    account: VendorAccount | None = None,
    signature: Signature | None = None,
    note: str = "",
    actor: Actor = None,
) -> Suppression:
    """Enter a number, or return the live entry of the same scope that is there. What is queued for the number within the
    scope is skipped in the same transaction."""
    with transaction.atomic():
        entry, is_new = _enter(phone, scope, account, signature, source, note, actor)
        _skip_queued(entry)
        if is_new:
            audit.record(
                AuditAction.SUPPRESSION_ENTERED,
                actor=actor,
                target=entry,
                detail={"phone": masks.phone(phone), "scope": scope, "source": source},
            )
    return entry


def suppress_by_reply(reply: Reply) -> Suppression:
    """An opt-out holds for the signature that was written to; where that is not known, for the whole account."""
    signature = reply.delivery.dispatch.signature if reply.delivery else None
    return suppress(
        reply.phone,
        scope="signature" if signature else "account",
        signature=signature,
        account=None if signature else reply.account,
        source=Suppression.Source.REPLY,
        note=reply.content[:200],
    )


def _enter(
    phone: str,
    scope: str,
    account: VendorAccount | None,
    signature: Signature | None,
    source: str,
    note: str,
    actor: Actor,
) -> tuple[Suppression, bool]:
    """The live entry, and whether it was made now."""
    live = Suppression.objects.filter(
        phone=phone, scope=scope, account=account, signature=signature, lifted_at__isnull=True
    )
    found = live.first()
    if found:
        return found, False
    try:
        with transaction.atomic():
            made = Suppression.objects.create(
                phone=phone,
                scope=scope,
                account=account,
                signature=signature,
                source=source,
                note=note[:200],
                created_by=actor,
            )
            return made, True
    except IntegrityError:
        return live.get(), False  # somebody entered it at the same moment


def _skip_queued(entry: Suppression) -> int:
    """Lock the batches first: a claim under way either sees the person gone or was quicker and the batch is on the wire."""
    batches = batches_within(entry, exclude.queued_batches_with(entry.phone))
    locked = list(
        Batch.objects.select_for_update().filter(pk__in=list(batches.values_list("pk", flat=True))).order_by("pk")
    )
    return exclude.skip_phone_in_queued(
        entry.phone, [batch for batch in locked if batch.state in ("queued", "claimed")], "opted_out"
    )


def lift(suppression: Suppression, *, actor: Actor, reason: str) -> bool:
    """Allow sending again; the entry stays, with who and why. False if it was lifted before."""
    lifted = Suppression.objects.filter(pk=suppression.pk, lifted_at__isnull=True).update(
        lifted_at=timezone.now(), lifted_by=actor, lift_reason=reason[:200]
    )
    if lifted:
        audit.record(
            AuditAction.SUPPRESSION_LIFTED,
            actor=actor,
            target=suppression,
            detail={"phone": masks.phone(suppression.phone), "reason": reason},
        )
    return bool(lifted)
