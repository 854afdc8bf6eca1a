"""Tables 3 (answers) and 4 (receipts) of document 004."""

from dataclasses import replace

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome
from messaging.gateway.types import ReceiptStatus, Verdict

SUCCESS = "SUCCESS"


def _refused(reason: str, split: bool = False) -> Verdict:
    return Verdict(Outcome.REFUSED, reason, split=split)


def _blocked(reason: str) -> Verdict:
    return Verdict(Outcome.BLOCKED, reason, blocks="account")


ANSWERS: dict[str, Verdict] = {
    SUCCESS: Verdict(Outcome.ACCEPTED, reasons.ACCEPTED),
    "ERROR_APPID": _blocked(reasons.CREDENTIALS),
    "ERROR_NO_VOICE_SERVICE": _refused(reasons.ACCOUNT_STATE),
    "ERROR_ENCRYPTION": _blocked(reasons.CREDENTIALS),
    "ERROR_PARAMS": _refused(reasons.BAD_REQUEST),
    "ERROR_REQUEST_NO_VALID": Verdict(Outcome.SAFE, reasons.CLOCK),
    "ERROR_CLIENT_IP": _blocked(reasons.ADDRESS),
    "ERROR_OVER_SPEED": Verdict(Outcome.SAFE, reasons.WAIT, retry_after=1.0),
    "ERROR_MOBILE_EMPTY": _refused(reasons.BAD_NUMBER, split=True),
    # Too many numbers: the halves may be few enough.
    "ERROR_MOBILE_NUMBER": _refused(reasons.BAD_REQUEST, split=True),
    "ERROR_MOBILE_ERROR": _refused(reasons.BAD_NUMBER, split=True),
    "ERROR_CONTENT_EMPTY": _refused(reasons.LENGTH),
    "ERROR_SMS_TIME": _refused(reasons.BAD_REQUEST),
    "ERROR_CUSTOM_SMSID": _refused(reasons.BAD_REQUEST),
    "ERROR_EXTENDED_CODE": _refused(reasons.BAD_REQUEST),
    "ERROR_LONG_CONTENT": _refused(reasons.LENGTH),
    "ERROR_VOICE_CONTENT": _refused(reasons.BAD_REQUEST),
    "ERROR_BALANCE": _blocked(reasons.BALANCE),
    "ERROR_TIMESTAMP": Verdict(Outcome.SAFE, reasons.CLOCK),
    "ERROR_SIGN": _blocked(reasons.CREDENTIALS),
    # The next three answer retrieveReport alone, so they stop nothing.
    "ERROR_NO_RETRIEVE_SERVICE": _refused(reasons.ACCOUNT_STATE),
    "ERROR_REPORT_TIME": _refused(reasons.BAD_REQUEST),
    "ERROR_TOO_MUCH_SMSIDS": _refused(reasons.BAD_REQUEST),
}
# Where each person has an own text, time or code, one of them may have spoiled the request for all.
_ONE_OF_MANY = frozenset({"ERROR_CONTENT_EMPTY", "ERROR_LONG_CONTENT", "ERROR_SMS_TIME", "ERROR_EXTENDED_CODE"})

RECEIPTS: dict[str, tuple[ReceiptStatus, str]] = {
    "DELIVRD": (ReceiptStatus.DELIVERED, reasons.DELIVERED),
    "TIMEOUT": (ReceiptStatus.NO_RECEIPT, reasons.NO_RECEIPT),
    "FAIL_BALANCE": (ReceiptStatus.FAILED, reasons.BALANCE),
    "FAIL_MOBILE": (ReceiptStatus.FAILED, reasons.BAD_NUMBER),
    "FAIL_MOBILE_SUPPORT": (ReceiptStatus.FAILED, reasons.HANDSET),
    "FAIL_MOBILE_REPEAT": (ReceiptStatus.FAILED, reasons.REPEATED_NUMBER),
    "FAIL_AUDITING_REFUSED": (ReceiptStatus.FAILED, reasons.CONTENT_REFUSED),
    "FAIL_BLACK_LIST": (ReceiptStatus.FAILED, reasons.CARRIER_LIST),
    "FAIL_BLACK_DICT": (ReceiptStatus.FAILED, reasons.BANNED_WORD),
    "FAIL_UNSUBSCRIBE": (ReceiptStatus.FAILED, reasons.OPTED_OUT),
    "FAIL_WHITE_LIST": (ReceiptStatus.FAILED, reasons.NOT_ALLOWED),
    "FAIL_INTERCEPT": (ReceiptStatus.FAILED, reasons.INTERCEPTED),
    "FAIL_SIGN": (ReceiptStatus.FAILED, reasons.SIGNATURE),
    "FAIL_SEND_FILTER": (ReceiptStatus.FAILED, reasons.TOO_OFTEN),
    "FAIL_RESPONSE": (ReceiptStatus.FAILED, reasons.CARRIER_FAILED),
    "FAIL_UNKNOW": (ReceiptStatus.FAILED, reasons.CARRIER_FAILED),
}


def verdict(code: str, own_each: bool = False) -> Verdict:
    """A code that the table does not list is UNSURE: it may mean anything. `own_each`: the request had an own text, time or
    code for each number."""
    known = ANSWERS.get(code, Verdict(Outcome.UNSURE, reasons.UNKNOWN_WORD))
    return replace(known, code=code[:80], split=known.split or (own_each and code in _ONE_OF_MANY))


def receipt(state: str) -> tuple[ReceiptStatus, str]:
    return RECEIPTS.get(state, (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
