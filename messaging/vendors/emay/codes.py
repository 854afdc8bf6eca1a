"""Tables 3 (answers) and 4 (receipts) of document 004, and the states of a template (2.1.8)."""

from collections.abc import Mapping
from dataclasses import replace

from messaging.gateway import reasons, verdicts
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict
from messaging.gateway.verdicts import accepted, blocked, not_taken, rejected

VERDICTS: Mapping[str, Verdict] = {
    "SUCCESS": accepted(),
    "ERROR_APPID": blocked(reasons.CREDENTIALS),
    "ERROR_NO_VOICE_SERVICE": rejected(reasons.ACCOUNT_STATE),
    "ERROR_ENCRYPTION": blocked(reasons.CREDENTIALS),
    "ERROR_PARAMS": rejected(reasons.BAD_REQUEST),
    "ERROR_REQUEST_NO_VALID": not_taken(reasons.CLOCK),
    "ERROR_CLIENT_IP": blocked(reasons.ADDRESS),
    "ERROR_OVER_SPEED": not_taken(reasons.WAIT, retry_after=1.0),
    "ERROR_MOBILE_EMPTY": rejected(reasons.BAD_NUMBER, split=True),
    # Too many numbers: the halves may be few enough.
    "ERROR_MOBILE_NUMBER": rejected(reasons.BAD_REQUEST, split=True),
    "ERROR_MOBILE_ERROR": rejected(reasons.BAD_NUMBER, split=True),
    "ERROR_CONTENT_EMPTY": rejected(reasons.LENGTH),
    "ERROR_SMS_TIME": rejected(reasons.BAD_REQUEST),
    "ERROR_CUSTOM_SMSID": rejected(reasons.BAD_REQUEST),
    "ERROR_EXTENDED_CODE": rejected(reasons.BAD_REQUEST),
    "ERROR_LONG_CONTENT": rejected(reasons.LENGTH),
    "ERROR_VOICE_CONTENT": rejected(reasons.BAD_REQUEST),
    "ERROR_BALANCE": blocked(reasons.BALANCE),
    "ERROR_TIMESTAMP": not_taken(reasons.CLOCK),
    "ERROR_SIGN": blocked(reasons.CREDENTIALS),
    # The next three answer retrieveReport alone, so they stop nothing.
    "ERROR_NO_RETRIEVE_SERVICE": rejected(reasons.ACCOUNT_STATE),
    "ERROR_REPORT_TIME": rejected(reasons.BAD_REQUEST),
    "ERROR_TOO_MUCH_SMSIDS": rejected(reasons.BAD_REQUEST),
}
# Where each person has an own text, time or code, one of them may have spoiled the request for all.
_ONE_OF_MANY = frozenset({"ERROR_CONTENT_EMPTY", "ERROR_LONG_CONTENT", "ERROR_SMS_TIME", "ERROR_EXTENDED_CODE"})

RECEIPTS: Mapping[str, tuple[ReceiptStatus, str]] = {
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

NO_TEMPLATE = "-1"
REVIEWS: Mapping[str, ReviewState] = {
    "0": ReviewState.WAITING,
    "1": ReviewState.APPROVED,
    "2": ReviewState.REJECTED,
}


def verdict(code: str, own_each: bool = False) -> Verdict:
    """`own_each`: the request had an own text, time or code for each number."""
    known = verdicts.of_code(VERDICTS, code)
    return replace(known, split=True) if own_each and code in _ONE_OF_MANY else known


def receipt(state: str) -> tuple[ReceiptStatus, str]:
    """(status, reason)."""
    return RECEIPTS.get(state, (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
