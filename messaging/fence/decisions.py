"""What a person decides while sending is held. Every step is recorded; the hold ends with the last thing in doubt."""

from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from kit import audit, clock
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.fence import doubts, holds, identity, strangers
from messaging.fence.listings import Listing
from messaging.fence.rules import Rule
from messaging.hooks import fence_opened
from messaging.models import Batch, Delivery, Dispatch, FenceHold
from messaging.states import AttemptOutcome, BatchState

DispatchIds = Sequence[int] | None
AT_ONCE = 500  # batches


def opt_outs(hold: FenceHold, how: str, actor: Actor = None, reason: str = "") -> None:
    """The opt-outs of the lost time are on the do-not-send list now (`imported`), or somebody answers for going on without
    them (`waived`)."""
    FenceHold.objects.filter(pk=hold.pk).update(opt_outs=how)
    hold.refresh_from_db()
    audit.record(
        AuditAction.FENCE_OPT_OUTS_DECIDED,
        actor=actor,
        target=hold,
        detail={"opt_outs": how, "reason": reason},
    )


def mark_listed(
    hold: FenceHold, listing: Listing, actor: Actor = None, reason: str = "", dispatches: DispatchIds = None
) -> int:
    """Batches and people that the list names were sent in the other life. Whoever of a batch is not listed waits on in a batch
    of his own, still in doubt. Returns people."""
    done = sum(_mark_listed(pks, listing, _person(actor)) for pks in _in_turns(doubts.batches(hold, dispatches)))
    _record(AuditAction.FENCE_MARKED_SENT, hold, actor, reason, done)
    return done


def mark_reported(hold: FenceHold, actor: Actor = None, reason: str = "", dispatches: DispatchIds = None) -> int:
    """Receipts have come meanwhile for some of what is in doubt: that was sent, whatever anybody says. Returns people."""
    named = strangers.reported(hold, identity.row().mark)
    if not named:
        return 0
    done = _mark_sent(doubts.batches(hold, dispatches).filter(pk__in=named), actor)
    if done:
        _record(AuditAction.FENCE_RECEIPTS_SHOWED, hold, actor, reason, done)
    return done


def mark_all_sent(hold: FenceHold, actor: Actor = None, reason: str = "", dispatches: DispatchIds = None) -> int:
    """Everything in doubt was sent. Returns people."""
    done = _mark_sent(doubts.batches(hold, dispatches), actor)
    _record(AuditAction.FENCE_MARKED_SENT, hold, actor, reason, done)
    return done


def mark_unknown(hold: FenceHold, actor: Actor = None, reason: str = "", dispatches: DispatchIds = None) -> int:
    """Nobody knows: receipts, the vendor's own check or a person settle it later, as with every unknown outcome. Returns
    people."""
    mark_reported(hold, actor, reason, dispatches)
    done = 0
    for pks in _in_turns(doubts.batches(hold, dispatches)):
        with transaction.atomic():
            done += _settle(_locked(pks), AttemptOutcome.UNKNOWN, BatchState.UNKNOWN)
    _record(AuditAction.FENCE_PUT_TO_UNKNOWN, hold, actor, reason, done)
    return done


def let_go(hold: FenceHold, actor: Actor = None, reason: str = "", dispatches: DispatchIds = None) -> int:
    """What is in doubt was not sent, and is sent now. Raises ValidationError for marketing before the opt-outs of the lost time
    are decided about. Returns people."""
    chosen = [one for one in doubts.dispatches(hold) if dispatches is None or one.dispatch.pk in dispatches]
    if hold.opt_outs == FenceHold.OptOuts.OPEN and any(one.is_marketing for one in chosen):
        raise ValidationError(
            _("First import the opt-outs of the lost time, or waive them: marketing may be among what is sent.")
        )
    if mark_reported(hold, actor, reason, dispatches):
        chosen = [one for one in doubts.dispatches(hold) if dispatches is None or one.dispatch.pk in dispatches]
    with transaction.atomic():
        now = FenceHold.objects.select_for_update().get(pk=hold.pk)
        now.let_go = sorted({*now.let_go, *(one.dispatch.pk for one in chosen)})
        now.save(update_fields=["let_go"])
    hold.refresh_from_db()
    done = sum(one.people for one in chosen)
    _record(AuditAction.FENCE_LET_GO, hold, actor, reason, done)
    return done


def free_notices(hold: FenceHold, actor: Actor = None, reason: str = "") -> None:
    """Notices that were made since the hold, one-time codes for example, go while the rest is still in doubt."""
    FenceHold.objects.filter(pk=hold.pk).update(notices_free=True)
    hold.refresh_from_db()
    _record(AuditAction.FENCE_NOTICES_LET_GO, hold, actor, reason, None)


