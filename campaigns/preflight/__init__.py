"""Checking before a start: who gets it and who does not, what it costs, when it ends."""

from campaigns.preflight.obstacles import passed_words, sentence, start_passed
from campaigns.preflight.report import REASONS, NotNow, begin_check, check, make_report, wake_stuck
from campaigns.preflight.specs import closed_days, variants

__all__ = [
    "REASONS",
    "NotNow",
    "begin_check",
    "check",
    "closed_days",
    "make_report",
    "passed_words",
    "sentence",
    "start_passed",
    "variants",
    "wake_stuck",
]
