"""What the contract suite is told about this vendor."""

from datetime import UTC, datetime

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, VendorContract
from messaging.gateway.outcomes import Outcome
from messaging.vendors.hanwg.tests.examples import example

ANSWERS = (
    Answer(
        "accepted",
        '{"code": 0, "desc": "请求成功"}'.encode(),
        Outcome.ACCEPTED,
        reasons.ACCEPTED,
        "0",
        {"template_id": "f80eae8532f44250be6bbd9e7998792a"},
    ),
    Answer("busy", '{"code": 98, "desc": "系统繁忙"}'.encode(), Outcome.UNKNOWN, reasons.VENDOR_ERROR, "98"),
    Answer("bad format", '{"code": 99, "desc": "消息格式错误"}'.encode(), Outcome.REJECTED, reasons.BAD_REQUEST, "99"),
    Answer(
        "bad credentials",
        '{"code": 104, "desc": "用户信息校验失败"}'.encode(),
        Outcome.BLOCKED,
        reasons.CREDENTIALS,
        "104",
        {"blocks": "account", "message": "用户信息校验失败"},
    ),
    Answer("clock", '{"code": 102, "desc": "请求时间无效"}'.encode(), Outcome.NOT_TAKEN, reasons.CLOCK, "102"),
    Answer(
        "unlisted",
        '{"code": 777, "desc": "模板名称重复"}'.encode(),
        Outcome.UNKNOWN,
        reasons.UNKNOWN_WORD,
        "777",
        {"message": "模板名称重复"},
    ),
    Answer("no code", b"{}", Outcome.UNKNOWN, reasons.NO_ANSWER),
)

CONTRACT = VendorContract(
    credentials={"account": "dh18528x", "password": "correct-horse-battery"},
    calls=(Call("template_edit", "submit", (example("text"),), ANSWERS),),
    now=datetime(2026, 5, 20, 2, 0, tzinfo=UTC),
)
