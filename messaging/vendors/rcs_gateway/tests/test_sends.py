"""The four sends: bodies value for value, which one a batch takes, and how their answers are read."""

import base64

import orjson
import pytest

from messaging.gateway import crypto, reasons
from messaging.gateway.contract_suite import FakeHttp, account, content, fallback, response
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Recipient, SendRequest, SendResult, Verdict
from messaging.vendors.rcs_gateway.adapter import RcsGateway
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS, SAMPLES, example

TWO = (Recipient("15100000000"), Recipient("15100000001"))
NAMED = (
    Recipient("15100000000", {"姓名": "李四", "余额": "100"}),
    Recipient("15100000001", {"姓名": "张三", "余额": "100"}),
)
TEXT = content(kind="text", text="${姓名}，您的余额${余额}")
SMS_MMS = fallback(sms={"text": "短信"}, mms={"title": "视信", "frames": [{"text": "帧"}]})
AIM = fallback(aim={"text": "${阅信短链} 看这里"})
CARD = content(kind="card", card={"title": "题", "description": "文"})
NAMED_CARD = content(kind="card", card={"title": "题", "description": "${姓名}，您的余额${余额}"})


def vendor(*answers):
    return RcsGateway(account("http://x", CREDENTIALS), FakeHttp(*answers))


def batch(*recipients, reference="s7-1", **fields):
    return SendRequest(reference, recipients or TWO, "测试", **fields)


def built(request):
    wire = vendor().build_send(request)
    assert wire.operation == wire.path.removeprefix("/rcs/")
    assert wire.people == len(request.recipients)
    return wire.operation, Envelope(CREDENTIALS).open(wire.body)


# --- value for value against the document -------------------------------------------------------------------------


def test_one_text_as_in_the_example():
    people = (Recipient("15112301240"), Recipient("15112301241"))
    request = batch(*people, reference="xxxxxx", text="这是一条测试的文本内容")
    assert built(request) == ("send", example("send"))


def test_a_text_for_each_as_in_the_example():
    people = (Recipient("15112301240", {"n": "1"}), Recipient("15112301241", {"n": "2"}))
    assert built(batch(*people, reference="xxxxxx", text="内容${n}")) == ("p2p", example("p2p"))


def test_a_template_as_in_the_example():
    assert built(batch(template_id="1")) == ("templateSend", {**example("template_send"), "callData": "s7-1"})


def test_a_template_with_variables_as_in_the_example():
    request = batch(*NAMED, template_id="5", content=NAMED_CARD, fallback=SMS_MMS)
    assert built(request) == ("templateP2P", {**example("template_p2p"), "callData": "s7-1"})


# --- the choices ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["【测试】您好", "您好【测试】"])
def test_a_text_that_has_its_signature_gets_no_second(text):
    assert built(batch(text=text))[1]["content"] == text


def test_a_text_with_another_bracket_gets_its_signature():
    assert built(batch(text="【特惠】您好"))[1]["content"] == "【测试】【特惠】您好"


def test_a_value_is_never_expanded_again():
    people = (Recipient("15112301240", {"姓名": "${余额}", "余额": "9"}),)
    assert built(batch(*people, text="${姓名}"))[1]["mobileContentKvp"] == {"15112301240": "【测试】${余额}"}


def test_a_filled_text_with_other_columns_is_one_text():
    assert built(batch(*NAMED, text="您好"))[0] == "send"


def test_a_text_template_goes_by_its_id():
    assert built(batch(*NAMED, template_id="6", content=TEXT, fallback=fallback()))[1] == {
        "templateId": 6,
        "mobileContentList": {
            "15100000000": {"${姓名}": "李四", "${余额}": "100"},
            "15100000001": {"${姓名}": "张三", "${余额}": "100"},
        },
        "callData": "s7-1",
    }


def test_columns_that_the_template_does_not_use_are_not_sent():
    request = batch(Recipient("15100000000", {"姓名": "李四", "余额": "1", "备注": "x"}), template_id="5", content=TEXT)
    assert built(request)[1]["mobileContentList"] == {"15100000000": {"${姓名}": "李四", "${余额}": "1"}}


def test_columns_alone_do_not_make_a_template_variable():
    assert built(batch(*NAMED, template_id="5", content=CARD, fallback=fallback()))[0] == "templateSend"


def test_without_the_version_what_the_recipients_bring_is_sent():
    operation, body = built(batch(*NAMED, template_id="5"))
    assert operation == "templateP2P"
    assert body["mobileContentList"]["15100000001"] == {"${姓名}": "张三", "${余额}": "100"}
    assert "callType" not in body


@pytest.mark.parametrize(("chosen", "sent"), [("", 3), (None, 3), ("3", 3), ("2", 2), (1, 1)])
def test_the_fallback_of_a_send_is_all_unless_chosen(chosen, sent):
    body = built(batch(template_id="5", content=CARD, fallback=SMS_MMS, options={"callType": chosen}))[1]
    assert body["callType"] == sent


def test_no_fallback_is_the_documents_default():
    assert "callType" not in built(batch(template_id="5", content=CARD, fallback=SMS_MMS, options={"callType": "0"}))[1]


def test_beside_a_text_the_fallback_is_sms_alone():
    assert built(batch(template_id="5", content=content(kind="text", text="好"), fallback=SMS_MMS))[1]["callType"] == 1


def test_one_short_link_for_all():
    body = built(batch(template_id="5", content=CARD, fallback=AIM, options={"aimUrl": "https://a.cn/x"}))
    assert body == (
        "templateSend",
        {
            "templateId": 5,
            "mobile": "15100000000,15100000001",
            "callData": "s7-1",
            "callType": 4,
            "aimUrl": "https://a.cn/x",
        },
    )


