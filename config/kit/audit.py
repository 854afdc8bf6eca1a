"""Lower apps announce what a person did; the app that keeps the trail listens. Stored in the caller's transaction."""

from typing import Any

from django.dispatch import Signal

recorded = Signal()


def record(action: str, *, actor: Any = None, target: Any = None, detail: dict[str, Any] | None = None) -> None:
    """Announce that `actor` (a user or None for the system) did `action` (a msgid) to `target` (a model instance).

    `detail` must be JSON and hold no full number and no secret. Listeners write rows in the running transaction.
    """
    recorded.send(sender=None, action=action, actor=actor, target=target, detail=detail or {})
