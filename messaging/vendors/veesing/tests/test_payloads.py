"""Exact forms and frames."""

import base64
from urllib.parse import parse_qsl

import pytest

from messaging.gateway.contract_suite import account, content, submission
from messaging.gateway.outcomes import Unsupported
from messaging.vendors.veesing import payloads
from messaging.vendors.veesing.adapter import Veesing
from messaging.vendors.veesing.tests.examples import FILM, PICTURE, batch, example, medium

CREDENTIALS = {"app_id": "A+1", "app_key": "K&2"}
WHO = {"appId": "A+1", "appKey": "K&2"}


@pytest.fixture
def vendor():
    return Veesing(account(credentials=CREDENTIALS))


def b64(data):
    return base64.b64encode(data).decode()


def values(wire):
    return dict(parse_qsl(wire.body.decode(), keep_blank_values=True, strict_parsing=True))


def test_a_message_is_seconds_then_medium_then_text_of_each_frame(vendor):
    wire = vendor.build_submit(example())

    assert (wire.operation, wire.method, wire.path, wire.people) == ("create", "POST", "/mmsApi/create", 0)
    assert wire.headers == {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
    first = f"5,jpg|{b64(PICTURE)},txt|{b64('中昱维信双十一大促'.encode('gbk'))}"
    content = f"{first};3,txt|{b64('欢迎莅临采购'.encode('gbk'))};8,mp4|{b64(FILM)}"
    assert values(wire) == {**WHO, "title": "中昱双十一大促", "content": content}


@pytest.mark.parametrize(
    ("mime", "extension"),
    [
        ("image/jpeg", "jpg"),
        ("image/gif", "gif"),
        ("video/mp4", "mp4"),
        ("audio/mpeg", "mp3"),
        ("audio/mp3", "mp3"),
    ],
)
def test_each_type_has_the_documents_name(mime, extension):
    message = {"kind": "mms", "title": "题", "frames": [{"seconds": 2, "media": {"asset": "1"}}]}

    made = payloads.template(example(message, media={"1": medium("1", mime, b"data")}))

    assert made == ("create", {"title": "题", "content": f"2,{extension}|ZGF0YQ=="})


def test_a_plus_in_base64_survives_the_form(vendor):
    picture = b"\xfb\xef\xbe"
    message = {"kind": "mms", "title": "题", "frames": [{"seconds": 1, "media": {"asset": "1"}}]}
    wire = vendor.build_submit(example(message, media={"1": medium("1", "image/gif", picture)}))

    assert values(wire)["content"] == "1,gif|++++"


def test_one_message_goes_to_all_numbers_now(vendor):
    wire = vendor.build_send(batch())

    assert (wire.operation, wire.method, wire.path, wire.people) == ("send", "POST", "/mmsApi/send", 2)
    assert values(wire) == {**WHO, "mmsId": "54", "phone": "13800138000,13800138001"}


def test_the_balance_asks_with_the_account_alone(vendor):
    wire = vendor.build_balance()

    assert (wire.operation, wire.method, wire.path) == ("balance", "POST", "/mmsApi/getBalance")
    assert values(wire) == WHO


def test_only_mms_is_created(vendor):
    with pytest.raises(Unsupported):
        vendor.build_submit(submission(content(kind="sms", text="您好")))


def test_neither_key_stands_in_the_repr_of_a_request(vendor):
    assert "K%262" not in repr(vendor.build_balance())
