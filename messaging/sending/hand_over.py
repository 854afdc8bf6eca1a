"""Hand over batches: claim, write the attempt down, POST outside any transaction, record what is known.

The order is the guarantee. The attempt and `sending` are committed before the first byte leaves, so a process that dies
later leaves a batch that says "this may have gone out" and the sweeper makes it unknown, never queued.
"""

import gc
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from kit import masks, sql
from messaging import fence
from messaging.accounts import adapters
from messaging.deliveries.recipients import recipients as people
from messaging.gateway import reasons
from messaging.gateway.departure import Departure
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import CallRecord, Recipient, SendRequest, SendResult, Verdict
from messaging.models import Attempt, Batch, Dispatch, TemplateReview
from messaging.sending import attempts, claim, outcomes
from messaging.states import AttemptOutcome

log = logging.getLogger(__name__)
LONGEST_NAP = 5.0  # seconds that a worker sleeps for one dispatch while others may wait for it
AT_ONCE = 16  # batches that one claim takes, so that its rechecks are asked once for all of them
STALE_SECONDS = 2.0  # a claim older than this is asked anew
Reviews = Mapping[str, TemplateReview]


def send_some(dispatch_id: int, *, seconds: float | None = None) -> str:
    """Claim and hand over batches of a dispatch until there is none, it is held, or the time (one turn) is over. Returns
    why it ended: `time`, or the reason of claim.Held. Waits through short holds (rate, requests in flight, cap); a long one
    ends it, and the tick comes back when it is over."""
    _settle_memory()
    sql.forget_plans()
    end = time.monotonic() + (settings.SONGDA["TURN_SECONDS"] if seconds is None else seconds)
    at_once = AT_ONCE
    while time.monotonic() < end:
        found = claim.claim_next(dispatch_id, at_once)
        if isinstance(found, claim.Held):
            if found.reason not in ("rate", "in_flight", "cap") or found.seconds > LONGEST_NAP:
                return found.reason
            time.sleep(max(0.0, min(found.seconds, end - time.monotonic())))
            continue
        began = time.monotonic()
        done = hand_over_all(found)
        # As many as can be handed over before their rechecks are old: of a slow vendor's the rest would only be given back.
        at_once = max(1, min(AT_ONCE, int(STALE_SECONDS * done / (time.monotonic() - began))))
    return "time"


@cache
def _settle_memory() -> None:
    """Once for each process: what is loaded by now stays, and the cyclic collector need not walk through all of it again and
    again, which costs a tenth of a sender's time."""
    gc.collect()
    gc.freeze()


def hand_over_all(claimed: claim.Claimed) -> int:
    """One after the other. What the rechecks said grows old, and trouble may stop the account: then the rest is given back
    and claimed anew. Returns how many were tried."""
    fresh_until = time.monotonic() + claimed.wait + STALE_SECONDS
    slots = list(claimed.slots)
    try:
        while slots:
            if (wait := slots[0].at - time.monotonic()) > 0:
                time.sleep(wait)
            accepted = hand_over(slots[0].batch, claimed)
            del slots[0]
            if not accepted or time.monotonic() > fresh_until:
                break
    finally:  # also of a batch whose `begin` failed; one that is on the wire is not claimed any more
        for left in slots:
            claim.release(left.batch)
    return len(claimed.slots) - len(slots)


def hand_over(batch: Batch, claimed: claim.Claimed | None = None) -> bool:
    """Send one claimed batch, once; `claimed` spares asking anew for what its claim has just asked. True if it was
    accepted. What has not left a few seconds after `begin` was asked does not leave any more and goes back to the queue."""
    dispatch = claimed.dispatch if claimed else _dispatch(batch)
    departure = Departure()
    attempt: Attempt | None = None
    calls: list[CallRecord] = []
    try:
        begun = begin(batch, dispatch, claimed.reviews if claimed else None)
        if begun is None:
            return False
        attempt, request = begun
        with adapters.departing(dispatch.account, departure):
            result = transmit(dispatch, request, calls)
    except BaseException:  # the queue's alarm after a standstill, the end of this process, a database that went away
        if departure.call_off():
            _take_back(batch, attempt)
        raise
    outcomes.record(attempt, result, calls)
    return result.verdict.outcome is Outcome.ACCEPTED


