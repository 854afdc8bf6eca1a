"""The gateway's words: verdicts (document §12), receipts (§8.2), audits (§5).

What the document leaves open is taken from the public SDK of the same platform's SMS interface, marked "sibling":
likely, not certain, so a sibling's word never turns "not accepted" into "accepted".
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from messaging.gateway import reasons, verdicts
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict
from messaging.gateway.verdicts import accepted, blocked, not_taken, rejected, unknown

VERDICTS: Mapping[str, Verdict] = {
    "0": accepted(),
    "2": blocked(reasons.ADDRESS),
    "3": blocked(reasons.CREDENTIALS),
    "4": rejected(reasons.BAD_REQUEST),
    "5": blocked(reasons.TEMPLATE_UNUSABLE, blocks="dispatch"),
    "6": blocked(reasons.NO_ROUTE, blocks="dispatch"),
    "7": blocked(reasons.ACCOUNT_STATE),
    "8": blocked(reasons.ACCOUNT_STATE),
    # "Internal error" does not say before or after acceptance.
    "99": unknown(reasons.VENDOR_ERROR),
    # sibling: balance, too many template calls (one in 10 s), request too old
    "15": blocked(reasons.BALANCE),
    "31": not_taken(reasons.WAIT, retry_after=10.0),
    "40": not_taken(reasons.CLOCK, retry_after=5.0),
}
# These may come unencrypted: the vendor does not know whose key to use.
PLAIN_CODES = frozenset({"2", "3", "7", "8"})
# A parameter error that speaks of the number is worth halving the batch for; any other is everybody's.
NUMBER_WORDS = ("手机号", "号码", "mobile")

RCS = "4"
CHANNELS: Mapping[str, str] = {RCS: "rcs", "5": "sms", "6": "vms", "7": "aim", "8": "h5"}  # 8: by analogy with callType

FAILURES: Mapping[str, str] = {
    # sibling: SMPP's words, then the platform's (MA:) and the forwarder's (MO:)
    "EXPIRED": reasons.CARRIER_FAILED,
    "UNDELIV": reasons.CARRIER_FAILED,
    "DELETED": reasons.CARRIER_FAILED,
    "REJECTED": reasons.INTERCEPTED,
    "REJECTD": reasons.INTERCEPTED,
    "MA:0001": reasons.CARRIER_LIST,
    "MA:0002": reasons.BANNED_WORD,
    "MA:0003": reasons.NO_ROUTE,
    "MA:0004": reasons.LENGTH,
    "MA:0005": reasons.BAD_NUMBER,
    "MA:0006": reasons.INTERCEPTED,
    "MA:0009": reasons.VENDOR_ERROR,
    "MA:0011": reasons.VENDOR_ERROR,
    "MA:0015": reasons.BALANCE,
    "MA:0017": reasons.SIGNATURE,
    "MA:0021": reasons.BAD_NUMBER,
    "MA:0022": reasons.TOO_OFTEN,
    "MA:0023": reasons.CARRIER_LIST,
    "MA:0024": reasons.CONTENT_REFUSED,
    "MA:0025": reasons.HANDSET,
    "MA:0026": reasons.CARRIER_FAILED,
    "MA:0027": reasons.CARRIER_LIST,
    "MA:0028": reasons.CARRIER_LIST,
    "MA:0029": reasons.CARRIER_LIST,
    "MA:0030": reasons.INTERCEPTED,
    "MA:0033": reasons.INTERCEPTED,
    "MA:0044": reasons.INTERCEPTED,
    "MO:200": reasons.LENGTH,
    "MO:0254": reasons.CARRIER_FAILED,
    "MO:0255": reasons.CARRIER_FAILED,
}

REVIEWS: Mapping[str, ReviewState] = {"1": ReviewState.APPROVED, "2": ReviewState.REJECTED}


def verdict(code: str, message: str = "") -> Verdict:
    return verdicts.of_code(VERDICTS, code, message)


def send_verdict(code: str, message: str, people: int) -> Verdict:
    """Like `verdict`; a parameter error about a number, among several numbers, asks for halves."""
    found = verdict(code, message)
    if found.outcome is Outcome.REJECTED and people > 1:
        return replace(found, split=any(word in message.lower() for word in NUMBER_WORDS))
    return found


@lru_cache(maxsize=1024)  # the same few words, millions of times
def receipt(status: str, kind: str) -> tuple[ReceiptStatus, str, str]:
    """(status, channel, reason) of a receipt's status and type. The document: DELIVRD is success, all else failure."""
    if status.upper() != "DELIVRD":
        return ReceiptStatus.FAILED, "", FAILURES.get(status.upper(), reasons.CARRIER_FAILED)
    channel = CHANNELS.get(kind, "")
    fell_back = channel and kind != RCS
    return ReceiptStatus.DELIVERED, channel, reasons.DELIVERED_FALLBACK if fell_back else reasons.DELIVERED
