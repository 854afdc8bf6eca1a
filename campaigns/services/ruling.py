"""Saving the house's rules. Limits hold for what is confirmed from then on; holidays also for what is under way."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from campaigns.models import SendingRules
from config.kit import audit
from config.kit.words import gettext_noop
from messaging.models import Dispatch
from messaging.states import DispatchState

_OPEN = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)
_ROUNDS = (Dispatch.Kind.MAIN, Dispatch.Kind.RESEND, Dispatch.Kind.FALLBACK)


@transaction.atomic
def save(rules: SendingRules, changed: Sequence[str], actor: Any) -> int:
    """Returns how many open marketing rounds got the new holidays."""
    rules.save()
    audit.record(
        gettext_noop("Changed the sending rules"),
        actor=actor,
        target=rules,
        detail={name: _plain(getattr(rules, name)) for name in changed},
    )
    rounds = Dispatch.objects.filter(state__in=_OPEN, kind__in=_ROUNDS, purpose="marketing")
    return rounds.update(holidays=rules.holidays) if "holidays" in changed else 0


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, list)) else str(value)
