"""The document's codes and words."""

from collections.abc import Mapping

from messaging.gateway import reasons, verdicts
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict
from messaging.gateway.verdicts import accepted, blocked, not_taken, rejected

VERDICTS: Mapping[str, Verdict] = {
    "0": accepted(),
    "1": blocked(reasons.CREDENTIALS),
    "2": rejected(reasons.BAD_NUMBER, split=True),
    "3": not_taken(reasons.WAIT),
}
RECEIPTS: Mapping[str, tuple[ReceiptStatus, str]] = {
    "OK": (ReceiptStatus.DELIVERED, reasons.DELIVERED),
    "DEAD": (ReceiptStatus.FAILED, reasons.BAD_NUMBER),
}
REVIEWS: Mapping[bool, ReviewState] = {True: ReviewState.APPROVED, False: ReviewState.REJECTED}


def verdict(code: str, message: str = "") -> Verdict:
    return verdicts.of_code(VERDICTS, code, message)


def receipt(status: str) -> tuple[ReceiptStatus, str]:
    """(status, reason). A word that no table knows is kept and shown."""
    return RECEIPTS.get(status, (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