def finish(hold: FenceHold, actor: Actor = None, reason: str = "", *, keep_scheduled: bool = False) -> bool:
    """Ends the hold if nothing is in doubt any more. False if something is. Campaigns that were confirmed and not laid out yet
    go back to drafts unless `keep_scheduled`: the other life may have laid them out and sent them."""
    if hold.rule == Rule.MOVING or waits_for(hold):
        return False
    with transaction.atomic():
        open_ones = FenceHold.objects.filter(pk=hold.pk, decided_at__isnull=True)
        if not open_ones.update(decided_at=clock.now(), decided_by=_person(actor)):
            return False
        fence_opened.send(sender=FenceHold, hold=hold, keep_scheduled=keep_scheduled, actor=actor)
        _record(AuditAction.FENCE_ENDED, hold, actor, reason, None)
    hold.refresh_from_db()
    return True


def waits_for(hold: FenceHold) -> str:
    """What has to be decided before the hold ends: "opt_outs", "queued", or "" for nothing."""
    if hold.opt_outs == FenceHold.OptOuts.OPEN:
        return "opt_outs"
    return "queued" if doubts.batches(hold).exists() else ""


def _person(actor: Actor) -> Actor:
    return actor if actor is not None and actor.pk else None


def _record(action: AuditAction, hold: FenceHold, actor: Actor, reason: str, people: int | None) -> None:
    detail: dict[str, object] = {"reason": reason} | ({} if people is None else {"people": people})
    audit.record(action, actor=actor, target=hold, detail=detail)


def _in_turns(found: "QuerySet[Batch]") -> Iterator[list[int]]:
    """The batches' keys, so many of one dispatch at a time that nobody waits long for the dispatch."""
    by_dispatch: dict[int, list[int]] = {}
    for dispatch, pk in found.order_by("dispatch", "pk").values_list("dispatch_id", "pk"):
        by_dispatch.setdefault(dispatch, []).append(pk)
    for pks in by_dispatch.values():
        for first in range(0, len(pks), AT_ONCE):
            yield pks[first : first + AT_ONCE]


def _locked(pks: Sequence[int]) -> list[Batch]:
    """Batches of one dispatch, the dispatch before them, as everybody locks them; without those that have left the queue."""
    list(Dispatch.objects.select_for_update(no_key=True, of=("self",)).filter(batches__pk=pks[0]).values_list("pk"))
    locked = Batch.objects.select_for_update(of=("self",)).select_related("account")
    return list(locked.filter(pk__in=pks, state=BatchState.QUEUED).order_by("pk"))


def _undecided(batches: Sequence[Batch]) -> dict[int, list[str]]:
    """Batch -> the numbers of whoever would still get something."""
    people: dict[int, list[str]] = {}
    rows = Delivery.objects.filter(batch__in=batches, own_status__isnull=True).order_by("pk")
    for batch, phone in rows.values_list("batch_id", "phone"):
        people.setdefault(batch, []).append(phone)
    return people


def _settle(
    batches: Sequence[Batch], outcome: AttemptOutcome, to: BatchState, actor: Actor = None, **values: object
) -> int:
    """The other life's attempt at each of them, and where it has led. Returns people."""
    holds.note_attempts(batches, outcome, actor)
    rows = Batch.objects.filter(pk__in=[batch.pk for batch in batches])
    batch_states.step(rows, to=to, from_=(BatchState.QUEUED,), after_restore=True, reason=holds.REASON, **values)
    return Delivery.objects.filter(batch__in=batches, own_status__isnull=True).count()


def _settle_sent(batches: Sequence[Batch], actor: Actor) -> int:
    return _settle(batches, AttemptOutcome.ACCEPTED, BatchState.SUBMITTED, actor, submitted_at=clock.now())


def _mark_sent(found: "QuerySet[Batch]", actor: Actor) -> int:
    done = 0
    for pks in _in_turns(found):
        with transaction.atomic():
            done += _settle_sent(_locked(pks), _person(actor))
    return done


@transaction.atomic
def _mark_listed(pks: Sequence[int], listing: Listing, actor: Actor) -> int:
    """Whoever of these batches is listed was sent to. Such a batch keeps them and its number, since the vendor knows them under
    it; its others get a batch with a new one."""
    batches = _locked(pks)
    undecided = _undecided(batches)
    sent = []
    for batch in batches:
        people = undecided.get(batch.pk, [])
        others = [] if batch.pk in listing.batches else [phone for phone in people if phone not in listing.phones]
        if len(others) < len(people):
            sent.append(batch)
            if others:
                _move(batch, others)
    return _settle_sent(sent, actor)


def _move(batch: Batch, phones: Sequence[str]) -> None:
    last = Batch.objects.filter(dispatch=batch.dispatch_id).aggregate(last=Max("number"))["last"]
    rest = Batch.objects.create(
        dispatch_id=batch.dispatch_id,
        account_id=batch.account_id,
        number=last + 1,
        size=len(phones),
        text=batch.text,
        not_before=batch.not_before,
        reason=holds.REASON,
        split_from=batch,
    )
    batch.deliveries.filter(phone__in=phones, own_status__isnull=True).update(batch=rest)
    Batch.objects.filter(pk=batch.pk).update(size=F("size") - len(phones))
