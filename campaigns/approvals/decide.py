"""The door: a colleague decides what waits, whatever it is."""

from typing import Any

from campaigns.approvals import campaign_approvals, first_uses, follow_up_approvals, role_grants, subject
from campaigns.approvals.subject import CannotDecide, Subject
from campaigns.models import Approval, DecidedRequest, FirstUse, RoleGrant
from campaigns.states import ApprovalState
from kit.people import Person

__all__ = ["CannotDecide", "grant", "passed_words", "refuse", "why_not"]

_SUBJECTS: dict[type[DecidedRequest], Subject[Any]] = {FirstUse: first_uses.SUBJECT, RoleGrant: role_grants.SUBJECT}
_OF_APPROVALS = {
    Approval.Kind.CAMPAIGN: campaign_approvals.SUBJECT,
    Approval.Kind.FOLLOW_UP: follow_up_approvals.SUBJECT,
}


def _subject(row: DecidedRequest) -> Subject[Any]:
    return _OF_APPROVALS[Approval.Kind(row.kind)] if isinstance(row, Approval) else _SUBJECTS[type(row)]


def why_not(row: DecidedRequest, person: Person) -> str:
    """Why this person may not decide this one, since it is their own; "" where they may."""
    return _subject(row).why_not(row, person)


def passed_words(row: DecidedRequest) -> str:
    """That the start time of a campaign that waits has passed; "" for everything else."""
    if isinstance(row, Approval) and row.kind == Approval.Kind.CAMPAIGN:
        return campaign_approvals.passed_words(row)
    return ""


def grant(row: DecidedRequest, person: Person, reason: str = "", *, at_once: bool = False) -> None:
    """PENDING -> GRANTED, with what follows. A campaign whose start time has passed only with `at_once`. Raises CannotDecide."""
    passed = passed_words(row) if row.state == ApprovalState.PENDING else ""
    if passed and not at_once:
        raise CannotDecide(passed)
    subject.decide(_subject(row), row.pk, person, ApprovalState.GRANTED, reason)
    row.refresh_from_db()


def refuse(row: DecidedRequest, person: Person, reason: str) -> None:
    """PENDING -> REFUSED with what has to change. Raises CannotDecide."""
    subject.decide(_subject(row), row.pk, person, ApprovalState.REFUSED, reason)
    row.refresh_from_db()
