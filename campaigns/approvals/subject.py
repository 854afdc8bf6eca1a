"""What waits for a second person, and how it is decided: one way for campaigns, follow-ups, first uses by API and roles."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.approvals import password_notes
from campaigns.audit_actions import AuditAction
from campaigns.models import DecidedRequest
from campaigns.states import ApprovalState
from kit import audit, display
from kit.people import Person

Row = TypeVar("Row", bound=DecidedRequest)


class CannotDecide(Exception):
    """Nothing was asked or decided. str() says why and what to do."""


class Subject(ABC, Generic[Row]):
    """One kind of request. A row is the request, with the columns of DecidedRequest."""

    granted: AuditAction
    rejected: AuditAction
    # Said where somebody sends it back without a word.
    reason_missing: str | Promise = gettext_lazy("Say what has to change.")

    @abstractmethod
    def locked(self, pk: int) -> Row:
        """The request, locked until the transaction ends, after what it is about."""

    @abstractmethod
    def why_not(self, row: Row, person: Person) -> str:
        """Why this person may not decide this one, since it is their own; "" where they may."""

    def is_open(self, row: Row) -> bool:
        return row.state == ApprovalState.PENDING

    def is_void(self, row: Row) -> bool:
        """Whether it is about something that has changed since."""
        return False

    def settled(self, row: Row) -> None:
        """What follows from the new state."""

    @abstractmethod
    def trail(self, row: Row) -> tuple[models.Model, dict[str, Any]]:
        """(target, detail) in the audit trail."""


def decide(subject: Subject[Row], pk: int, person: Person, state: ApprovalState, reason: str = "") -> Row:
    """PENDING -> GRANTED or REFUSED, with everything that follows. Raises CannotDecide; what has changed is void then."""
    row, is_void = _decide(subject, pk, person, state, reason.strip()[:200])
    if is_void:
        raise CannotDecide(_("The campaign was changed after it was submitted, so the request is void."))
    return row


@transaction.atomic
def _decide(subject: Subject[Row], pk: int, person: Person, state: ApprovalState, reason: str) -> tuple[Row, bool]:
    row = subject.locked(pk)
    if words := subject.why_not(row, person) or password_notes.why_no_decision(person):
        raise CannotDecide(words)
    if not subject.is_open(row):
        raise CannotDecide(_why_closed(row))
    if state == ApprovalState.REFUSED and not reason:
        raise CannotDecide(str(subject.reason_missing))
    if subject.is_void(row):
        void(subject, row)
        return row, True
    settle(subject, row, person, state, reason)
    target, detail = subject.trail(row)
    audit.record(
        subject.granted if state == ApprovalState.GRANTED else subject.rejected,
        actor=person,
        target=target,
        detail=detail,
    )
    return row, False


def settle(subject: Subject[Row], row: Row, person: Person, state: ApprovalState, reason: str) -> None:
    """Whoever calls this has judged that it may be, and writes the trail."""
    row.state, row.decided_by, row.decided_at, row.reason = state, person, timezone.now(), reason
    row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    subject.settled(row)


def void(subject: Subject[Row], row: Row) -> None:
    """It was about something that has changed: nobody decides it any more, and it covers nothing."""
    row.state = ApprovalState.VOID
    row.save(update_fields=["state"])
    subject.settled(row)
    target, _detail = subject.trail(row)
    audit.record(AuditAction.APPROVAL_VOID, target=target, detail={"approval": row.pk})


def _why_closed(row: DecidedRequest) -> str:
    if row.state == ApprovalState.VOID or row.decided_by is None or row.decided_at is None:
        return _("This request is no longer open.")
    at = display.day_and_time(row.decided_at)
    return _("%(who)s decided already: %(time)s.") % {"who": display.person(row.decided_by), "time": at}
