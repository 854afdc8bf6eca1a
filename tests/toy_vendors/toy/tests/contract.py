"""What the contract suite should expect of the toy."""

import hashlib
import json
from pathlib import Path

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, PushSample, VendorContract, content, send_request, submission
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import (
    Inbound,
    MalformedEvent,
    ReceiptEvent,
    ReceiptStatus,
    ReplyEvent,
    ReviewEvent,
    ReviewState,
    SendRequest,
)
from tests.toy_vendors.toy.adapter import Toy

CREDENTIALS = {"app_id": "toy-application", "app_secret": "toy-secret-0123456789"}


def _push(kind: str, data: dict, *events, **more) -> PushSample:
    body = json.dumps(data).encode()
    sign = hashlib.sha256(CREDENTIALS["app_secret"].encode() + body).hexdigest()
    return PushSample(kind, Inbound(kind, {"x-toy-sign": sign}, body), events, signed=True, ack=b"thanks", **more)


_SAMPLE = json.loads((Path(__file__).parent.parent / "samples" / "receipt.json").read_text())
_ROW = _SAMPLE["rows"][0]
_DELIVERED = ReceiptEvent(
    "x", "13800138000", ReceiptStatus.DELIVERED, "s1-1", "t1", channel="sms", reason=reasons.DELIVERED, code="OK"
)

CONTRACT = VendorContract(
    credentials=CREDENTIALS,
    calls=(
        Call(
            "send",
            "send",
            (send_request("13800138000", "13800138001"),),
            (
                Answer(
                    "accepted", b'{"code":0,"task":"t1"}', Outcome.ACCEPTED, reasons.ACCEPTED, also={"task_id": "t1"}
                ),
                Answer("who", b'{"code":1}', Outcome.BLOCKED, reasons.CREDENTIALS, "1", {"blocks": "account"}),
                Answer("number", b'{"code":2}', Outcome.REJECTED, reasons.BAD_NUMBER, "2", {"split": True}),
                Answer("busy", b'{"code":3}', Outcome.NOT_TAKEN, reasons.WAIT, "3"),
                Answer("strange", b'{"code":99}', Outcome.UNKNOWN, reasons.UNKNOWN_WORD),
            ),
        ),
        Call(
            "submit",
            "submit",
            (submission(content(kind="sms", text="您好")),),
            (
                Answer(
                    "ok", b'{"code":0,"template":"m1"}', Outcome.ACCEPTED, reasons.ACCEPTED, also={"template_id": "m1"}
                ),
            ),
        ),
        Call(
            "balance",
            "balance",
            (),
            (Answer("ok", b'{"code":0,"left":"12.50"}', Outcome.ACCEPTED, reasons.ACCEPTED, also={"unit": "yuan"}),),
        ),
    ),
    pushes=(
        _push("receipt", _SAMPLE, _DELIVERED),
        _push(
            "receipt",
            {"rows": [{**_ROW, "to": "13800138001", "word": "XX:9"}, _ROW, {"to": "13800138002"}]},
            ReceiptEvent(
                "x",
                "13800138001",
                ReceiptStatus.UNKNOWN_WORD,
                "s1-1",
                "t1",
                channel="sms",
                reason=reasons.UNKNOWN_WORD,
                code="XX:9",
            ),
            _DELIVERED,
            MalformedEvent("x", "", ""),
            unknown_word="XX:9",
        ),
        _push(
            "reply",
            {"rows": [{"from": "13800138000", "says": "R", "id": 5}]},
            ReplyEvent("x", "13800138000", "R", message_id="5"),
        ),
        _push(
            "review",
            {"template": "m1", "approved": False, "words": "不合规"},
            ReviewEvent("x", "m1", ReviewState.REJECTED, "不合规"),
        ),
    ),
)


def ready(vendor: Toy, phones: tuple[str, ...], reference: str) -> SendRequest:
    return send_request(*phones, reference=reference)
