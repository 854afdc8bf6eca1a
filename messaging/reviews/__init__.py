"""A version's audit at vendors: look, submit, hand over, decide, register by hand, renew."""

from messaging.compatibility.problems import problems_for, submission_of
from messaging.reviews.calendar import Calendar, must_be_reviewed, pauses, usual_days
from messaging.reviews.check import (
    ContentNotSupported,
    NotReady,
    audits,
    hard_findings,
    line_of,
)
from messaging.reviews.decide import Asked, apply_decision, apply_event, refresh, refresh_waiting
from messaging.reviews.handover import due, hand_over, sweep, wake
from messaging.reviews.register import declare_absent, register_by_hand, take_back
from messaging.reviews.submission import can_renew, require_ready, room_for, submit

__all__ = [
    "Asked",
    "Calendar",
    "ContentNotSupported",
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
    "wake",
]
