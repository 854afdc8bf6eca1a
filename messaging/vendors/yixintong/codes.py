"""The codes of document 003 and what each means for the batch."""

from dataclasses import replace

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome
from messaging.gateway.types import Verdict

OK = "0"
REPEATED = "15"
NO_DATA = "38"

_TABLE: dict[str, Verdict] = {
    OK: Verdict(Outcome.ACCEPTED, reasons.ACCEPTED),
    "1": Verdict(Outcome.REFUSED, reasons.BAD_REQUEST),
    "2": Verdict(Outcome.BLOCKED, reasons.ACCOUNT_STATE, blocks="account"),
    "3": Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
    "5": Verdict(Outcome.BLOCKED, reasons.ADDRESS, blocks="account"),
    # Too many numbers: the halves may be few enough.
    "9": Verdict(Outcome.REFUSED, reasons.BAD_REQUEST, split=True),
    "11": Verdict(Outcome.SAFE, reasons.WAIT, retry_after=1.0),
    "13": Verdict(Outcome.BLOCKED, reasons.BALANCE, blocks="account"),
    "14": Verdict(Outcome.REFUSED, reasons.BAD_REQUEST),
    # On a first hand-over somebody else used this serial number: nothing is known about these people.
    REPEATED: Verdict(Outcome.UNSURE, reasons.REPEATED_SERIAL, repeated=True),
    # The vendor's own "sending failed, ask the administrator" does not say that nothing was sent.
    "20": Verdict(Outcome.UNSURE, reasons.VENDOR_ERROR),
    "28": Verdict(Outcome.REFUSED, reasons.NOT_AS_TEMPLATE),
    "35": Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
    # "No data" belongs to the polls; as an answer to a send it says nothing.
    NO_DATA: Verdict(Outcome.UNSURE, reasons.VENDOR_ERROR),
    "39": Verdict(Outcome.REFUSED, reasons.BAD_REQUEST),
    "505": Verdict(Outcome.REFUSED, reasons.BAD_REQUEST),
    # The next attempt has a fresh request id, hence a fresh time.
    "507": Verdict(Outcome.SAFE, reasons.CLOCK),
}
CODES = frozenset(_TABLE)


def verdict(code: str, message: str = "") -> Verdict:
    """A code that the document does not list is UNSURE: it may mean anything."""
    known = _TABLE.get(code, Verdict(Outcome.UNSURE, reasons.UNKNOWN_WORD))
    return replace(known, code=code, message=message)


def send_verdict(code: str, message: str, is_repeat: bool) -> Verdict:
    """Like `verdict`; "repeated" after an UNSURE hand-over of this serial number says that the first one arrived."""
    known = verdict(code, message)
    if code == REPEATED and is_repeat:
        return replace(known, outcome=Outcome.ACCEPTED)
    return known
