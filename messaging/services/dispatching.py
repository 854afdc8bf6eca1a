"""A round of sending: made, started, paused, resumed, cancelled. Each step is one counted UPDATE: of two people one wins."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit, masking
from config.kit.words import gettext_noop
from messaging import queue
from messaging.bulk.skipping import suppressed
from messaging.gateway.registry import vendor_class
from messaging.hooks import dispatch_changed
from messaging.models import Batch, Chatbot, Delivery, Dispatch, Signature, VendorAccount
from messaging.services import claiming
from messaging.states import BATCH_OPEN, BatchState, DispatchState, Own
from templates_5g.blocks import variables as names
from templates_5g.models import TemplateVersion

MOST_TEST_NUMBERS = 20


def start(dispatch: Dispatch, actor: Any = None) -> bool:
    """READY -> RUNNING, and the first nudges. False if somebody else was first."""
    now = timezone.now()
    done = _step(dispatch, (DispatchState.READY,), DispatchState.RUNNING, started_at=now)
    if done:
        audit.record(gettext_noop("Started a send round"), actor=actor, target=dispatch)
        nudge(dispatch)
    return done


def pause(dispatch: Dispatch, actor: Any = None) -> bool:
    """Nothing more goes out but what is on the wire already; claimed batches go back to the queue."""
    done = _step(dispatch, (DispatchState.RUNNING,), DispatchState.PAUSED)
    if done:
        audit.record(gettext_noop("Paused a send round"), actor=actor, target=dispatch)
    return done


def resume(dispatch: Dispatch, actor: Any = None) -> bool:
    done = _step(
        dispatch, (DispatchState.PAUSED, DispatchState.STOPPED), DispatchState.RUNNING, stop_reason="", stop_detail=""
    )
    if done:
        audit.record(gettext_noop("Resumed a send round"), actor=actor, target=dispatch)
        nudge(dispatch)
    return done


def release(dispatch: Dispatch) -> bool:
    """What waited behind the first batches may go. False if nothing was held (any more)."""
    held = Dispatch.objects.filter(pk=dispatch.pk, hold_after__isnull=False)
    done = bool(held.update(hold_after=None))
    dispatch.refresh_from_db()
    if done:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)
        nudge(dispatch)
    return done


def reopen(dispatch: Dispatch) -> bool:
    """DONE -> RUNNING: batches were added to it."""
    done = _step(dispatch, (DispatchState.DONE,), DispatchState.RUNNING, finished_at=None)
    if done:
        nudge(dispatch)
    return done


def cancel(dispatch: Dispatch, actor: Any = None) -> bool:
    """What is not on the wire yet is not sent any more: claims are taken back, then everything queued is closed."""
    open_states = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)
    with transaction.atomic():
        done = _step(dispatch, open_states, DispatchState.CANCELLED, tell=False, finished_at=timezone.now())
        if done:
            claimed = Batch.objects.filter(dispatch=dispatch.pk, state=BatchState.CLAIMED)
            claimed.update(state=BatchState.QUEUED, claim="", claimed_at=None)
            count = _close_queued(dispatch.pk, BatchState.CANCELLED, "cancelled")
            dispatch_changed.send(sender=Dispatch, dispatch=dispatch)  # only now: who listens counts people
            audit.record(
                gettext_noop("Cancelled a send round"), actor=actor, target=dispatch, detail={"batches": count}
            )
    return done


def _step(dispatch: Dispatch, olds: Sequence[str], new: str, *, tell: bool = True, **values: Any) -> bool:
    done = bool(Dispatch.objects.filter(pk=dispatch.pk, state__in=olds).update(state=new, **values))
    dispatch.refresh_from_db()
    if done and tell:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)
    return done


def _close_queued(dispatch_id: int, state: str, reason: str) -> int:
    return Batch.objects.filter(dispatch=dispatch_id, state=BatchState.QUEUED).update(state=state, reason=reason)


def nudge(dispatch: Dispatch) -> None:
    """Wake as many workers as may be on the wire at once for this account."""
    for slot in range(min(claiming.flights(dispatch), claiming.TURNS)):
        queue.nudge_once(
            f"send:{dispatch.pk}:{slot}", "messaging.tasks.send_some", dispatch.pk, slot, queue=dispatch.queue
        )


def lapse(dispatch: Dispatch) -> int:
    """The time after which it is useless has passed: what is queued lapses."""
    return _close_queued(dispatch.pk, BatchState.LAPSED, "useless_after")


def finish(dispatch: Dispatch) -> bool:
    """RUNNING (or a cancelled one's last batch) -> DONE when no batch can go on the wire any more. Locked while it looks:
    batches that somebody adds at this moment would wait in a round that is done, and nobody would send them."""
    may_go_out = Batch.objects.filter(dispatch=dispatch.pk, state__in=BATCH_OPEN)
    if may_go_out.exists():
        return False
    with transaction.atomic():
        Dispatch.objects.select_for_update(no_key=True, of=("self",)).get(pk=dispatch.pk)
        if may_go_out.exists():
            return False
        done = _step(dispatch, (DispatchState.RUNNING,), DispatchState.DONE, tell=False, finished_at=timezone.now())
    if done:
        dispatch_changed.send(sender=Dispatch, dispatch=dispatch)  # only now: who listens locks the campaign first
    return done


def send_test(
    version: TemplateVersion,
    account: VendorAccount,
    phones: Sequence[str],
    *,
    signature: Signature | None,
    chatbot: Chatbot | None = None,
    variables: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    actor: Any = None,
) -> Dispatch:
    """A few numbers now, as a round of its own. Suppressed numbers are recorded as not sent. Raises ValidationError."""
    numbers = list(dict.fromkeys(phones))
    if not 1 <= len(numbers) <= MOST_TEST_NUMBERS:
        raise ValidationError(_("A test goes to 1 to %(most)s numbers.") % {"most": MOST_TEST_NUMBERS})
    missing = [name for name in names.names_of(version.content, version.fallback) if not (variables or {}).get(name)]
    if missing:
        raise ValidationError(_("Give a value for: %(names)s.") % {"names": ", ".join(missing)})
    with transaction.atomic():
        dispatch = Dispatch.objects.create(
            kind=Dispatch.Kind.TEST,
            title=_("Test of %(version)s") % {"version": version},
            source=_("Test"),
            version=version,
            account=account,
            signature=signature,
            chatbot=chatbot,
            purpose=version.template.purpose,
            options=dict(options or {}),
            queue="notice",
            total=len(numbers),
            created_by=actor,
        )
        if claiming.template_missing(dispatch):
            raise ValidationError(_("This version is not approved at this account."))
        _lay_out(dispatch, numbers, dict(variables or {}))
        audit.record(
            gettext_noop("Sent a test"),
            actor=actor,
            target=dispatch,
            detail={"phones": [masking.phone(phone) for phone in numbers]},
        )
        start(dispatch, actor)
    return dispatch


def send_text(
    text: str,
    account: VendorAccount,
    phone: str,
    *,
    signature: Signature | None,
    title: str,
    actor: Any = None,
    window: tuple[time | None, time | None] = (None, None),
    useless_after: datetime | None = None,
) -> Dispatch:
    """A free text to one number (an answer), sent within the daily `window` only, at any hour without one. Raises
    ValidationError where the vendor cannot."""
    if not vendor_class(account.vendor).capabilities.can_answer:
        raise ValidationError(_("This account cannot answer."))
    with transaction.atomic():
        dispatch = Dispatch.objects.create(
            kind=Dispatch.Kind.ANSWER,
            title=title[:120],
            text=text,
            account=account,
            signature=signature,
            purpose="notice",
            queue="notice",
            total=1,
            window_from=window[0],
            window_until=window[1],
            useless_after=useless_after,
            created_by=actor,
        )
        _lay_out(dispatch, [phone], {})
        start(dispatch, actor)
    return dispatch


def _lay_out(dispatch: Dispatch, phones: Sequence[str], values: dict[str, str]) -> None:
    """Rows and one batch for a handful of numbers."""
    version = dispatch.version
    capabilities = vendor_class(dispatch.account.vendor).capabilities
    text = dispatch.text
    if version is not None and capabilities.per_text:
        text = names.fill(str(version.content.get("text", "")), values)
    batch = Batch.objects.create(
        dispatch=dispatch,
        account=dispatch.account,
        number=1,
        size=len(phones),
        text=text if text != dispatch.text else "",
    )
    Delivery.objects.bulk_create(
        Delivery(dispatch=dispatch, batch=batch, run=dispatch.run, leg=dispatch.leg, phone=phone, variables=values)
        for phone in sorted(phones)
    )
    _skip_suppressed(dispatch, batch)


def _skip_suppressed(dispatch: Dispatch, batch: Batch) -> None:
    from django.db.models import Exists

    rows = batch.deliveries.filter(Exists(suppressed(dispatch)))
    count = rows.update(own=Own.SKIPPED, reason="suppressed")
    Batch.objects.filter(pk=batch.pk).update(n_skipped=F("n_skipped") + count)
