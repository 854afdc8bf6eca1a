"""Every code of §12 and every word of a receipt."""

import pytest

from messaging.gateway import reasons
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import ReceiptStatus, Verdict
from messaging.vendors.rcs_gateway import codes

DOCUMENT = [
    ("0", Outcome.ACCEPTED, reasons.ACCEPTED, ""),
    ("2", Outcome.BLOCKED, reasons.ADDRESS, "account"),
    ("3", Outcome.BLOCKED, reasons.CREDENTIALS, "account"),
    ("4", Outcome.REJECTED, reasons.BAD_REQUEST, ""),
    ("5", Outcome.BLOCKED, reasons.TEMPLATE_UNUSABLE, "dispatch"),
    ("6", Outcome.BLOCKED, reasons.NO_ROUTE, "dispatch"),
    ("7", Outcome.BLOCKED, reasons.ACCOUNT_STATE, "account"),
    ("8", Outcome.BLOCKED, reasons.ACCOUNT_STATE, "account"),
    ("99", Outcome.UNKNOWN, reasons.VENDOR_ERROR, ""),
]


@pytest.mark.parametrize(("code", "outcome", "reason", "blocks"), DOCUMENT)
def test_each_code_of_the_document(code, outcome, reason, blocks):
    assert codes.verdict(code, "原话") == Verdict(outcome, reason, code, "原话", blocks=blocks)


def test_only_zero_is_acceptance():
    assert [code for code, verdict in codes.VERDICTS.items() if verdict.outcome is Outcome.ACCEPTED] == ["0"]


def test_an_unlisted_code_is_unsure_and_kept():
    assert codes.verdict("55") == Verdict(Outcome.UNKNOWN, reasons.UNKNOWN_WORD, "55", "")


@pytest.mark.parametrize(
    ("word", "kind", "expected"),
    [
        ("DELIVRD", "4", (ReceiptStatus.DELIVERED, "rcs", reasons.DELIVERED)),
        ("DELIVRD", "5", (ReceiptStatus.DELIVERED, "sms", reasons.DELIVERED_FALLBACK)),
        ("DELIVRD", "6", (ReceiptStatus.DELIVERED, "vms", reasons.DELIVERED_FALLBACK)),
        ("DELIVRD", "7", (ReceiptStatus.DELIVERED, "aim", reasons.DELIVERED_FALLBACK)),
        ("DELIVRD", "", (ReceiptStatus.DELIVERED, "", reasons.DELIVERED)),
        ("DELIVRD", "44", (ReceiptStatus.DELIVERED, "", reasons.DELIVERED)),
        ("UNDELIV", "", (ReceiptStatus.FAILED, "", reasons.CARRIER_FAILED)),
        ("UNDELIV", "4", (ReceiptStatus.FAILED, "", reasons.CARRIER_FAILED)),
        ("MA:0017", "", (ReceiptStatus.FAILED, "", reasons.SIGNATURE)),
        ("ma:0022", "", (ReceiptStatus.FAILED, "", reasons.TOO_OFTEN)),
        ("MO:0254", "", (ReceiptStatus.FAILED, "", reasons.CARRIER_FAILED)),
        ("XX:1234", "", (ReceiptStatus.FAILED, "", reasons.CARRIER_FAILED)),
    ],
)
def test_receipt_words(word, kind, expected):
    assert codes.receipt(word, kind) == expected


def test_every_reason_has_a_sentence_key():
    used = {verdict.reason for verdict in codes.VERDICTS.values()} | set(codes.FAILURES.values())
    assert used <= reasons.ALL
