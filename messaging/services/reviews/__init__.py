"""A version's audit at vendors: look, submit, hand over, decide, register by hand, renew."""

from messaging.services.reviews.checking import (
    NotCarried,
    NotReady,
    audits,
    hard_findings,
    line_of,
    problems_for,
    submission_of,
)
from messaging.services.reviews.deciding import apply_decision, apply_event, refresh, refresh_waiting
from messaging.services.reviews.handing_over import due, hand_over, nudge, sweep
from messaging.services.reviews.registering import declare_absent, register_by_hand, take_back
from messaging.services.reviews.submitting import can_renew, require_ready, room_for, submit
from messaging.services.reviews.timing import Calendar, must_be_reviewed, pauses, usual_days

__all__ = [
    "Calendar",
    "NotCarried",
    "NotReady",
    "apply_decision",
    "apply_event",
    "audits",
    "can_renew",
    "declare_absent",
    "due",
    "hand_over",
    "hard_findings",
    "line_of",
    "must_be_reviewed",
    "nudge",
    "pauses",
    "problems_for",
    "refresh",
    "refresh_waiting",
    "register_by_hand",
    "require_ready",
    "room_for",
    "submission_of",
    "submit",
    "sweep",
    "take_back",
    "usual_days",
]
