"""Hand over batches: claim, write the attempt down, POST outside any transaction, record what is known.

The order is the guarantee. The attempt and `sending` are committed before the first byte leaves, so a process that dies
later leaves a batch that says "this may have gone out" and the sweeper makes it unknown, never queued.
"""

import logging
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.kit import masking
from messaging.gateway import reasons
from messaging.gateway.errors import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Recipient, SendRequest, SendResult, Verdict
from messaging.models import Attempt, Batch, Dispatch
from messaging.services import accounts, claiming, outcomes
from messaging.states import BatchState

log = logging.getLogger(__name__)
LONGEST_NAP = 5.0  # seconds that a worker sleeps for one round while others may wait for it


def send_some(dispatch_id: int, *, seconds: float | None = None) -> str:
    """Claim and hand over batches of a dispatch until there is none, it is held, or the time (one turn) is over. Returns
    why it ended: `time`, or the reason of claiming.Held. Waits through short holds (pace, requests in flight); a long one
    ends it, and the tick comes back when it is over."""
    end = time.monotonic() + (settings.SONGDA["TURN_SECONDS"] if seconds is None else seconds)
    while time.monotonic() < end:
        found = claiming.claim_next(dispatch_id)
        if isinstance(found, claiming.Held):
            if found.reason not in ("pace", "in_flight") or found.seconds > LONGEST_NAP:
                return found.reason
            time.sleep(max(0.0, min(found.seconds, end - time.monotonic())))
            continue
        time.sleep(found.wait)
        hand_over(found.batch)
    return "time"


def hand_over(batch: Batch) -> None:
    """Send one claimed batch, once."""
    dispatch = Dispatch.objects.select_related("account", "version", "signature", "chatbot").get(pk=batch.dispatch_id)
    begun = begin(batch, dispatch)
    if begun is None:
        return
    attempt, request = begun
    outcomes.record(attempt.pk, transmit(dispatch, attempt, request))


def begin(batch: Batch, dispatch: Dispatch) -> tuple[Attempt, SendRequest] | None:
    """`claimed -> sending` with its Attempt, in one commit. None when the claim was lost meanwhile (swept, paused).

    The people are read under the batch's row lock: an opt-out either came before and they are out, or comes after and
    finds the batch on the wire.
    """
    with transaction.atomic():
        taken = Batch.objects.filter(pk=batch.pk, state=BatchState.CLAIMED, claim=batch.claim).update(
            state=BatchState.SENDING, attempts_made=batch.attempts_made + 1, claimed_at=timezone.now()
        )
        if not taken:
            return None
        recipients = [Recipient(phone, values) for phone, values in people(batch)]
        if not recipients:
            _give_back(batch)
            return None
        number = batch.attempts_made + 1
        reference = vendor_class(dispatch.account.vendor)(dispatch.account.config).reference(batch.pk, number)
        attempt = Attempt.objects.create(
            batch=batch, account=dispatch.account, number=number, reference=reference, started_at=timezone.now()
        )
        return attempt, build_request(dispatch, batch, recipients, reference)


def _give_back(batch: Batch) -> None:
    """Everybody opted out between the claim and the wire; the next claim closes the batch."""
    Batch.objects.filter(pk=batch.pk).update(
        state=BatchState.QUEUED, claim="", claimed_at=None, attempts_made=batch.attempts_made
    )


def people(batch: Batch) -> Any:
    """(phone, variables) of those who still share the batch's fate, in the order in which they were stored."""
    return batch.deliveries.filter(own__isnull=True).order_by("phone").values_list("phone", "variables")


def build_request(
    dispatch: Dispatch, batch: Batch, recipients: list[Recipient], reference: str, *, is_repeat: bool = False
) -> SendRequest:
    """One batch as the adapter wants it. A text equal for all stands in `text`."""
    review = claiming.live_review(dispatch)
    parts = {part: claiming.live_review(dispatch, part) for part in ("sms", "mms", "aim")}
    return SendRequest(
        reference=reference,
        recipients=recipients,
        signature=dispatch.signature.text if dispatch.signature else "",
        content=dispatch.version.blocks if dispatch.version else None,
        fallback=dispatch.version.fallback_blocks if dispatch.version else None,
        template_id=review.vendor_template_id if review else "",
        part_ids={part: found.vendor_template_id for part, found in parts.items() if found},
        text=batch.text or dispatch.text,
        options=dispatch.options,
        sender=dispatch.chatbot.vendor_id if dispatch.chatbot else "",
        is_repeat=is_repeat,
    )


def transmit(dispatch: Dispatch, attempt: Attempt, request: SendRequest) -> SendResult:
    """The POST. What cannot even be built is the dispatch's trouble: nothing was on the wire."""
    adapter = accounts.adapter_for(dispatch.account, attempt=attempt)
    try:
        return adapter.send(request)
    except Exception as error:
        log.exception("A request could not be built for dispatch %s", dispatch.pk)
        word = masking.text(f"{type(error).__name__}: {error}", dispatch.account.config.secrets)
        return SendResult(Verdict(Outcome.BLOCKED, reasons.BAD_REQUEST, "", word, blocks="dispatch"))
