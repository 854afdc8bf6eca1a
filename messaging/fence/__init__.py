"""The restore fence: a database that is behind what was already sent sends nothing until a person has looked (ADR 0018)."""

import threading

from messaging.fence import identity
from messaging.fence.holds import blocks, everywhere, hold, nobody_asks, open_holds
from messaging.fence.keeper import Keeper, Standing, State
from messaging.fence.rules import MAY_BE_A_COPY, Rule, announcement, sentence
from messaging.fence.slot import Slot

__all__ = [
    "MAY_BE_A_COPY",
    "Keeper",
    "Rule",
    "Slot",
    "Standing",
    "State",
    "announcement",
    "blocks",
    "everywhere",
    "forget",
    "hold",
    "look",
    "mark",
    "nobody_asks",
    "open_holds",
    "sentence",
    "this_thread",
]


class ThisThread(threading.local):
    """Two threads never claim with one slot."""

    def __init__(self) -> None:
        self.keeper = Keeper()


this_thread = ThisThread()


def mark() -> str:
    """The installation's, which stands in every reference."""
    slot = this_thread.keeper.slot
    return slot.mark if slot is not None else identity.row().mark


def look() -> Standing:
    return this_thread.keeper.look()


def forget() -> None:
    """Leave this thread's slot to others."""
    this_thread.keeper.drop()
    this_thread.keeper = Keeper()
