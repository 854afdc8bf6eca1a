"""Templates from our own blocks equal the document's seven examples, value for value."""

import pytest

from messaging.gateway import reasons
from messaging.gateway.contract_suite import FakeHttp, account, content, fallback, response
from messaging.gateway.outcomes import Outcome, Unsupported
from messaging.gateway.types import Media, Submission, SubmissionResult, Verdict
from messaging.vendors.rcs_gateway.adapter import RcsGateway
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS, SAMPLES, example

PICTURE = {"7": Media("7", "image/jpeg", 1000, "xxxxxx")}
BUTTON = {"kind": "open_url", "label": "打开网址按钮", "url": "xxxxxxx"}
CHIP = {"kind": "reply", "label": "回复消息按钮", "data": "123"}
PLAIN = "这是一个普通模板卡片文本内容"
VARIABLES = "${姓名}，您好，您的余额${余额}，请及时充值！"
FRAME = {"title": "视信标题", "frames": [{"text": "视信第一帧文本内容", "media": {"asset": "7"}}]}
LINKED = "${阅信短链}，这是回落阅信的文本内容"


def card(description=PLAIN, buttons=(), chips=()):
    inner = {
        "title": "卡片1标题",
        "description": description,
        "media": {"asset": "7"},
        "suggestions": list(buttons),
    }
    return content(kind="card", card=inner, suggestions=list(chips))


def submission(name, main, parts=None, **changes):
    return Submission(name, "main", main, parts or fallback(), "测试", media=PICTURE, **changes)


EXAMPLES = {
    "template_add_card": submission("模板1", card(buttons=[BUTTON], chips=[CHIP])),
    "template_add_sms": submission("模板2", card(), fallback(sms={"text": "这是回落短信的文本内容"})),
    "template_add_mms": submission("模板3", card(), fallback(mms=FRAME)),
    "template_add_aim": submission("模板4", card(), fallback(aim={"text": LINKED})),
    "template_add_sms_mms": submission(
        "模板5",
        card("变量模板卡片文本内容，" + VARIABLES),
        fallback(sms={"text": "回落短信的文本内容，" + VARIABLES}, mms=FRAME),
    ),
    "text_template_add": submission("模板1", content(kind="text", text=PLAIN)),
    "text_template_add_sms": submission("模板1", content(kind="text", text=PLAIN), fallback(sms={"text": PLAIN})),
}


def vendor(*answers, **settings):
    return RcsGateway(account("http://x", CREDENTIALS, settings), FakeHttp(*answers))


def opened(request):
    return Envelope(CREDENTIALS).open(request.body)


def sealed(answer):
    return response(Envelope(CREDENTIALS).seal(answer)[0])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_body_equals_the_example(name):
    request = vendor().build_submit(EXAMPLES[name])
    assert opened(request) == example(name)
    assert (request.method, request.path) == ("POST", SAMPLES[name]["address"])
    assert request.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_answer_is_read(name):
    adapter = vendor(response(SAMPLES[name]["reply"]["ciphertext"].encode()))
    expected = str(int(example_reply(name)["templateId"]))
    assert adapter.submit(EXAMPLES[name]) == SubmissionResult(
        Verdict(Outcome.ACCEPTED, reasons.ACCEPTED, "0", ""), expected, renews=True
    )


def example_reply(name):
    return Envelope(CREDENTIALS).open(SAMPLES[name]["reply"]["ciphertext"].encode())


def test_a_carousel_is_several_parts():
    cards = [
        {"title": f"第{n}张", "description": "说明", "media": {"asset": "7"}, "suggestions": [CHIP]} for n in (1, 2)
    ]
    body = opened(vendor().build_submit(submission("多卡片", content(kind="carousel", cards=cards))))
    button = {"name": "回复消息按钮", "eventType": 1, "value": "123"}
    file = {"mediaType": "image/jpeg", "fileUrl": "xxxxxx"}
    assert body["rcs"] == {
        "parts": [
            {"title": "第1张", **file, "content": "说明", "buttons": [button]},
            {"title": "第2张", **file, "content": "说明", "buttons": [button]},
        ]
    }


def test_the_three_buttons():
    buttons = [
        {"kind": "reply", "label": "好"},
        {"kind": "open_url", "label": "看", "url": "https://a.cn/?b=1"},
        {"kind": "dial", "label": "打", "phone": "4001234567"},
    ]
    body = opened(vendor().build_submit(submission("按钮", card(buttons=buttons))))
    assert body["rcs"]["parts"][0]["buttons"] == [
        {"name": "好", "eventType": 1, "value": "好"},
        {"name": "看", "eventType": 2, "value": "https://a.cn/?b=1"},
        {"name": "打", "eventType": 3, "value": "4001234567"},
    ]


@pytest.mark.parametrize(
    ("mime", "named"),
    [("audio/mpeg", "audio/mp3"), ("video/x-flv", "video/flv"), ("audio/aac", "audio/aac"), ("image/png", "image/png")],
)
def test_media_types_take_the_documents_names(mime, named):
    main = submission("素材", card())
    main = Submission(**{**vars(main), "media": {"7": Media("7", mime, 1, "https://a.cn/7")}})
    part = opened(vendor().build_submit(main))["rcs"]["parts"][0]
    assert (part["mediaType"], part["fileUrl"]) == (named, "https://a.cn/7")


def test_the_text_key_is_a_setting():
    body = opened(vendor(text_key="Text").build_submit(EXAMPLES["text_template_add"]))
    assert body["rcs"] == {"Text": PLAIN}


def test_the_signature_goes_without_its_brackets():
    main = submission("模板1", content(kind="text", text=PLAIN))
    main = Submission(**{**vars(main), "signature": "【测试】"})
    assert opened(vendor().build_submit(main))["sign"] == "测试"


def test_beside_a_text_only_sms_is_submitted():
    parts = fallback(sms={"text": "短信"}, mms=FRAME, aim={"text": LINKED}, h5={"text": "页"})
    body = opened(vendor().build_submit(submission("文本", content(kind="text", text=PLAIN), parts)))
    assert (body["callType"], body["toSms"], "toMms" in body, "toAim" in body) == (1, "短信", False, False)


def test_without_renewal_an_approval_holds_seven_days():
    main = submission("模板1", card(), options={"autoRenew": False})
    adapter = vendor(sealed({"status": 0, "message": "", "templateId": 9}))
    result = adapter.submit(main)
    assert (result.template_id, result.valid_days, result.renews) == ("9", 7, False)
    assert opened(adapter.http.requests[0])["autoRenew"] is False


def test_what_the_vendor_would_refuse_is_not_submitted():
    adapter = vendor()
    result = adapter.submit(submission("模板", card(description="")))
    assert result.verdict.outcome is Outcome.REJECTED
    assert result.verdict.message == "This vendor wants a description on every card."
    assert adapter.http.requests == []


def test_a_part_alone_is_not_submitted():
    with pytest.raises(Unsupported):
        vendor().build_submit(Submission("x", "sms", card(), fallback(), "测试"))


def test_taken_without_an_id_is_unknown():
    assert vendor(sealed({"status": 0, "message": ""})).submit(EXAMPLES["text_template_add"]).verdict.outcome is (
        Outcome.UNKNOWN
    )
