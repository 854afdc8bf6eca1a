"""What lower apps announce and campaigns act upon: the audit trail, rounds that change, the tick."""

from typing import Any

from campaigns.models import AuditEvent
from campaigns.services import importing, running
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


def connect() -> None:
    audit.recorded.connect(keep, dispatch_uid="campaigns.audit")
    hooks.dispatch_changed.connect(on_dispatch, dispatch_uid="campaigns.dispatch")
    hooks.ticked.connect(on_tick, dispatch_uid="campaigns.tick")
