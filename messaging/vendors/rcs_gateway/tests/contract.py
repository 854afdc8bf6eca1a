"""What the gateway tells the contract suite."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, PushSample, VendorContract, content, fallback, send_request
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import (
    Inbound,
    MalformedEvent,
    Media,
    ReceiptEvent,
    ReceiptStatus,
    Recipient,
    ReplyEvent,
    ReviewEvent,
    ReviewState,
    SendRequest,
    Submission,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS, SAMPLES

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp() * 1000))
SIGNED_AT = datetime(2024, 8, 1, 7, 22, 12, tzinfo=UTC)
SIX = datetime(2024, 8, 5, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OUR = Envelope(CREDENTIALS)


def sealed(value: Any) -> bytes:
    return OUR.seal_bytes(_json(value), STAMP)[0]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def said(status: int, message: str = "原话", **more: Any) -> bytes:
    return sealed({"status": status, "message": message, **more})


REFUSALS = (
    Answer("address not allowed", said(2), Outcome.BLOCKED, reasons.ADDRESS, "2", {"blocks": "account"}),
    Answer("not the account", said(3), Outcome.BLOCKED, reasons.CREDENTIALS, "3", {"blocks": "account"}),
    Answer(
        "not the account, unsealed",
        b'{"status":3,"message":"x"}',
        Outcome.BLOCKED,
        reasons.CREDENTIALS,
        "3",
        {"blocks": "account"},
    ),
    Answer("parameters", said(4), Outcome.REJECTED, reasons.BAD_REQUEST, "4", {"split": False}),
    Answer("account state", said(7), Outcome.BLOCKED, reasons.ACCOUNT_STATE, "7", {"blocks": "account"}),
    Answer("not authorised", said(8), Outcome.BLOCKED, reasons.ACCOUNT_STATE, "8", {"blocks": "account"}),
    Answer("too often", said(31), Outcome.NOT_TAKEN, reasons.WAIT, "31", {"retry_after": 10.0}),
    Answer("too old", said(40), Outcome.NOT_TAKEN, reasons.CLOCK, "40", {"retry_after": 5.0}),
    Answer("internal error", said(99), Outcome.UNKNOWN, reasons.VENDOR_ERROR, "99"),
    Answer("unlisted", said(55), Outcome.UNKNOWN, reasons.UNKNOWN_WORD, "55"),
    Answer("sealed by another", b"QUJDREVGR0hJSktMTU5PUA==", Outcome.UNKNOWN, reasons.NO_ANSWER),
)
SENT = (
    Answer("accepted", said(0, "", taskId="77"), Outcome.ACCEPTED, reasons.ACCEPTED, "0", {"task_id": "77"}),
    Answer("template", said(5), Outcome.BLOCKED, reasons.TEMPLATE_UNUSABLE, "5", {"blocks": "dispatch"}),
    Answer("no sender", said(6), Outcome.BLOCKED, reasons.NO_ROUTE, "6", {"blocks": "dispatch"}),
    Answer("one number", said(4, "手机号码格式错误"), Outcome.REJECTED, reasons.BAD_REQUEST, "4", {"split": True}),
    *REFUSALS,
)
SUBMITTED = (
    Answer(
        "taken",
        said(0, "", templateId=12),
        Outcome.ACCEPTED,
        reasons.ACCEPTED,
        "0",
        {"template_id": "12"},
    ),
    *REFUSALS,
)

PEOPLE = (Recipient("15100000000", {"姓名": "李四"}), Recipient("15100000001", {"姓名": "张三"}))
CARD = content(kind="card", card={"title": "题", "description": "${姓名}您好", "media": {"asset": "7"}})
TEXT = content(kind="text", text="您好")
MEDIA = {"7": Media("7", "image/jpeg", 1000, "https://a.cn/7")}
SMS = fallback(sms={"text": "${姓名}您好"})


def send_of(*, people: tuple[Recipient, ...] = PEOPLE, **fields: Any) -> tuple[Any, ...]:
    return (send_request(recipients=people, **fields),)


CALLS = (
    Call("send", "send", send_of(text="您好"), SENT),
    Call("p2p", "send", send_of(text="${姓名}您好"), SENT),
    Call("templateSend", "send", send_of(text="", template_id="12", content=TEXT, fallback=fallback()), SENT),
    Call("templateP2P", "send", send_of(text="", template_id="12", content=CARD, fallback=SMS), SENT),
    Call("templateAdd", "submit", (Submission("春季", "main", CARD, SMS, "测试", media=MEDIA),), SUBMITTED),
    Call("templateTextAdd", "submit", (Submission("春季", "main", TEXT, fallback(), "测试"),), SUBMITTED),
    Call(
        "balance",
        "balance",
        (),
        (
            Answer(
                "the document's",
                SAMPLES["balance"]["reply"]["ciphertext"].encode(),
                Outcome.ACCEPTED,
                reasons.ACCEPTED,
                "0",
                {"amount": Decimal("99.9"), "unit": ""},
            ),
            Answer("no amount", said(0, ""), Outcome.UNKNOWN, reasons.NO_ANSWER),
            *REFUSALS,
        ),
    ),
    Call(
        "balance",
        "balance",
        (),
        (
            Answer(
                "in thousandths",
                said(0, "", balance=99900),
                Outcome.ACCEPTED,
                reasons.ACCEPTED,
                "0",
                {"amount": Decimal("99.9"), "unit": "yuan"},
            ),
        ),
        settings={"balance_unit": "milli"},
    ),
)


def pushed(kind: str, value: Any) -> Inbound:
    body = sealed(value)
    return Inbound(kind, {"spid": "999992", "timestamp": STAMP, "signature": OUR.sign(body, STAMP)}, body)


def example(kind: str) -> Inbound:
    sample = SAMPLES[f"{kind}_push"]
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    return Inbound(kind, headers, sample["request"]["ciphertext"].encode())


def receipt(phone: str, **changes: Any) -> dict[str, Any]:
    return {
        "taskId": "77",
        "mobile": phone,
        "status": "DELIVRD",
        "reportTime": "2024-08-05 18:00:00",
        "message": "回落短信成功",
        "callData": "s1-1",
        "type": 5,
        **changes,
    }


FELL_BACK = ReceiptEvent(
    key="x",
    phone="15100000000",
    status=ReceiptStatus.DELIVERED,
    reference="s1-1",
    task_id="77",
    channel="sms",
    reason=reasons.DELIVERED_FALLBACK,
    code="DELIVRD",
    message="回落短信成功",
    at=SIX,
)

PUSHES = (
    PushSample(
        "review",
        example("review"),
        (ReviewEvent("x", "1", ReviewState.APPROVED, "审核成功", "1", at=SIGNED_AT),),
        signed=True,
    ),
    PushSample(
        "receipt",
        example("receipt"),
        (
            ReceiptEvent(
                key="x",
                phone="15100000000",
                status=ReceiptStatus.DELIVERED,
                task_id="1",
                channel="rcs",
                reason=reasons.DELIVERED,
                code="DELIVRD",
                message="5g消息成功",
                at=SIX,
            ),
        ),
        signed=True,
    ),
    PushSample(
        "receipt",
        pushed(
            "receipt",
            [
                receipt("15100000000"),
                {"taskId": "77"},
                receipt("15100000001", status="XA:9999", message="?", type=None),
            ],
        ),
        (
            FELL_BACK,
            MalformedEvent("x", "", ""),
            ReceiptEvent(
                key="x",
                phone="15100000001",
                status=ReceiptStatus.FAILED,
                reference="s1-1",
                task_id="77",
                reason=reasons.CARRIER_FAILED,
                code="XA:9999",
                message="?",
                at=SIX,
            ),
        ),
        signed=True,
        unknown_word="XA:9999",
    ),
    PushSample(
        "reply",
        example("reply"),
        (ReplyEvent("x", "15100000000", "上行回复文本消息", task_id="1", at=SIX),),
        signed=True,
    ),
)

CONTRACT = VendorContract(credentials=CREDENTIALS, calls=CALLS, pushes=PUSHES, now=NOW)


def ready(_vendor: Vendor, phones: tuple[str, ...], reference: str) -> SendRequest:
    """What the sandbox accepts from a new account."""
    return send_request(*phones, reference=reference)
