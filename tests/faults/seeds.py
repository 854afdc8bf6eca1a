"""What a seed means: who is killed, in which stage of a campaign, how often. The same seed is the same plan for ever."""

import random
from dataclasses import dataclass

STAGES = ("import", "planning", "sending", "receipts")
# worker: everything under the worker command, or the command alone. process: one process of the stage's queue.
# database: PostgreSQL's whole server; on SQLite everything that has the file open, at once, as a power cut does it.
VICTIMS = ("worker", "process", "web", "database")


@dataclass(frozen=True)
class Case:
    seed: int
    stage: str
    victim: str
    kills: int

    @property
    def name(self) -> str:
        return f"{self.seed}-{self.victim}-{self.stage}"

    def chance(self) -> random.Random:
        """Where in the stage, after how long: another source than the plan's, and always the same one."""
        return random.Random(f"songda {self.seed}")


def case(seed: int) -> Case:
    """Seeds count from 1. Sixteen in a row are every victim in every stage; any four have all victims and all stages."""
    turn, place = divmod(seed - 1, len(STAGES))
    kills = random.Random(seed).choice((1, 1, 2))
    return Case(seed, STAGES[place], VICTIMS[(place + turn) % len(VICTIMS)], kills)
