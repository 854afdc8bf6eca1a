"""The sandbox serves adapter and real clients alike and refuses each breach of a rule, one test for each."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from messaging.gateway.contract_suite import FakeHttp, account
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Inbound, ReceiptStatus, ReviewState, WireResponse
from messaging.sandbox.base import SandboxRequest, World
from messaging.vendors.veesing.adapter import Veesing
from messaging.vendors.veesing.sandbox import SANDBOX
from messaging.vendors.veesing.tests.examples import batch, example

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
WHO = {"appId": "2RYN7CQHL1MSANDB", "appKey": "WVNA4A0SANDBOXKEY"}
FORM = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
PHONE = "13800138000"


def b64(data):
    return base64.b64encode(data).decode()


TEXT = "txt|" + b64("您好".encode("gbk"))
PICTURE = "jpg|" + b64(b"picture")
CREATE = {**WHO, "title": "题", "content": f"3,{PICTURE},{TEXT}"}


def handle(path, body=b"", world=None, query="", headers=FORM, method="POST"):
    return SANDBOX().handle(SandboxRequest(method, path, query, headers, body, NOW), world or World())


def ask(operation, values, world=None, **changes):
    body = urlencode({name: value for name, value in values.items() if value is not ...}).encode()
    return json.loads(handle(f"/mmsApi/{operation}", body, world, **changes).body)


def said(answer):
    return answer["returnStatus"], answer["message"]


@pytest.fixture
def world():
    it = World()
    assert ask("create", CREATE, it)["taskId"] == "51"
    it.take_pushes()
    return it


def send(world, **changes):
    return ask("send", {**WHO, "mmsId": "51", "phone": PHONE, **changes}, world)


class Socket(FakeHttp):
    def __init__(self, world):
        super().__init__()
        self.world = world

    def exchange(self, request):
        headers = {key.lower(): value for key, value in request.headers.items()}
        asked = SandboxRequest(request.method, request.path, "", headers, request.body, NOW)
        return WireResponse(200, {}, SANDBOX().handle(asked, self.world).body)


def test_the_adapter_creates_sends_hears_and_asks():
    world = World()
    vendor = Veesing(account(credentials=SANDBOX.credentials), Socket(world))

    created = vendor.submit(example())
    (audit,) = [vendor.parse(Inbound(push.kind, {}, push.body))[0] for push in world.take_pushes()]
    sent = vendor.send(batch(PHONE, "13800138001", template_id=created.template_id))
    receipts = [vendor.parse(Inbound(push.kind, {}, push.body))[0] for push in world.take_pushes()]

    assert (audit.template_id, audit.state) == (created.template_id, ReviewState.APPROVED)
    assert (sent.verdict.outcome, sent.accepted_count) == (Outcome.ACCEPTED, 2)
    assert [(line.phone, line.task_id) for line in world.ledger] == [
        (PHONE, sent.task_id),
        ("13800138001", sent.task_id),
    ]
    assert [(each.phone, each.task_id, each.status) for each in receipts] == [
        (PHONE, sent.task_id, ReceiptStatus.DELIVERED),
        ("13800138001", sent.task_id, ReceiptStatus.DELIVERED),
    ]
    assert vendor.balance().amount == Decimal(999_998)


def test_an_answer_has_the_documents_five_keys(world):
    assert ask("create", CREATE, world) == {
        "returnStatus": "1 ",
        "message": "成功",
        "remainPoint": None,
        "taskId": "52",
        "successCounts": None,
    }
    assert send(world) == {
        "returnStatus": "1 ",
        "message": "成功",
        "remainPoint": "999999",
        "taskId": "3313748",
        "successCounts": "1",
    }


# --- clients as they are --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/mmsApi/getBalance", "/mmsApi/group/getBalance"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_balance_is_asked_for_in_every_way(path, method):
    reply = handle(path, query=urlencode(WHO), headers={"content-type": "text/plain"}, method=method)

    assert json.loads(reply.body)["remainPoint"] == "1000000"


def test_parameters_may_stand_in_the_query():
    answer = json.loads(handle("/mmsApi/create", query=urlencode(CREATE), headers={}).body)

    assert answer["taskId"] == "51"


def test_a_last_semicolon_and_gb2312_are_fine():
    text = "txt|" + b64("您好".encode("gb2312"))

    assert ask("create", {**CREATE, "content": f"3,{PICTURE},{text};"})["taskId"] == "51"


# --- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/mmsApi/create", 405), ("GET", "/mmsApi/send", 405), ("POST", "/mmsApi/2m/create", 404)],
)
def test_it_refuses_addresses(method, path, status):
    assert handle(path, method=method, query=urlencode(WHO)).status == status


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"appId": ...}, "缺少参数"),
        ({"appKey": ""}, "缺少参数"),
        ({"appId": "other"}, "账号或密码错误"),
        ({"appKey": "other"}, "账号或密码错误"),
        ({"title": ""}, "缺少参数"),
        ({"content": ...}, "缺少参数"),
        ({"surprise": "1"}, "参数错误"),
    ],
)
def test_it_refuses_parameters(change, word):
    world = World()

    assert said(ask("create", {**CREATE, **change}, world)) == ("0", word)
    assert world.store.get("messages", {}) == {}


@pytest.mark.parametrize("headers", [{"content-type": "application/json"}, {"content-type": "multipart/form-data"}, {}])
def test_it_refuses_bodies_that_are_no_form(headers):
    assert said(ask("create", CREATE, headers=headers)) == ("0", "参数错误")


def test_it_refuses_a_parameter_twice():
    reply = handle("/mmsApi/getBalance", urlencode(WHO).encode(), query=urlencode(WHO))

    assert said(json.loads(reply.body)) == ("0", "参数错误")


@pytest.mark.parametrize(
    "content",
    [
        f",{PICTURE}",  # the document's own Java sample forgets the play time
        f"0,{TEXT}",
        f"-1,{TEXT}",
        f"a,{TEXT}",
        f"{PICTURE}",
        "3",
        "3,",
        f"3,{TEXT},{TEXT}",
        f"3,{PICTURE},gif|{b64(b'x')}",
        f"3,png|{b64(b'x')}",
        "3,txt",
        "3,txt|",
        "3,txt|中昱维信",  # the plain text of the document's older example
        "3,txt|" + b64("😀".encode()[:3]),
        "3,jpg|a b=",
        ";".join([f"3,{TEXT}"] * 16),
        "3,jpg|" + b64(b"x" * (80 * 1024 + 1)),
        f"3,jpg|{b64(b'x' * 80 * 1024)};3,{TEXT}",
    ],
)
def test_it_refuses_frames(content):
    assert said(ask("create", {**CREATE, "content": content})) == ("0", "参数错误")


@pytest.mark.parametrize("content", [";".join([f"3,{TEXT}"] * 15), "3,jpg|" + b64(b"x" * 80 * 1024)])
def test_it_takes_what_just_fits(content):
    assert ask("create", {**CREATE, "content": content})["taskId"] == "51"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"mmsId": ...}, "缺少参数"),
        ({"phone": ""}, "缺少参数"),
        ({"mmsId": "99"}, "参数错误"),
        ({"phone": "1380013800"}, "参数错误"),
        ({"phone": f"{PHONE},12000138000"}, "参数错误"),
        ({"phone": f"{PHONE};13800138001"}, "参数错误"),
        ({"phone": f"{PHONE},"}, "参数错误"),
        ({"sendTime": "2026-05-20T11:00:00"}, "参数错误"),
        ({"sendTime": "2026-5-20 11:00:00"}, "参数错误"),
        ({"sendTime": "2026-05-20 10:00:00"}, "参数错误"),
        ({"surprise": "1"}, "参数错误"),
    ],
)
def test_it_refuses_sends(world, change, word):
    assert said(send(world, **change)) == ("0", word)
    assert world.ledger == []
    assert world.take_pushes() == []


@pytest.mark.parametrize("decided", [None, False])
def test_it_refuses_to_send_what_is_not_approved(decided):
    world = World()
    world.settings["auto_approve"] = False
    ask("create", CREATE, world)
    if decided is not None:
        SANDBOX().approve(world, "51", decided, "内容不合规")

    assert said(send(world)) == ("0", "参数错误")


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("locked", "您的账户已被锁定,请联系您的专属客服"),
        ("ip_refused", "IP受限"),
        ("unknown_reason", "未知原因,请联系客服"),
    ],
)
def test_it_can_be_told_to_refuse_the_account(world, setting, word):
    world.settings[setting] = True

    assert said(send(world)) == ("0", word)


def test_it_refuses_what_the_balance_does_not_cover(world):
    world.settings["balance"] = 1

    assert said(send(world, phone=f"{PHONE},13800138001")) == ("0", "余额不足")
    assert send(world)["remainPoint"] == "0"
    assert [line.phone for line in world.ledger] == [PHONE]


# --- what it does later ---------------------------------------------------------------------------------------


def test_a_number_twice_in_a_request_is_taken_once(world):
    assert send(world, phone=f"{PHONE},{PHONE}")["successCounts"] == "1"
    assert len(world.ledger) == 1


def test_it_can_take_a_part(world):
    world.settings["partial"] = 2
    phones = [f"1380013800{digit}" for digit in range(5)]

    assert send(world, phone=",".join(phones))["successCounts"] == "3"
    assert [line.phone for line in world.ledger] == phones[:3]


def test_receipts_fail_are_odd_or_missing_as_asked(world):
    world.settings.update(fail_every=2, unknown_every=3, silent_every=5)
    send(world, phone=",".join(f"1380013800{digit}" for digit in range(6)))

    words = [push.body.decode().split("status=")[1][0] for push in world.take_pushes()]
    assert words == ["1", "0", "7", "0", "7"]


def test_receipts_wait_for_a_later_send(world):
    world.settings["delay"] = 2
    send(world, sendTime="2026-05-20 11:00:00")
    (push,) = world.take_pushes()

    assert push.after == timedelta(hours=1).total_seconds() + 2
    assert b"receivetime=2026-05-20+11%3A00%3A00" in push.body


def test_no_receipts_if_switched_off(world):
    world.settings["auto_receipt"] = False
    send(world)

    assert world.take_pushes() == []


def test_an_audit_of_the_create_is_pushed(world):
    SANDBOX().approve(world, "51", False, "内容不合规")
    (push,) = world.take_pushes()

    assert push.kind == "review"
    assert push.body == urlencode({"taskId": "51", "returnStatus": "0", "message": "内容不合规"}).encode()
    assert push.headers == {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


def test_a_send_can_be_refused_by_its_own_id_afterwards(world):
    world.settings["audit_sends"] = "refuse"
    task_id = send(world)["taskId"]
    (push,) = world.take_pushes()

    assert push.body == urlencode({"taskId": task_id, "returnStatus": "0", "message": "内容不合规"}).encode()


def test_a_decision_on_an_unknown_id_is_an_error(world):
    with pytest.raises(LookupError):
        SANDBOX().approve(world, "99", True, "")


def test_nobody_can_reply(world):
    with pytest.raises(LookupError):
        SANDBOX().reply(world, PHONE, "R")
