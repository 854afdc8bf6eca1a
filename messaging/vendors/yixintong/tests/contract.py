"""What the contract suite may expect of this vendor."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, PushSample, VendorContract, send_request
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Inbound, MalformedEvent, ReceiptEvent, ReceiptStatus, ReplyEvent, SendRequest
from messaging.gateway.vendor import Vendor

CHINA = ZoneInfo("Asia/Shanghai")
SERIAL = "90000000000000070001"
REQUEST = send_request("13800138000", "13900139000", reference=SERIAL, template_id="T1", text="您好")
REPEAT = send_request("13800138000", "13900139000", reference=SERIAL, template_id="T1", text="您好", is_repeat=True)


def body(code: int, msg: str = "ok", **data: object) -> bytes:
    return json.dumps({"code": code, "msg": msg, "ok": code == 0, **data}, ensure_ascii=False).encode()


def no(name: str, code: int, outcome: Outcome, reason: str, **also: object) -> Answer:
    return Answer(name, body(code, "否"), outcome, reason, str(code), also)


ANSWERS = (
    Answer(
        "accepted",
        body(0, "OK", data={"taskId": "10000300500"}),
        Outcome.ACCEPTED,
        reasons.ACCEPTED,
        "0",
        {"task_id": "10000300500", "rejected": {}},
    ),
    no("parameters", 1, Outcome.REJECTED, reasons.BAD_REQUEST, split=False),
    no("account", 2, Outcome.BLOCKED, reasons.ACCOUNT_STATE, blocks="account"),
    no("password", 3, Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
    no("address", 5, Outcome.BLOCKED, reasons.ADDRESS, blocks="account"),
    no("too many numbers", 9, Outcome.REJECTED, reasons.BAD_REQUEST, split=True),
    no("too often", 11, Outcome.NOT_TAKEN, reasons.WAIT, retry_after=1.0),
    no("balance", 13, Outcome.BLOCKED, reasons.BALANCE, blocks="account"),
    no("serial form", 14, Outcome.REJECTED, reasons.BAD_REQUEST),
    no("serial repeated at first", 15, Outcome.REJECTED, reasons.REPEATED_SERIAL),
    no("vendor error", 20, Outcome.UNKNOWN, reasons.VENDOR_ERROR),
    no("not as the template", 28, Outcome.REJECTED, reasons.NOT_AS_TEMPLATE, blocks=""),
    no("signature", 35, Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
    no("no data", 38, Outcome.UNKNOWN, reasons.VENDOR_ERROR),
    no("type", 39, Outcome.REJECTED, reasons.BAD_REQUEST),
    no("missing", 505, Outcome.REJECTED, reasons.BAD_REQUEST),
    no("too old", 507, Outcome.NOT_TAKEN, reasons.CLOCK),
    no("unlisted", 777, Outcome.UNKNOWN, reasons.UNKNOWN_WORD),
)
REPORT = {"serialNumber": SERIAL, "userNumber": "13800138000", "result": 0}
REPLY = {
    "callMdn": "10690549248469",
    "content": "TD",
    "replyTime": "2021-08-04 14:55:01",
    "userNumber": "13800138000",
}
REPLY_EVENT = ReplyEvent(
    "x",
    "13800138000",
    "TD",
    message_id="12345677",
    at=datetime(2021, 8, 4, 14, 55, 1, tzinfo=CHINA),
)


def receipt(phone: str, status: ReceiptStatus, reason: str, code: str) -> ReceiptEvent:
    return ReceiptEvent("x", phone, status, reference=SERIAL, channel="sms", reason=reason, code=code)


CONTRACT = VendorContract(
    credentials={"sp_code": "10000154", "app_key": "songda-user", "app_secret": "q8Zt4vKp2Lw9"},
    calls=(
        Call("send", "send", (REQUEST,), ANSWERS),
        Call(
            "send",
            "send",
            (REPEAT,),
            (
                no("arrived before", 15, Outcome.ACCEPTED, reasons.REPEATED_SERIAL),
                no("still unknown", 20, Outcome.UNKNOWN, reasons.VENDOR_ERROR),
            ),
        ),
        Call(
            "report",
            "poll",
            ("receipt",),
            (
                Answer(
                    "rows",
                    body(0, data=[REPORT]),
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "0",
                    {"empty": False, "more": True},
                ),
                no("none", 38, Outcome.ACCEPTED, reasons.ACCEPTED, empty=True, more=False),
                no("blocked", 35, Outcome.BLOCKED, reasons.CREDENTIALS, empty=False),
            ),
        ),
        Call(
            "reply",
            "poll",
            ("reply",),
            (
                Answer(
                    "rows",
                    body(0, data={"apiSmsReplyBoList": [REPLY], "maxId": "12345677"}),
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "0",
                    {"empty": False, "more": False},
                ),
                Answer(
                    "empty list",
                    body(0, data={"apiSmsReplyBoList": None, "maxId": None}),
                    Outcome.ACCEPTED,
                    reasons.ACCEPTED,
                    "0",
                    {"empty": True},
                ),
                no("none", 38, Outcome.ACCEPTED, reasons.ACCEPTED, empty=True),
            ),
        ),
        Call(
            "confirm",
            "confirm",
            ("reply", (REPLY_EVENT,)),
            (
                Answer("done", body(0), Outcome.ACCEPTED, reasons.ACCEPTED, "0"),
                no("nothing left", 38, Outcome.ACCEPTED, reasons.ACCEPTED),
                no("wrong", 1, Outcome.REJECTED, reasons.BAD_REQUEST),
            ),
        ),
    ),
    pushes=(
        PushSample(
            "report",
            Inbound(
                "receipt",
                {},
                body(
                    0,
                    data=[
                        REPORT,
                        {**REPORT, "userNumber": "13900139000", "result": "17"},
                        {**REPORT, "userNumber": "13700137000", "result": "HX:9"},
                        "broken",
                    ],
                ),
            ),
            (
                receipt("13800138000", ReceiptStatus.DELIVERED, reasons.DELIVERED, "0"),
                receipt("13900139000", ReceiptStatus.FAILED, reasons.CARRIER_FAILED, "17"),
                receipt("13700137000", ReceiptStatus.UNKNOWN_WORD, reasons.UNKNOWN_WORD, "HX:9"),
                MalformedEvent("x", "", ""),
            ),
            polled=True,
            unknown_word="HX:9",
        ),
        PushSample(
            "reply",
            Inbound(
                "reply", {}, body(0, data={"apiSmsReplyBoList": [REPLY, {"userNumber": None}], "maxId": "12345677"})
            ),
            (REPLY_EVENT, MalformedEvent("x", "", "")),
            polled=True,
        ),
    ),
)


def ready(_vendor: Vendor, phones: tuple[str, ...], reference: str) -> SendRequest:
    """What the sandbox accepts from a new account: its first template takes any text."""
    return send_request(*phones, reference=reference, template_id="T1")
