"""What the contract suite may expect of this vendor."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from messaging.gateway import reasons
from messaging.gateway.contract_suite import Answer, Call, PushSample, VendorContract, content, send_request, submission
from messaging.gateway.outcomes import Outcome
from messaging.gateway.times import CHINA
from messaging.gateway.types import (
    ClickEvent,
    Inbound,
    MalformedEvent,
    ReceiptEvent,
    Recipient,
    ReplyEvent,
    ReviewState,
    SendRequest,
)
from messaging.gateway.vendor import Vendor
from messaging.vendors.emay import codes
from messaging.vendors.emay.envelope import seal

DOCUMENT = json.loads((Path(__file__).parent.parent / "samples" / "document.json").read_text())
APP_ID, KEY = "EUCP-EMY-SMS1-7QKZ2", "0F3A9C7E51B2D486"
TWO = ("13800138000", "13900139000")
PLAIN = {"interface": "plain"}
REF = "s12-1"
PERSONAL = (Recipient(TWO[0], {"name": "王先生"}), Recipient(TWO[1], {"name": "李先生"}))
NAMED = content(kind="sms", text="${name}您好")
AT = datetime(2017, 3, 15, 12, 0, tzinfo=CHINA)


def sealed(
    name: str, data: object, outcome: Outcome = Outcome.ACCEPTED, reason: str = reasons.ACCEPTED, **also
) -> Answer:
    return Answer(name, seal(KEY, data, True), outcome, reason, also=also, headers={"result": "SUCCESS"})


def word(code: str, own_each: bool = False) -> Answer:
    known = codes.verdict(code, own_each)
    also = {"split": known.split, "blocks": known.blocks, "retry_after": known.retry_after}
    return Answer(code, b"", known.outcome, known.reason, code, also, {"result": code})


def plain(code: str, data: object = None, outcome: Outcome = Outcome.ACCEPTED, reason: str = reasons.ACCEPTED, **also):
    return Answer(code, json.dumps({"code": code, "data": data}).encode(), outcome, reason, code, also)


def rows(*phones: str) -> list[dict[str, str]]:
    return [
        {"mobile": phone, "smsId": f"2017{number}", "customSmsId": f"{REF}_{number}"}
        for number, phone in enumerate(phones, 1)
    ]


IDS = {TWO[0]: "20171", TWO[1]: "20172"}
ACCEPTED = sealed("accepted", rows(*TWO), message_ids=IDS, accepted_count=2)
REFUSALS = tuple(word(code) for code in (
    "ERROR_PARAMS", "ERROR_APPID", "ERROR_ENCRYPTION", "ERROR_CLIENT_IP", "ERROR_BALANCE", "ERROR_OVER_SPEED",
    "ERROR_REQUEST_NO_VALID", "ERROR_MOBILE_ERROR", "ERROR_MOBILE_EMPTY", "ERROR_MOBILE_NUMBER", "ERROR_CUSTOM_SMSID",
))  # fmt: skip
NO_WORD = Answer("no result header", seal(KEY, rows(*TWO), True), Outcome.UNKNOWN, reasons.NO_ANSWER)
UNLISTED = word("ERROR_MOON")


def send(operation: str, *answers: Answer, settings: dict | None = None, **changes) -> Call:
    request = send_request(*TWO, **{"reference": REF, **changes})
    return Call(operation, "send", (request,), answers, settings or {})


SENDS = (
    Call(
        "single",
        "send",
        (send_request(TWO[0], reference=REF),),
        (sealed("accepted", rows(TWO[0])[0], message_ids={TWO[0]: "20171"}, accepted_count=1), *REFUSALS),
    ),
    send(
        "batch",
        ACCEPTED,
        sealed("partly accepted", rows(TWO[0]), accepted_count=1),
        Answer("accepted, ids unreadable", b"?", Outcome.ACCEPTED, reasons.ACCEPTED, headers={"result": "SUCCESS"}),
        *REFUSALS,
        NO_WORD,
        UNLISTED,
        word("ERROR_LONG_CONTENT"),
    ),
    send("batch_only", ACCEPTED, *REFUSALS, settings={"custom_ids": False}),
    send("personal", ACCEPTED, word("ERROR_LONG_CONTENT", True), text="", content=NAMED, recipients=PERSONAL),
    send("personal_all", ACCEPTED, word("ERROR_SMS_TIME", True), options={"time_column": "when"}),
    send("template_normal", ACCEPTED, word("ERROR_PARAMS"), template_id="22222"),
    send(
        "template_variable",
        ACCEPTED,
        word("ERROR_EXTENDED_CODE", True),
        template_id="22222",
        text="",
        content=NAMED,
        recipients=PERSONAL,
    ),
    send(
        "short_link",
        ACCEPTED,
        word("ERROR_CONTENT_EMPTY"),
        text="请看{#短网址#}",
        options={"short_link_url": "https://example.com/a"},
    ),
    send(
        "plain_send",
        plain("SUCCESS", rows(*TWO), message_ids=IDS, accepted_count=2),
        plain("ERROR_SIGN", None, Outcome.BLOCKED, reasons.CREDENTIALS, blocks="account"),
        plain("ERROR_TIMESTAMP", None, Outcome.NOT_TAKEN, reasons.CLOCK),
        plain("ERROR_MOBILE_ERROR", None, Outcome.REJECTED, reasons.BAD_NUMBER, split=True),
        plain("ERROR_MOON", None, Outcome.UNKNOWN, reasons.UNKNOWN_WORD),
        settings=PLAIN,
    ),
    send(
        "plain_personal",
        plain("SUCCESS", rows(*TWO)),
        plain("ERROR_LONG_CONTENT", None, Outcome.REJECTED, reasons.LENGTH, split=True),
        settings=PLAIN,
        text="",
        content=NAMED,
        recipients=PERSONAL,
    ),
)
TEMPLATES = (
    Call(
        "template_create",
        "submit",
        (submission(NAMED),),
        (
            sealed("created", DOCUMENT["answers"]["2.1.6"], template_id="15538850000"),
            word("ERROR_PARAMS"),
        ),
    ),
    Call(
        "template_query",
        "query_template",
        ("22222",),
        (
            sealed("waiting", {"templateId": "22222", "status": "0"}, state=ReviewState.WAITING),
            sealed("approved", {"templateId": "22222", "status": "1"}, state=ReviewState.APPROVED),
            sealed("refused", {"templateId": "22222", "status": 2}, state=ReviewState.REJECTED),
            sealed("gone", {"status": "-1"}, Outcome.REJECTED, reasons.TEMPLATE_UNUSABLE, state=None),
            sealed("the document's sample", DOCUMENT["answers"]["2.1.8"], state=None),
            word("ERROR_APPID"),
        ),
    ),
    Call(
        "template_delete",
        "delete_template",
        ("22222",),
        (
            sealed("done", {"code": "true", "templateId": "22222"}),
            sealed("not done", DOCUMENT["answers"]["2.1.7"], Outcome.REJECTED, reasons.TEMPLATE_UNUSABLE),
        ),
    ),
)
ROWS = {
    kind: DOCUMENT["answers"][section]
    for kind, section in (("receipt", "2.1.12"), ("reply", "2.1.13"), ("click", "2.1.14"))
}
POLLS = (
    *(
        Call(
            operation,
            "poll",
            (kind,),
            (
                sealed("rows", ROWS[kind], empty=False, more=False),
                sealed("none", [], empty=True, more=False),
                Answer("broken, kept", b"?" * 16, Outcome.ACCEPTED, reasons.ACCEPTED, "", {"body": b"?" * 16, "empty": False},
                       {"result": "SUCCESS"}),
                word("ERROR_OVER_SPEED"),
            ),
        )
        for operation, kind in (("report", "receipt"), ("reply", "reply"), ("click", "click"))
    ),
    *(
        Call(operation, "poll", (kind,), (plain("SUCCESS", ROWS[kind], empty=False), plain("SUCCESS", [], empty=True)), PLAIN)
        for operation, kind in (("plain_report", "receipt"), ("plain_reply", "reply"))
    ),
)  # fmt: skip
OTHERS = (
    Call("balance", "balance", (), (sealed("told", {"balance": 1000}, amount=Decimal(1000), unit=""), word("ERROR_CLIENT_IP"))),
    Call("plain_balance", "balance", (), (plain("SUCCESS", {"balance": 1000}, amount=Decimal(1000)),), PLAIN),
    Call(
        "retrieve",
        "retrieve",
        (datetime(2026, 5, 20, 1, 0, tzinfo=UTC), datetime(2026, 5, 20, 1, 5, tzinfo=UTC)),
        (
            Answer("done", b"SUCCESS", Outcome.ACCEPTED, reasons.ACCEPTED, "SUCCESS"),
            Answer("not open", b"ERROR_NO_RETRIEVE_SERVICE", Outcome.REJECTED, reasons.ACCOUNT_STATE, also={"blocks": ""}),
            Answer("no word", b"<html>", Outcome.UNKNOWN, reasons.NO_ANSWER),
        ),
    ),
)  # fmt: skip


def receipt(phone: str, sms_id: str, reference: str, state: str = "DELIVRD", desc: str = "成功") -> ReceiptEvent:
    status, reason = codes.receipt(state)
    return ReceiptEvent(
        "x", phone, status, reference, message_id=sms_id, channel="sms", reason=reason, code=state, message=desc, at=AT
    )


REPORTS = (
    receipt("15538850000", "20170392833833891100", "1553885000011111"),
    receipt("15538850001", "20170392833833891101", "1553885000011112"),
)
MOS = [ROWS["reply"][0], {**ROWS["reply"][1], "content": "R", "extendedCode": None}]
REPLIES = (
    ReplyEvent("x", "15538850000", "TD", at=AT),
    ReplyEvent("x", "15538850000", "R", at=AT),
)
ODD_STATE = {
    **ROWS["receipt"][0],
    "mobile": "13800138000",
    "smsId": None,
    "customSmsId": f"{REF}_7",
    "state": "MK:0104",
}
MIXED = [*ROWS["receipt"], ODD_STATE, "broken"]
MIXED_EVENTS = (*REPORTS, receipt("13800138000", "", REF, "MK:0104"), MalformedEvent("x", "", ""))
CLICK = {
    key: value
    for key, value in ROWS["click"][0].items()
    if key in ("equipment", "browser", "accessAddress", "userAgent")
}
HEADERS = {"appid": APP_ID}


def form(name: str, data: object) -> bytes:
    return urlencode({name: json.dumps(data, ensure_ascii=False)}).encode()


CONTRACT = VendorContract(
    credentials={"app_id": APP_ID, "secret_key": KEY},
    settings={"pushes": "either"},
    calls=(*SENDS, *TEMPLATES, *POLLS, *OTHERS),
    pushes=(
        PushSample(
            "push_report", Inbound("receipt", HEADERS, seal(KEY, MIXED, True)), MIXED_EVENTS,
            signed=True, ack=b"success", unknown_word="MK:0104",
        ),
        PushSample("push_reply", Inbound("reply", HEADERS, seal(KEY, MOS, True)), REPLIES, signed=True, ack=b"success"),
        PushSample(
            "push_report_plain", Inbound("receipt", HEADERS, form("reports", MIXED)), MIXED_EVENTS,
            ack=b"success", unknown_word="MK:0104",
        ),
        PushSample("push_reply_plain", Inbound("reply", HEADERS, form("mos", MOS)), REPLIES, ack=b"success"),
        PushSample("report", Inbound("receipt", {}, seal(KEY, ROWS["receipt"], False)), REPORTS, polled=True),
        PushSample(
            "plain_report",
            Inbound("receipt", {}, json.dumps(DOCUMENT["answers"]["2.2.3"]).encode()), REPORTS, polled=True,
        ),
        PushSample("reply", Inbound("reply", {}, seal(KEY, MOS, True)), REPLIES, polled=True),
        PushSample(
            "click",
            Inbound("click", {}, seal(KEY, ROWS["click"][:1], True)),
            (ClickEvent("x", "15900000006", "https://emay.cn",
                        at=datetime(2020, 7, 3, 11, 4, 36, tzinfo=CHINA), detail=CLICK),),
            polled=True,
        ),
    ),
    now=datetime(2026, 5, 20, 2, 0, tzinfo=UTC),
)  # fmt: skip


def ready(_vendor: Vendor, phones: tuple[str, ...], reference: str) -> SendRequest:
    """What the sandbox accepts from a new account."""
    return send_request(*phones, reference=reference)
