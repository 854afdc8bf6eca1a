"""The four requests, value for value."""

import json
import re
from pathlib import Path

import pytest

from messaging.gateway.contract_suite import account, content, fallback, send_request
from messaging.gateway.crypto import sm3_hex
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Recipient
from messaging.vendors.yixintong import envelope
from messaging.vendors.yixintong.adapter import Yixintong
from messaging.vendors.yixintong.tests.contract import REPLY_EVENT, SERIAL

DOCUMENT = json.loads((Path(__file__).parent.parent / "samples" / "document.json").read_text())
CREDENTIALS = {"sp_code": "100001", "app_key": "user1", "app_secret": "secret1"}
REQUEST_ID = "1700000000000123456"


@pytest.fixture
def fixed_id(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: int(REQUEST_ID[:13]) * 1_000_000)
    monkeypatch.setattr("secrets.randbelow", lambda _below: int(REQUEST_ID[13:]))


def vendor(**settings):
    return Yixintong(account("http://172.31.2.235:8899", CREDENTIALS, settings))


def test_the_signature_of_the_published_vector():
    vector = DOCUMENT["signature"]
    assert envelope.signature(CREDENTIALS, vector["body"], vector["request_id"]) == vector["sign"]


def test_send_is_the_documents_request(fixed_id):
    request = send_request(
        "13800138000", reference="17000000000001234567", template_id="T1", text="您的验证码是 1234*", signature="示例"
    )
    wire = vendor().build_send(request)
    assert (wire.operation, wire.method, wire.path, wire.people) == ("send", "POST", "/api/sms/send", 1)
    assert json.loads(wire.body) == DOCUMENT["signature"]["body"]
    assert wire.headers == {
        "Content-Type": "application/json;charset=UTF-8",
        "x-sp-code": "100001",
        "x-app-key": "user1",
        "x-request-id": REQUEST_ID,
        "x-sign": DOCUMENT["signature"]["sign"],
    }


@pytest.mark.parametrize(
    ("settings", "sign"),
    [
        ({"sign_upper": True}, DOCUMENT["signature"]["sign"].upper()),
        ({"sign_encoding": "js"}, sm3_hex(
            "100001user1secret1"
            "messageContent%3D%E6%82%A8%E7%9A%84%E9%AA%8C%E8%AF%81%E7%A0%81%E6%98%AF%201234*%26"
            "serialNumber%3D17000000000001234567%26templateId%3DT1%26type%3D1%26userNumber%3D13800138000" + REQUEST_ID
        )),
        ({"sign_type": False}, sm3_hex(
            "100001user1secret1"
            "messageContent%3D%E6%82%A8%E7%9A%84%E9%AA%8C%E8%AF%81%E7%A0%81%E6%98%AF+1234*%26"
            "serialNumber%3D17000000000001234567%26templateId%3DT1%26userNumber%3D13800138000" + REQUEST_ID
        )),
    ],
)  # fmt: skip
def test_the_open_points_of_the_signature_are_settings(fixed_id, settings, sign):
    request = send_request("13800138000", reference="17000000000001234567", template_id="T1", text="您的验证码是 1234*")
    assert vendor(**settings).build_send(request).headers["x-sign"] == sign


@pytest.mark.parametrize(
    ("text", "java", "js"),
    [
        ("a b", "a+b", "a%20b"),
        ("!'()~", "%21%27%28%29%7E", "!'()~"),
        ("*-._", "*-._", "*-._"),
        ("=&", "%3D%26", "%3D%26"),
    ],
)
def test_both_encodings(text, java, js):
    assert (envelope.encode(text, "java"), envelope.encode(text, "js")) == (java, js)


def test_numbers_are_joined_by_commas_and_variables_filled():
    people = (Recipient("13800138000", {"姓名": "王"}), Recipient("13900139000", {"姓名": "王"}))
    request = send_request(
        recipients=people, text="", content=content(kind="sms", text="${姓名}您好"), template_id="T9"
    )
    body = json.loads(vendor().build_send(request).body)
    assert (body["userNumber"], body["messageContent"], body["templateId"]) == (
        "13800138000,13900139000",
        "王您好",
        "T9",
    )


