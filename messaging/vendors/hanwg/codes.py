"""The vendor's response codes.

The document has 0 alone. The rest is the list of the same vendor's SMS template interface, which has the same two
headers (help.dahantc.com, oss-1glj22nr94455); that it holds here is likely and not certain.
"""

from collections.abc import Mapping

from messaging.gateway import reasons, verdicts
from messaging.gateway.types import Verdict
from messaging.gateway.verdicts import accepted, blocked, not_taken, rejected, unknown

VERDICTS: Mapping[str, Verdict] = {
    "0": accepted(),
    # System busy: it does not say whether it acted.
    "98": unknown(reasons.VENDOR_ERROR),
    "99": rejected(reasons.BAD_REQUEST),
    "100": blocked(reasons.CREDENTIALS),
    "101": blocked(reasons.CREDENTIALS),
    "102": not_taken(reasons.CLOCK),
    "103": blocked(reasons.CREDENTIALS),
    "104": blocked(reasons.CREDENTIALS),
}


def verdict(code: str, message: str = "") -> Verdict:
    return verdicts.of_code(VERDICTS, code, message)
