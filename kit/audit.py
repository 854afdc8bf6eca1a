"""Lower apps announce what a person did; the app that keeps the trail listens. Stored in the caller's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, TextChoices
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from kit.people import Actor

recorded = Signal()
_words: dict[str, object] = {}


def declared(actions: type[TextChoices]) -> type[TextChoices]:
    """Decorator of an app's actions: codes of at most 80 characters, "object.what_happened", and what the trail calls them."""
    _words.update(actions.choices)
    return actions


def words(code: str) -> str:
    """What the trail calls an action; a code that no app declares any more is shown as it is."""
    return str(_words.get(code, code))


@declared
class AuditAction(TextChoices):
    RECORD_DELETED = "record.deleted", _("Deleted a record")


@dataclass(frozen=True)
class Change:
    """Somebody did something to a row."""

    who: str
    at: datetime


# Codes in details that only a higher app can put into words, by the name of the detail; filled in AppConfig.ready().
detail_words: dict[str, Callable[[str], str]] = {}
# Who has been at a row since a moment, the latest first; filled in by the app that keeps the trail.
_readers: list[Callable[[Model, datetime], Sequence[Change]]] = []


def record(
    action: TextChoices, *, actor: Actor = None, target: Model | None = None, detail: Mapping[str, object] | None = None
) -> None:
    """Announce that `actor` (a user or None for the system) did `action` (a declared code) to `target` (a model instance).

    `detail` must be JSON and hold no full number and no secret. Listeners write rows in the running transaction.
    """
    recorded.send(sender=None, action=str(action), actor=actor, target=target, detail=detail or {})


def read_with(reader: Callable[[Model, datetime], Sequence[Change]]) -> None:
    if reader not in _readers:
        _readers.append(reader)


def changes_since(target: Model, since: datetime) -> list[Change]:
    """Who did something to `target` since then: each person once, with their latest, the latest first."""
    found = sorted((one for reader in _readers for one in reader(target, since)), key=lambda one: one.at, reverse=True)
    latest: dict[str, Change] = {}
    for one in found:
        latest.setdefault(one.who, one)
    return list(latest.values())
