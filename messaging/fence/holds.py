"""Holding: nothing is claimed until a person has decided. Everywhere, or at one account."""

import logging
import secrets
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from kit import audit, clock, sql
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.fence import identity
from messaging.fence.rules import MAY_BE_A_COPY, Rule, sentence
from messaging.gateway.registry import vendor_class
from messaging.models import Attempt, Batch, Dispatch, Fence, FenceHold, FenceMark, VendorAccount
from messaging.states import AttemptOutcome, BatchState

log = logging.getLogger(__name__)
_SQL = sql.beside(__file__)
JUMP = 10_000_000
REASON = "restored"


def open_holds() -> "QuerySet[FenceHold]":
    return FenceHold.objects.filter(decided_at__isnull=True).order_by("pk")


def everywhere() -> FenceHold | None:
    """The hold that holds everything, if there is one."""
    return open_holds().filter(account__isnull=True).first()


def nobody_asks() -> bool:
    """True while this may be a copy beside the real installation: then no vendor is polled either."""
    return open_holds().filter(account__isnull=True, rule__in=MAY_BE_A_COPY).exists()


def blocks(dispatch: Dispatch) -> bool:
    """Whether an open hold keeps this dispatch from sending. One that was let go, and a new notice where those were let go,
    pass."""
    found = open_holds().filter(Q(account__isnull=True) | Q(account=dispatch.account_id))
    return any(not _passes(dispatch, hold) for hold in found)


def _passes(dispatch: Dispatch, hold: FenceHold) -> bool:
    if hold.rule in (Rule.MOVING, Rule.DISARMED):
        return False
    is_new_notice = dispatch.purpose == "notice" and dispatch.created_at > hold.since
    return dispatch.pk in hold.let_go or (is_new_notice and hold.notices_free)


def hold(rule: Rule, evidence: Mapping[str, object], account: VendorAccount | None = None) -> FenceHold:
    """Hold everything or one account, once. What is claimed becomes unknown: it may have been sent. Numbers jump, so that
    nothing that is made from now on has a number that the other life has given out. A hold of everything begins a new life:
    the marks of the old one are not compared any more, since it is known that they do not fit."""
    here = identity.ask()
    with transaction.atomic():
        identity.row()
        Fence.objects.select_for_update().get(pk=1)
        found = everywhere() or open_holds().filter(account=account).first()
        if found is not None:
            return found
        last, free = _jump()
        newest = FenceMark.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
        made = FenceHold.objects.create(
            account=account,
            rule=rule,
            evidence=evidence,
            since=clock.now(),
            lost_from=newest,
            last_batch=last,
            first_free=free,
        )
        doubt_claimed(account)
        if account is None:
            _begin_life(here)
            open_holds().exclude(pk=made.pk).update(decided_at=made.since, decision={"part_of": made.pk})
        audit.record(AuditAction.FENCE_HELD, target=made, detail={"rule": int(rule), **evidence})
    log.critical("Sending is held: %s See docs/administrators.md, “备份”.", sentence(rule, evidence))
    return made


def _begin_life(here: identity.Server) -> None:
    FenceMark.objects.all().delete()
    Fence.objects.filter(pk=1).update(
        life=F("life") + 1,
        life_since=clock.now(),
        installation=settings.SONGDA_INSTALLATION,
        system_identifier=here.system_identifier,
        timeline=here.timeline,
        next_timeline=None,
        next_since=None,
    )


def doubt_claimed(account: VendorAccount | None = None) -> int:
    """claimed -> unknown: a claim whose attempt the database has lost may have been sent. Its attempt is made up, with the
    reference that it had or would have had, so that a receipt settles it."""
    claimed = Batch.objects.filter(state=BatchState.CLAIMED)
    if account is not None:
        claimed = claimed.filter(account=account)
    ids = list(claimed.select_for_update().order_by("pk").values_list("pk", flat=True))
    note_attempts(list(Batch.objects.filter(pk__in=ids).select_related("account")), AttemptOutcome.UNKNOWN)
    batch_states.step(
        Batch.objects.filter(pk__in=ids),
        to=BatchState.UNKNOWN,
        from_=(BatchState.CLAIMED,),
        after_restore=True,
        reason=REASON,
        vendor_message="",
    )
    return len(ids)


def note_attempts(batches: Sequence[Batch], outcome: AttemptOutcome, actor: Actor = None) -> None:
    """The attempts that the other life made, or would have made next: under the same references. Locked batches with their
    accounts."""
    now, mark = clock.now(), identity.row().mark
    vendors = {
        account: vendor_class(account.vendor)(account.config) for account in {batch.account for batch in batches}
    }
    Attempt.objects.bulk_create(
        Attempt(
            batch=batch,
            account=batch.account,
            number=batch.attempts_made + 1,
            reference=vendors[batch.account].reference(batch.pk, batch.attempts_made + 1, mark),
            outcome=outcome,
            reason=REASON,
            started_at=batch.claimed_at or now,
            finished_at=now,
            signed_by=actor,
        )
        for batch in batches
    )
    Batch.objects.filter(pk__in=[batch.pk for batch in batches]).update(
        attempts_made=F("attempts_made") + 1, claim="", claimed_at=Coalesce("claimed_at", Value(now))
    )


def _jump() -> tuple[int, int]:
    """Batches and attempts made from now on get numbers far above. (last number of a batch before, first one after)"""
    far = JUMP + secrets.randbelow(JUMP // 10)
    _jump_one(Attempt._meta.db_table, far)
    return _jump_one(Batch._meta.db_table, far)


def _jump_one(table: str, far: int) -> tuple[int, int]:
    last = int(_SQL["last_number"].value(table=table) or 0)
    if connection.vendor != "postgresql":
        _SQL["forget_number"].run(table=table)
    _SQL["go_on_from"].run(table=table, number=last + far)
    return last, last + far + 1