def test_a_card_is_represented_by_its_fallback_text_and_that_parts_template():
    people = (Recipient("13800138000", {"n": "王"}),)
    request = send_request(
        recipients=people, text="", content=content(kind="card", card={"title": "x"}), template_id="CARD",
        fallback=fallback(sms={"text": "${n}，请看短信"}), part_ids={"sms": "T5"},
    )  # fmt: skip
    body = json.loads(vendor().build_send(request).body)
    assert (body["templateId"], body["messageContent"]) == ("T5", "王，请看短信")


@pytest.mark.parametrize("changes", [{"template_id": ""}, {"template_id": "T1", "text": ""}])
def test_nothing_is_built_without_a_template_or_a_text(changes):
    with pytest.raises(Unsupported):
        vendor().build_send(send_request(**changes))


@pytest.mark.parametrize("text", ["您好", "【测试】您好"])
def test_the_signature_stands_in_front_once_if_the_account_says_so(text):
    body = json.loads(vendor(signature_in_text=True).build_send(send_request(text=text, template_id="T1")).body)
    assert body["messageContent"] == "【测试】您好"


def test_request_ids_are_fresh_and_of_the_documents_form():
    wires = [vendor().build_send(send_request(template_id="T1")) for _time in range(20)]
    ids = {wire.headers["x-request-id"] for wire in wires}
    assert len(ids) == 20
    assert all(re.fullmatch(r"\d{19}", request_id) for request_id in ids)


def test_the_same_reference_is_the_same_serial_at_a_repeat():
    first = json.loads(vendor().build_send(send_request(reference=SERIAL, template_id="T1")).body)
    again = json.loads(vendor().build_send(send_request(reference=SERIAL, template_id="T1", is_repeat=True)).body)
    assert first == again


def test_the_serial_number_has_twenty_digits_and_is_one_for_each_attempt():
    batches, attempts = (1, 12, 99_999_999_999), (1, 2, 9999)
    serials = [vendor().reference(batch, attempt, "0002s") for batch in batches for attempt in attempts]
    assert serials[0] == "90100000000000010001"
    assert len(set(serials)) == 9
    assert all(re.fullmatch(r"[1-9]\d{19}", serial) for serial in serials)
    assert vendor(serial_prefix="4321").reference(7, 2, "0002s") == "43210100000000070002"


def test_a_serial_number_that_does_not_fit_is_never_cut_short():
    with pytest.raises(ValueError, match="No serial number"):
        vendor().reference(1, 10_000, "a1b2c")


@pytest.mark.parametrize(("kind", "operation", "path"), [
    ("receipt", "report", "/info/sms/report"),
    ("reply", "reply", "/info/sms/reply/query"),
])  # fmt: skip
def test_polls_sign_the_empty_text(fixed_id, kind, operation, path):
    wire = vendor().build_poll(kind, 500)
    assert (wire.operation, wire.method, wire.path, wire.body) == (operation, "POST", path, b"{}")
    assert wire.headers["x-sign"] == sm3_hex("100001user1secret1" + REQUEST_ID)


def test_there_is_no_other_poll():
    with pytest.raises(Unsupported):
        vendor().build_poll("click", 500)


def test_the_confirm_names_the_max_id(fixed_id):
    wire = vendor().build_confirm("reply", [REPLY_EVENT])
    assert (wire.operation, wire.path, json.loads(wire.body)) == (
        "confirm",
        "/info/sms/reply/confirm",
        {"maxId": "12345677"},
    )
    assert wire.headers["x-sign"] == sm3_hex("100001user1secret1maxId%3D12345677" + REQUEST_ID)


def test_receipts_have_no_confirm():
    assert vendor().build_confirm("receipt", []) is None
    assert vendor().build_confirm("reply", []) is None
