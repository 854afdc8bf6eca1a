"""One switch for everything that goes out: every account, queue and API, test sends and answers.

A claim, the step onto the wire and a vendor's check each ask for it in a statement of theirs, so it holds as soon as it is
committed; what had stepped onto the wire before has a few seconds to leave (messaging.gateway.departure).
"""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from kit import audit, clock
from kit.people import Actor
from messaging import queue
from messaging.audit_actions import AuditAction
from messaging.deliveries import batch_states
from messaging.models import Batch, SendingStop
from messaging.states import BatchState

log = logging.getLogger(__name__)


def current() -> SendingStop | None:
    """The stop that holds now, with who turned the switch."""
    return SendingStop.objects.filter(holds=True).select_related("stopped_by").first()


def latest() -> SendingStop | None:
    """The last stop, whether it holds or not: who turned the switch last."""
    return SendingStop.objects.select_related("stopped_by", "resumed_by").order_by("-pk").first()


def is_on() -> Exists:
    """For a query that asks for something else as well."""
    return Exists(SendingStop.objects.filter(holds=True))


def stop(reason: str, *, actor: Actor = None, name: str = "") -> SendingStop:
    """Nothing more goes out; what is claimed is given back. Returns the stop that holds, which may be a colleague's earlier
    one. Raises ValidationError without a reason."""
    words = _asked_for(reason)
    found = current()
    if found is None:
        try:
            with transaction.atomic():
                found = SendingStop.objects.create(
                    reason=words, stopped_at=clock.now(), stopped_by=actor, stopped_name=name
                )
                audit.record(AuditAction.SENDING_STOPPED, actor=actor, target=found, detail=_detail(words, name))
        except IntegrityError:  # of two who press at once one does it
            found = current()
            if found is None:
                raise
        else:
            log.error("All sending is stopped: %s", words)
    _give_back()
    return found


def resume(reason: str, *, actor: Actor = None, name: str = "") -> bool:
    """What waits goes on. False if nothing was stopped (any more). Raises ValidationError without a reason."""
    words = _asked_for(reason)
    with transaction.atomic():
        found = SendingStop.objects.select_for_update(of=("self",)).filter(holds=True).first()
        if found is None:
            return False
        found.holds, found.resume_reason, found.resumed_at = None, words, clock.now()
        found.resumed_by, found.resumed_name = actor, name
        found.save()
        audit.record(AuditAction.SENDING_RESUMED, actor=actor, target=found, detail=_detail(words, name))
        queue.enqueue_once("tick", "messaging.worker.tasks.tick", queue="notice")
    log.warning("All sending goes on: %s", words)
    return True


def _asked_for(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise ValidationError(_("Give a reason; colleagues read it on every page."))
    return words[:200]


def _detail(reason: str, name: str) -> dict[str, str]:
    return {"reason": reason, **({"on_host": name} if name else {})}


def _give_back() -> None:
    """A row that somebody holds is left to them: their next step finds the switch."""
    try:
        with transaction.atomic():
            free = Batch.objects.select_for_update(skip_locked=True).filter(state=BatchState.CLAIMED)
            mine = Batch.objects.filter(pk__in=list(free.values_list("pk", flat=True)))
            batch_states.step(mine, to=BatchState.QUEUED, from_=(BatchState.CLAIMED,))
    except OperationalError:
        log.exception("Claimed batches were not given back; the sweeper does it")
