"""Checking before a start: who gets it and who does not, what it costs, when it ends."""

from campaigns.preflight.audience_query import arms, batch_size, closed_days, pace_of
from campaigns.preflight.obstacles import passed_words, sentence, start_passed
from campaigns.preflight.repeats import Again
from campaigns.preflight.report import REASONS, NotNow, begin_check, blocked, check, make_sheet, wake_stuck

__all__ = [
    "REASONS",
    "Again",
    "NotNow",
    "arms",
    "batch_size",
    "begin_check",
    "blocked",
    "check",
    "closed_days",
    "make_sheet",
    "pace_of",
    "passed_words",
    "sentence",
    "start_passed",
    "wake_stuck",
]
