"""Pushes that could not be applied and wait for a person: kept whole, shown, tried again on request."""

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from kit import audit, masks
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.events import store
from messaging.models import CallbackEvent
from messaging.models.receipts import ASIDE

log = logging.getLogger(__name__)
EARLY = timedelta(minutes=10)

# Why, as it is stored; the sentences stand beside the page. Anything else is what reading the body raised.
TRIED, TOO_LONG, TOO_MANY_BAD = "tried", "too_long", "too_many_bad"
NOTHING_READABLE, NO_SUCH_REVIEW = "nothing_readable", "no_such_review"


def put(push: CallbackEvent, note: str, *, unreadable: bool = False) -> None:
    """Take a push out of the way of those behind it, with an alarm. `note`: one of the reasons above, or what was raised."""
    said = masks.text(note, push.account.config.secrets)[:300]
    state = CallbackEvent.State.UNREADABLE if unreadable else CallbackEvent.State.SET_ASIDE
    CallbackEvent.objects.filter(pk=push.pk, state=CallbackEvent.State.NEW).update(state=state, note=said)
    log.error("Push %s (%s) of account %s is set aside: %s", push.pk, push.kind, push.account_id, said)


def waiting() -> QuerySet[CallbackEvent]:
    """Those that somebody must look at. An audit may come before the answer that tells its template: it has a while."""
    early = Q(state=CallbackEvent.State.UNMATCHED, arrived_at__gt=timezone.now() - EARLY)
    return CallbackEvent.objects.filter(state__in=ASIDE).exclude(early)


def apply_again(chosen: QuerySet[CallbackEvent], actor: Actor) -> int:
    """Back among those that are applied. What of it had been applied already changes nothing. Returns how many."""
    rows = list(chosen.filter(state__in=ASIDE).values_list("pk", "account_id"))
    again = CallbackEvent.objects.filter(pk__in=[pk for pk, _ in rows], state__in=ASIDE)
    count = again.update(state=CallbackEvent.State.NEW, tries=0, note="")
    if count:
        audit.record(AuditAction.PUSHES_APPLIED_AGAIN, actor=actor, detail={"count": count})
    for account_id in sorted({account_id for _, account_id in rows}):
        store.wake(account_id)
    return count


def dismiss(chosen: QuerySet[CallbackEvent], actor: Actor, reason: str) -> int:
    """Nothing more is to be done about them. Returns how many."""
    count = chosen.filter(state__in=ASIDE).update(state=CallbackEvent.State.DISMISSED)
    if count:
        detail = {"count": count, "reason": reason}
        audit.record(AuditAction.PUSHES_DISMISSED, actor=actor, detail=detail)
    return count
