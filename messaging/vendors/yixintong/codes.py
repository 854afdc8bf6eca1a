"""The vendor's codes (document 003) and what each means for the batch; the results of receipts."""

from collections.abc import Mapping
from dataclasses import replace

from messaging.gateway import reasons, verdicts
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import ReceiptStatus, Verdict
from messaging.gateway.verdicts import accepted, blocked, not_taken, rejected, unknown

REPEATED = "15"
NO_DATA = "38"

VERDICTS: Mapping[str, Verdict] = {
    "0": accepted(),
    "1": rejected(reasons.BAD_REQUEST),
    "2": blocked(reasons.ACCOUNT_STATE),
    "3": blocked(reasons.CREDENTIALS),
    "5": blocked(reasons.ADDRESS),
    # Too many numbers: the halves may be few enough.
    "9": rejected(reasons.BAD_REQUEST, split=True),
    "11": not_taken(reasons.WAIT, retry_after=1.0),
    "13": blocked(reasons.BALANCE),
    "14": rejected(reasons.BAD_REQUEST),
    # On a first hand-over somebody else has used this serial number, and these people were rejected.
    REPEATED: rejected(reasons.REPEATED_SERIAL),
    # The vendor's own "sending failed, ask the administrator" does not say that nothing was sent.
    "20": unknown(reasons.VENDOR_ERROR),
    "28": rejected(reasons.NOT_AS_TEMPLATE),
    "35": blocked(reasons.CREDENTIALS),
    # "No data" belongs to the polls; as an answer to a send it says nothing.
    NO_DATA: unknown(reasons.VENDOR_ERROR),
    "39": rejected(reasons.BAD_REQUEST),
    "505": rejected(reasons.BAD_REQUEST),
    # The next attempt has a fresh request id, hence a fresh time.
    "507": not_taken(reasons.CLOCK),
}


def verdict(code: str, message: str = "", *, is_repeat: bool = False) -> Verdict:
    """The verdict on a send. "Repeated" after a hand-over of this serial number that was never answered says that it arrived."""
    known = verdicts.of_code(VERDICTS, code, message)
    return replace(known, outcome=Outcome.ACCEPTED) if code == REPEATED and is_repeat else known


def poll_verdict(code: str, message: str = "") -> Verdict:
    """The verdict on a poll or a confirm, where "no data" is a good answer."""
    if code == NO_DATA:
        return replace(accepted(), code=code, message=message)
    return verdict(code, message)


def receipt(result: str) -> tuple[ReceiptStatus, str]:
    """(status, reason). 0 is delivered and any other number is not; a word is nothing that the document knows."""
    if not (result.isascii() and result.lstrip("-").isdecimal()):
        return ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD
    if not result.strip("-0"):
        return ReceiptStatus.DELIVERED, reasons.DELIVERED
    return ReceiptStatus.FAILED, reasons.CARRIER_FAILED
