"""What lower apps announce and campaigns act upon: the audit trail, rounds that change, the tick."""

from typing import Any

from campaigns import hooks as own_hooks
from campaigns.models import AuditEvent
from campaigns.services import figures, idempotency, importing, running, webhooks
from config.kit import audit, masking
from messaging import hooks


def keep(action: str, actor: Any, target: Any, detail: dict[str, Any], **_signal: Any) -> None:
    """One row of the audit trail, in the transaction of what it tells of."""
    AuditEvent.objects.create(
        actor=actor if getattr(actor, "pk", None) else None,
        action=action[:80],
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=masking.text(str(target))[:160] if target is not None else "",
        detail=detail,
    )


def on_dispatch(dispatch: Any, **_signal: Any) -> None:
    running.follow(dispatch)


def on_tick(**_signal: Any) -> None:
    running.tick()
    importing.wake_stuck()
    figures.refresh()
    figures.read_balances()
    idempotency.forget_old()
    webhooks.forget_old()
    webhooks.wake()


def on_deliveries(ids: Any, **_signal: Any) -> None:
    webhooks.deliveries_updated(ids)


def on_reply(reply: Any, **_signal: Any) -> None:
    webhooks.reply_received(reply)


def on_review(review: Any, **_signal: Any) -> None:
    webhooks.template_reviewed(review)


def on_finished(campaign: Any, **_signal: Any) -> None:
    webhooks.campaign_finished(campaign)


def connect() -> None:
    audit.recorded.connect(keep, dispatch_uid="campaigns.audit")
    hooks.dispatch_changed.connect(on_dispatch, dispatch_uid="campaigns.dispatch")
    hooks.deliveries_moved.connect(on_deliveries, dispatch_uid="campaigns.deliveries")
    hooks.reply_arrived.connect(on_reply, dispatch_uid="campaigns.reply")
    hooks.review_decided.connect(on_review, dispatch_uid="campaigns.review")
    own_hooks.campaign_finished.connect(on_finished, dispatch_uid="campaigns.finished")
    hooks.ticked.connect(on_tick, dispatch_uid="campaigns.tick")