def test_a_short_link_for_each_number():
    people = (Recipient("15100000000", {"阅信短链": "a.cn/1"}), Recipient("15100000001", {"阅信短链": "a.cn/2"}))
    assert built(batch(*people, template_id="5", content=CARD, fallback=AIM)) == (
        "templateP2P",
        {
            "templateId": 5,
            "mobileContentList": {
                "15100000000": {"${阅信短链}": "a.cn/1"},
                "15100000001": {"${阅信短链}": "a.cn/2"},
            },
            "callData": "s7-1",
            "callType": 4,
        },
    )


def test_variables_with_one_short_link_for_all():
    request = batch(*NAMED, template_id="5", content=NAMED_CARD, fallback=AIM, options={"aimUrl": "a.cn/x"})
    assert built(request)[1]["mobileContentList"]["15100000000"] == {
        "${姓名}": "李四",
        "${余额}": "100",
        "${阅信短链}": "a.cn/x",
    }


def test_a_short_link_is_sent_only_with_smart_sms():
    people = (Recipient("15100000000", {"姓名": "李四", "余额": "1", "阅信短链": "a.cn/1"}),)
    request = batch(*people, template_id="5", content=NAMED_CARD, fallback=AIM, options={"callType": "0"})
    assert built(request)[1]["mobileContentList"] == {"15100000000": {"${姓名}": "李四", "${余额}": "1"}}


# --- what is not sent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "There is neither a reviewed template nor a text to send."),
        ({"template_id": "T1"}, "The vendor's template id is a whole number; this one is not."),
        (
            {"template_id": "1", "content": CARD, "fallback": SMS_MMS, "options": {"callType": "4"}},
            "The fallback chosen for this send is not part of the reviewed template.",
        ),
        (
            {"template_id": "1", "content": CARD, "fallback": AIM},
            "A fallback to smart SMS needs a short link.",
        ),
    ],
)
def test_what_all_would_be_refused_for_stops_the_dispatch_before_the_wire(fields, sentence):
    adapter = vendor()
    expected = Verdict(Outcome.BLOCKED, reasons.BAD_REQUEST, "", sentence, blocks="dispatch")
    assert adapter.send(batch(**fields)) == SendResult(expected)
    assert adapter.http.requests == []


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "task"), [("send", "1"), ("p2p", "2"), ("template_send", "1"), ("template_p2p", "2")])
def test_the_examples_answers_are_read(name, task):
    answer = response(SAMPLES[name]["reply"]["ciphertext"].encode())
    accepted = Verdict(Outcome.ACCEPTED, reasons.ACCEPTED, "0", "")
    assert vendor(answer).send(batch(text="好")) == SendResult(accepted, task_id=task)


def sealed(answer):
    return response(Envelope(CREDENTIALS).seal(answer)[0])


def test_a_number_as_task_id_is_read_as_text():
    assert vendor(sealed({"status": "0", "taskId": 77})).send(batch(text="好")).task_id == "77"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (sealed([1]), Outcome.UNKNOWN),
        (sealed({"message": "ok"}), Outcome.UNKNOWN),
        (sealed({"status": True}), Outcome.UNKNOWN),
        (sealed({"status": "ok"}), Outcome.UNKNOWN),
        (response(b'{"status": 0, "taskId": "1"}'), Outcome.UNKNOWN),
        (response(b'{"status": 404}'), Outcome.UNKNOWN),
        (response(b"{"), Outcome.UNKNOWN),
        (response(b"<html>"), Outcome.UNKNOWN),
        (response(b'{"status": 3, "message": "no"}'), Outcome.BLOCKED),
    ],
)
def test_an_answer_that_cannot_be_read_is_unknown(answer, outcome):
    assert vendor(answer).send(batch(text="好")).verdict.outcome is outcome


def test_a_status_may_come_as_text_or_number():
    for status in (0, "0", " 0 "):
        assert vendor(sealed({"status": status})).send(batch(text="好")).verdict.outcome is Outcome.ACCEPTED


def test_signed_answers_are_read_all_the_same():
    body, headers = Envelope(CREDENTIALS).seal({"status": 0, "taskId": "1"})
    answer = response(body, {"timestamp": headers["timestamp"], "sign": headers["signature"]})
    assert vendor(answer).send(batch(text="好")).task_id == "1"


@pytest.mark.parametrize(
    ("message", "people", "split"),
    [("手机号码格式错误", 2, True), ("mobile error", 2, True), ("参数错误", 2, False), ("手机号码格式错误", 1, False)],
)
def test_a_refused_number_among_others_asks_for_halves(message, people, split):
    verdict = vendor(sealed({"status": 4, "message": message})).send(batch(*TWO[:people], text="好")).verdict
    assert verdict == Verdict(Outcome.REJECTED, reasons.BAD_REQUEST, "4", message, split=split)


# --- a full request ----------------------------------------------------------------------------------------------------


def by_hand(recipients):
    rows = {phone: {"${姓名}": v["姓名"], "${余额}": v["余额"]} for phone, v in recipients}
    plain = orjson.dumps({"templateId": 5, "mobileContentList": rows, "callData": "s7-1", "callType": 3})
    return base64.b64encode(crypto.aes_ecb_encrypt(CREDENTIALS["aes_key"].encode(), plain))


def test_a_thousand_numbers_are_the_bytes_that_are_made_by_hand():
    people = tuple(Recipient(f"151{n:08}", {"姓名": "李四", "余额": str(n)}) for n in range(1000))
    request = batch(*people, template_id="5", content=NAMED_CARD, fallback=SMS_MMS)
    assert vendor().build_send(request).body == by_hand(people)
