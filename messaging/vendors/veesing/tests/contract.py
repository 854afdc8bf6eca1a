"""What the contract suite is told about this vendor."""

import json
from datetime import UTC, datetime
from decimal import Decimal

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, PushSample, VendorContract
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import (
    Inbound,
    MalformedEvent,
    ReceiptEvent,
    ReceiptStatus,
    ReviewEvent,
    ReviewState,
    SendRequest,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.veesing.tests.examples import answer, batch, example, form


def _no(message: str) -> bytes:
    nothing = {"remainPoint": None, "taskId": None, "successCounts": None}
    return json.dumps({"returnStatus": "0", "message": message, **nothing}).encode()


ACCOUNT = {"blocks": "account"}
REFUSALS = (
    Answer("credentials", _no("账号或密码错误"), Outcome.BLOCKED, reasons.CREDENTIALS, "0", ACCOUNT),
    Answer("locked", _no("您的账户已被锁定,请联系您的专属客服"), Outcome.BLOCKED, reasons.ACCOUNT_STATE, "0", ACCOUNT),
    Answer("address", _no("IP受限"), Outcome.BLOCKED, reasons.ADDRESS, "0", ACCOUNT),
    Answer("balance", _no("余额不足"), Outcome.BLOCKED, reasons.BALANCE, "0", ACCOUNT),
    Answer("missing", _no("缺少参数"), Outcome.REJECTED, reasons.BAD_REQUEST, "0", {"split": False}),
    Answer("wrong", _no("参数错误"), Outcome.REJECTED, reasons.BAD_REQUEST, "0", {"message": "参数错误"}),
    Answer("unknown reason", _no("未知原因,请联系客服 "), Outcome.UNKNOWN, reasons.VENDOR_ERROR, "0"),
    Answer("unlisted", _no("系统维护中"), Outcome.UNKNOWN, reasons.UNKNOWN_WORD, "0", {"message": "系统维护中"}),
    Answer("odd status", b'{"returnStatus": "2"}', Outcome.UNKNOWN, reasons.UNKNOWN_WORD, "2"),
    Answer("no status", b"{}", Outcome.UNKNOWN, reasons.NO_ANSWER),
)
SENT = {"task_id": "3313746", "accepted_count": 1}

CONTRACT = VendorContract(
    credentials={"app_id": "2RYN7CQHL1MQXZ71", "app_key": "WVNA4A0Q9F2KJ7DD"},
    calls=(
        Call(
            "create",
            "submit",
            (example(),),
            (
                Answer(
                    "accepted",
                    answer("create"),
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "1",
                    {"template_id": "55"},
                ),
                Answer("without an id", b'{"returnStatus": "1"}', Outcome.UNKNOWN, reasons.NO_ANSWER),
                *REFUSALS,
            ),
        ),
        Call(
            "send",
            "send",
            (batch(),),
            (
                Answer("accepted", answer("send"), Outcome.ACCEPTED, reasons.ACCEPTED, "1", SENT),
                Answer(
                    "accepted without a count",
                    b'{"returnStatus": 1, "taskId": 77}',
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "1",
                    {"task_id": "77", "accepted_count": None},
                ),
                *REFUSALS,
            ),
        ),
        Call(
            "balance",
            "balance",
            (),
            (
                Answer(
                    "accepted",
                    answer("balance"),
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "1",
                    {"amount": Decimal(241), "unit": "messages"},
                ),
                Answer("without a number", b'{"returnStatus": "1"}', Outcome.UNKNOWN, reasons.NO_ANSWER),
                *REFUSALS,
            ),
        ),
    ),
    pushes=(
        PushSample(
            "review",
            Inbound("review", {}, form("review")),
            (ReviewEvent("x", "123", ReviewState.APPROVED, "内容不合规", "1", "123"),),
            ack=b"success",
        ),
        PushSample(
            "review",
            Inbound("review", {}, form("review", returnStatus="0")),
            (ReviewEvent("x", "123", ReviewState.REJECTED, "内容不合规", "0", "123"),),
            ack=b"success",
        ),
        PushSample(
            "review",
            Inbound("review", {}, form("review", returnStatus="3")),
            (ReviewEvent("x", "123", None, "内容不合规", "3", "123"),),
        ),
        PushSample("review", Inbound("review", {}, b"returnStatus=1"), (MalformedEvent("x", "", ""),)),
        PushSample(
            "receipt",
            Inbound("receipt", {}, form("receipt")),
            (
                ReceiptEvent(
                    "x",
                    "15080921234",
                    ReceiptStatus.DELIVERED,
                    task_id="123",
                    channel="mms",
                    reason=reasons.DELIVERED,
                    code="1",
                    at=datetime(2019, 7, 23, 9, tzinfo=UTC),
                ),
            ),
            ack=b"success",
        ),
        PushSample(
            "receipt",
            Inbound("receipt", {}, form("receipt", status="7", receivetime="")),
            (
                ReceiptEvent(
                    "x",
                    "15080921234",
                    ReceiptStatus.UNKNOWN_WORD,
                    task_id="123",
                    channel="mms",
                    reason=reasons.UNKNOWN_WORD,
                    code="7",
                ),
            ),
            unknown_word="7",
        ),
        PushSample("receipt", Inbound("receipt", {}, form("receipt", mobile="")), (MalformedEvent("x", "", ""),)),
    ),
)


def ready(vendor: Vendor, phones: tuple[str, ...], reference: str) -> SendRequest:
    """What the sandbox accepts from a new account, once a message was created there."""
    created = vendor.submit(example())
    return batch(*phones, reference=reference, template_id=created.template_id)
