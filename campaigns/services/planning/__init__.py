"""Planning: who gets it and who does not, what it costs, when it ends, and the rows that say so."""

from campaigns.services.planning.layout import MoreThanConfirmed, lay_out
from campaigns.services.planning.obstacles import sentence
from campaigns.services.planning.rules import arms, batch_size, closed_days, pace_of
from campaigns.services.planning.sheet import REASONS, NotNow, begin_check, blocked, check, make_sheet, wake_stuck

__all__ = [
    "REASONS",
    "MoreThanConfirmed",
    "NotNow",
    "arms",
    "batch_size",
    "begin_check",
    "blocked",
    "check",
    "closed_days",
    "lay_out",
    "make_sheet",
    "pace_of",
    "sentence",
    "wake_stuck",
]
