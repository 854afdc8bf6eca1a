"""The gateway's words -> our verdicts (document §12) and receipt states (document §8.2).

What the document leaves open is taken from the public SDK of the same platform's SMS interface, marked "sibling":
likely, not certain, so a sibling's word never turns "not accepted" into "accepted".
"""

from dataclasses import replace
from typing import Any

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome, UnreadableBody
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict

VERDICTS: dict[int, Verdict] = {
    0: Verdict(Outcome.ACCEPTED, reasons.ACCEPTED),
    2: Verdict(Outcome.BLOCKED, reasons.ADDRESS, blocks="account"),
    3: Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
    4: Verdict(Outcome.REFUSED, reasons.BAD_REQUEST),
    5: Verdict(Outcome.BLOCKED, reasons.TEMPLATE_UNUSABLE, blocks="dispatch"),
    6: Verdict(Outcome.BLOCKED, reasons.NO_ROUTE, blocks="dispatch"),
    7: Verdict(Outcome.BLOCKED, reasons.ACCOUNT_STATE, blocks="account"),
    8: Verdict(Outcome.BLOCKED, reasons.ACCOUNT_STATE, blocks="account"),
    # "Internal error" does not say before or after acceptance.
    99: Verdict(Outcome.UNSURE, reasons.VENDOR_ERROR),
    # sibling: balance, too many template calls (one in 10 s), request too old
    15: Verdict(Outcome.BLOCKED, reasons.BALANCE, blocks="account"),
    31: Verdict(Outcome.SAFE, reasons.WAIT, retry_after=10.0),
    40: Verdict(Outcome.SAFE, reasons.CLOCK, retry_after=5.0),
}
# Refusals that may come unencrypted: the vendor does not know whose key to use.
PLAIN_CODES = frozenset({2, 3, 7, 8})
# A parameter error that speaks of the number is worth halving the batch for; any other is everybody's.
NUMBER_WORDS = ("手机号", "号码", "mobile")

CHANNELS = {4: "rcs", 5: "sms", 6: "vms", 7: "aim", 8: "h5"}  # 8 by analogy with callType; the document ends at 7

FAILURES: dict[str, str] = {
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

REVIEWS = {1: ReviewState.APPROVED, 2: ReviewState.REFUSED}


def whole(value: Any) -> int | None:
    """A number that may come as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = str(value).strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def verdict(answer: Any) -> Verdict:
    """An opened answer -> what now. A status that no table knows is UNSURE and keeps its code.

    Raises UnreadableBody where there is no status at all.
    """
    status = whole(answer.get("status")) if isinstance(answer, dict) else None
    if status is None:
        raise UnreadableBody("The answer has no status")
    known = VERDICTS.get(status) or Verdict(Outcome.UNSURE, reasons.UNKNOWN_WORD)
    return replace(known, code=str(status), message=words(answer.get("message")))


def send_verdict(answer: Any, people: int) -> Verdict:
    """Like `verdict`; a parameter error about a number, among several numbers, asks for halves."""
    found = verdict(answer)
    if found.outcome is Outcome.REFUSED and people > 1:
        return replace(found, split=any(word in found.message.lower() for word in NUMBER_WORDS))
    return found


def receipt(status: str, kind: int | None) -> tuple[ReceiptStatus, str, str]:
    """(state, channel, reason) of a receipt's status and type. The document: DELIVRD is success, all else failure."""
    if status.upper() != "DELIVRD":
        return ReceiptStatus.FAILED, "", FAILURES.get(status.upper(), reasons.CARRIER_FAILED)
    fell_back = kind is not None and kind in CHANNELS and kind != 4
    reason = reasons.DELIVERED_FALLBACK if fell_back else reasons.DELIVERED
    return ReceiptStatus.DELIVERED, CHANNELS.get(kind, "") if kind is not None else "", reason


def words(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
