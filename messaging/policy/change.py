"""Saving the policy. Limits hold for what is confirmed from then on; holidays and caps also for what is under way."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from kit import audit
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.models import Dispatch, SendingPolicy
from messaging.states import DispatchState

_OPEN = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)
_CAPS = frozenset({"cap_count", "cap_days", "notice_cap_count", "notice_cap_days"})
_KEEPS_HOLIDAYS = (Dispatch.Kind.MAIN, Dispatch.Kind.RESEND, Dispatch.Kind.FALLBACK)


def locked() -> SendingPolicy:
    """The stored row, held until the end of the transaction. While nobody has saved any, the row is made with what holds
    anyway: two people who save for the first time in one moment find each other too."""
    current = SendingPolicy.current()
    if not SendingPolicy.objects.filter(pk=1).exists():
        SendingPolicy.objects.bulk_create([current], ignore_conflicts=True)
    return SendingPolicy.objects.select_for_update(no_key=True).get(pk=1)


@transaction.atomic
def save(policy: SendingPolicy, changed: Sequence[str], actor: Actor) -> int:
    """Returns how many open marketing dispatches got the new holidays."""
    policy.save()
    audit.record(
        AuditAction.POLICY_CHANGED,
        actor=actor,
        target=policy,
        detail={name: _plain(getattr(policy, name)) for name in changed},
    )
    if not _CAPS.isdisjoint(changed):
        _cap_open_dispatches(policy)
    dispatches = Dispatch.objects.filter(state__in=_OPEN, kind__in=_KEEPS_HOLIDAYS, purpose="marketing")
    return dispatches.update(holidays=policy.holidays) if "holidays" in changed else 0


def _cap_open_dispatches(policy: SendingPolicy) -> None:
    for purpose in ("marketing", "notice"):
        count, days = policy.cap_for(purpose)
        dispatches = Dispatch.objects.filter(state__in=_OPEN, purpose=purpose).exclude(kind=Dispatch.Kind.TEST)
        dispatches.update(policy_cap_count=count, policy_cap_days=days)


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, (bool, int, list)) else str(value)
