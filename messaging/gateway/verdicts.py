"""Verdicts in few words, for the tables of vendors' codes and for what an adapter says itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from messaging.gateway import reasons
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Verdict


def accepted() -> Verdict:
    return Verdict(Outcome.ACCEPTED, reasons.ACCEPTED)


def rejected(reason: str, message: str = "", *, split: bool = False) -> Verdict:
    """`split`: one number among several may be the cause, so the halves are tried."""
    return Verdict(Outcome.REJECTED, reason, message=message, split=split)


def blocked(reason: str, message: str = "", *, blocks: Literal["account", "dispatch"] = "account") -> Verdict:
    return Verdict(Outcome.BLOCKED, reason, message=message, blocks=blocks)


def not_taken(reason: str, *, retry_after: float = 0.0) -> Verdict:
    """Certainly not accepted: may be sent again, not before so many seconds."""
    return Verdict(Outcome.NOT_TAKEN, reason, retry_after=retry_after)


def unknown(reason: str) -> Verdict:
    return Verdict(Outcome.UNKNOWN, reason)


def unreadable(message: str, code: str = "") -> Verdict:
    """For an answer that came but cannot be read as one."""
    return Verdict(Outcome.UNKNOWN, reasons.NO_ANSWER, code, message)


def of_code(table: Mapping[str, Verdict], code: str, message: str = "") -> Verdict:
    """What the table says of a vendor's code, with code and message as they came. A code that it does not list may mean
    anything: unknown."""
    return replace(table.get(code) or unknown(reasons.UNKNOWN_WORD), code=code, message=message)
