"""The vendor's words. Every error has the status 0, so that `message` alone tells them apart (document, seen 2024-07)."""

from collections.abc import Mapping
from dataclasses import replace

from messaging.gateway import reasons
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict
from messaging.gateway.verdicts import accepted, blocked, rejected, unknown

DONE = "1"
FAILED = "0"

# By the beginning of a message, so that a full stop or "please ask your account manager" does not matter.
VERDICTS: Mapping[str, Verdict] = {
    "账号或密码错误": blocked(reasons.CREDENTIALS),
    "您的账户已被锁定": blocked(reasons.ACCOUNT_STATE),
    "IP受限": blocked(reasons.ADDRESS),
    "缺少参数": rejected(reasons.BAD_REQUEST),
    "参数错误": rejected(reasons.BAD_REQUEST),
    "未知原因": unknown(reasons.VENDOR_ERROR),
    # Not in the document, whose list has no word for it; this one can mean nothing else.
    "余额不足": blocked(reasons.BALANCE),
}
RECEIPTS: Mapping[str, tuple[ReceiptStatus, str]] = {
    DONE: (ReceiptStatus.DELIVERED, reasons.DELIVERED),
    FAILED: (ReceiptStatus.FAILED, reasons.CARRIER_FAILED),
}
REVIEWS: Mapping[str, ReviewState] = {DONE: ReviewState.APPROVED, FAILED: ReviewState.REJECTED}


def verdict(status: str, message: str) -> Verdict:
    """A word that no table knows is unknown, and kept."""
    known = accepted() if status == DONE else unknown(reasons.UNKNOWN_WORD)
    if status == FAILED:
        known = next((found for words, found in VERDICTS.items() if message.startswith(words)), known)
    return replace(known, code=status, message=message)


def receipt(status: str) -> tuple[ReceiptStatus, str]:
    """(status, reason). A word that is neither 1 nor 0 is kept and shown."""
    return RECEIPTS.get(status, (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