def _take_back(batch: Batch, attempt: Attempt | None) -> None:
    """Nothing has left. Without the attempt it is not known whether `begin` was committed, since its answer may be what was
    interrupted: then the attempt is looked for under this very claim, in a new connection."""
    if attempt is None:
        if not connection.in_atomic_block:
            connection.close()
        mine = Attempt.objects.filter(batch=batch.pk, batch__claim=batch.claim, outcome=AttemptOutcome.OPEN)
        with suppress(Error):
            attempt = mine.select_related("batch__dispatch__account", "account").first()
    if attempt is not None:
        words = "The process was ended before the request could leave"
        outcomes.record(attempt, SendResult(Verdict(Outcome.NOT_TAKEN, reasons.STOOD_STILL, "", words)))


def _dispatch(batch: Batch) -> Dispatch:
    return Dispatch.objects.select_related("account", "version", "signature", "chatbot").get(pk=batch.dispatch_id)


def begin(batch: Batch, dispatch: Dispatch, reviews: Reviews | None = None) -> tuple[Attempt, SendRequest] | None:
    """`claimed -> sending` with its Attempt, in one commit, after all that could go wrong before the wire. None when the claim
    was lost meanwhile, somebody of the batch opted out, or the dispatch was paused, stopped or cancelled: then the batch is
    given back, so a pause lets nothing out but what is on the wire already.

    The people are read without a lock: whoever takes one out counts him in `n_skipped` in the same transaction, and the step
    is only made while that is what the claim saw. After it, an opt-out finds the batch on the wire.
    """
    batch.dispatch = dispatch
    number = batch.attempts_made + 1
    reference = adapters.kept_adapter(dispatch.account).reference(batch.pk, number, fence.mark())
    recipients = people(batch)
    request = build_request(dispatch, batch, recipients, reference, reviews=reviews) if recipients else None
    now = timezone.now()
    attempt = Attempt(batch=batch, account=dispatch.account, number=number, reference=reference, started_at=now)
    if request is None or not attempts.begin(attempt, now):
        claim.release(batch)
        return None
    return attempt, request


def build_request(
    dispatch: Dispatch,
    batch: Batch,
    recipients: Sequence[Recipient],
    reference: str,
    *,
    reviews: Reviews | None = None,
    is_repeat: bool = False,
) -> SendRequest:
    """One batch as the adapter wants it. A text equal for all stands in `text`. `reviews` are the live ones if known."""
    ids = {part: found.vendor_template_id for part, found in (reviews or claim.live_reviews(dispatch)).items()}
    main = ids.pop("main", "")
    return SendRequest(
        reference=reference,
        recipients=recipients,
        signature=dispatch.signature.text if dispatch.signature else "",
        content=dispatch.version.blocks if dispatch.version else None,
        fallback=dispatch.version.fallback_blocks if dispatch.version else None,
        template_id=main,
        part_ids=ids,
        text=batch.text or dispatch.text,
        options=dispatch.options,
        is_repeat=is_repeat,
    )


def transmit(dispatch: Dispatch, request: SendRequest, calls: list[CallRecord]) -> SendResult:
    """The POST; `calls` gets the exchange. What cannot even be built is the dispatch's trouble: nothing was on the wire."""
    try:
        return adapters.kept_adapter(dispatch.account, calls).send(request)
    except Exception as error:
        log.exception("A request could not be built for dispatch %s", dispatch.pk)
        word = masks.text(f"{type(error).__name__}: {error}", dispatch.account.config.secrets)
        return SendResult(Verdict(Outcome.BLOCKED, reasons.BAD_REQUEST, "", word, blocks="dispatch"))
