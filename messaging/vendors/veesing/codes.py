"""The vendor's words. Every error has the status 0, so that `message` alone tells them apart (document, seen 2024-07)."""

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome
from messaging.gateway.types import ReceiptStatus, ReviewState, Verdict

DONE = "1"
FAILED = "0"

# The beginning of a message, so that a full stop or "please ask your account manager" does not matter.
_MESSAGES: tuple[tuple[str, Verdict], ...] = (
    ("账号或密码错误", Verdict(Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account")),
    ("您的账户已被锁定", Verdict(Outcome.BLOCKED, reasons.ACCOUNT_STATE, blocks="account")),
    ("IP受限", Verdict(Outcome.BLOCKED, reasons.ADDRESS, blocks="account")),
    ("缺少参数", Verdict(Outcome.REFUSED, reasons.BAD_REQUEST)),
    ("参数错误", Verdict(Outcome.REFUSED, reasons.BAD_REQUEST)),
    ("未知原因", Verdict(Outcome.UNSURE, reasons.VENDOR_ERROR)),
    # Not in the document, whose list has no word for it; this one can mean nothing else.
    ("余额不足", Verdict(Outcome.BLOCKED, reasons.BALANCE, blocks="account")),
)
_UNLISTED = Verdict(Outcome.UNSURE, reasons.UNKNOWN_WORD)

REVIEWS = {DONE: ReviewState.APPROVED, FAILED: ReviewState.REFUSED}
RECEIPTS = {
    DONE: (ReceiptStatus.DELIVERED, reasons.DELIVERED),
    FAILED: (ReceiptStatus.FAILED, reasons.CARRIER_FAILED),
}


def verdict(status: str, message: str) -> Verdict:
    """`status` is stripped already. A word that no table knows is unsure and kept."""
    found = Verdict(Outcome.ACCEPTED, reasons.ACCEPTED) if status == DONE else _UNLISTED
    if status == FAILED:
        found = next((known for words, known in _MESSAGES if message.startswith(words)), _UNLISTED)
    return Verdict(found.outcome, found.reason, status, message, blocks=found.blocks)


def receipt(status: str) -> tuple[ReceiptStatus, str]:
    """(state, reason); a word that is neither 1 nor 0 is kept and shown."""
    return RECEIPTS.get(status, (ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD))
