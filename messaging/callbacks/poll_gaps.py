"""What people do about a poll that was asked and never answered: ask for the receipts again, or say that it is settled."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, display
from kit.people import Actor
from messaging import queue
from messaging.accounts import health
from messaging.audit_actions import AuditAction
from messaging.callbacks import poll
from messaging.callbacks import retrieve as callbacks_retrieve
from messaging.gateway.types import Verdict
from messaging.models import PollState, VendorAccount

LONGEST_SPAN = timedelta(hours=2)  # each ten minutes are one request, and somebody waits for the page


def ask_now(account: VendorAccount, actor: Actor = None) -> list[str]:
    """Have every kind that this account is polled for asked at once, by a worker. Returns the kinds."""
    kinds = sorted(poll.kinds_of(account))
    PollState.objects.filter(account=account, kind__in=kinds).update(not_before=None)
    for kind in kinds:
        queue.enqueue_once(f"poll:{account.pk}:{kind}", "messaging.worker.tasks.poll", account.pk, kind, queue="notice")
    audit.record(AuditAction.POLL_ASKED, actor=actor, target=account, detail={"kinds": kinds})
    return kinds


def retrieve(account: VendorAccount, start: datetime, end: datetime, actor: Actor = None) -> Verdict:
    """Have the receipts of what was handed over between these times given again; they come by the next poll or push, and
    what is known already changes nothing. Raises ValidationError for a span that makes no sense."""
    if not callbacks_retrieve.gives_again(account):
        raise ValidationError(_("This vendor gives receipts only once."))
    if not start < end <= timezone.now():
        raise ValidationError(_("The end must be later than the start and not lie in the future."))
    if end - start > LONGEST_SPAN:
        raise ValidationError(_("At most %(span)s at a time.") % {"span": display.duration(LONGEST_SPAN)})
    verdict = health.adapter_for(account).retrieve(start, end)
    audit.record(
        AuditAction.RECEIPTS_GIVEN_AGAIN,
        actor=actor,
        target=account,
        detail={"from": start.isoformat(), "until": end.isoformat(), "outcome": verdict.outcome.value},
    )
    return verdict


def settle(state: PollState, actor: Actor, reason: str) -> bool:
    """A person has seen to what may be missing. False if nothing is missing (any more), or it was asked again meanwhile."""
    missing = state.missing_since
    same = PollState.objects.filter(pk=state.pk, missing_since__isnull=False, asked_at=state.asked_at)
    done = same.update(missing_since=None, detail="", answered_at=Coalesce("answered_at", timezone.now()))
    if done:
        audit.record(
            AuditAction.POLL_SETTLED,
            actor=actor,
            target=state.account,
            detail={"kind": state.kind, "since": missing.isoformat() if missing else "", "reason": reason},
        )
    return bool(done)
