"""The vendor's response codes.

The document has 0 alone. The rest is the list of the same vendor's SMS template interface, which has the same two
headers (help.dahantc.com, oss-1glj22nr94455); that it holds here is likely and not certain.
"""

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome
from messaging.gateway.types import Verdict

OK = "0"
_TABLE: dict[str, tuple[Outcome, str]] = {
    OK: (Outcome.ACCEPTED, reasons.ACCEPTED),
    "98": (Outcome.UNSURE, reasons.VENDOR_ERROR),  # system busy: it does not say whether it acted
    "99": (Outcome.REFUSED, reasons.BAD_REQUEST),
    "100": (Outcome.BLOCKED, reasons.CREDENTIALS),
    "101": (Outcome.BLOCKED, reasons.CREDENTIALS),
    "102": (Outcome.SAFE, reasons.CLOCK),
    "103": (Outcome.BLOCKED, reasons.CREDENTIALS),
    "104": (Outcome.BLOCKED, reasons.CREDENTIALS),
}


def verdict(code: str, description: str) -> Verdict:
    """A code that no table lists may mean anything: unsure, and the vendor's words are kept."""
    outcome, reason = _TABLE.get(code, (Outcome.UNSURE, reasons.UNKNOWN_WORD))
    return Verdict(outcome, reason, code, description, blocks="account" if outcome is Outcome.BLOCKED else "")
