"""The sandbox: one test for each rule it refuses, then what it does with what it accepts."""

from datetime import UTC, datetime, timedelta

import pytest

from messaging.sandbox.base import SandboxRequest, World
from messaging.vendors.rcs_gateway.envelope import Envelope, read_json
from messaging.vendors.rcs_gateway.sandbox import SANDBOX
from messaging.vendors.rcs_gateway.tests.vectors import SAMPLES, example

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
KEYS = dict(SANDBOX.credentials)
OUR = Envelope(KEYS)


class Client:
    """Talks to one sandbox in memory; `at` is what the client's clock says, `now` the vendor's."""

    def __init__(self):
        self.sandbox, self.world, self.now = SANDBOX(), World(), NOW
        self.world.settings = {"auto_receipt": False}
        self.stamp = int(NOW.timestamp() * 1000)

    def raw(self, operation, body, headers, method="POST"):
        headers = {name.lower(): value for name, value in headers.items()}
        request = SandboxRequest(method, f"/rcs/{operation}", "", headers, body, self.now)
        return self.sandbox.handle(request, self.world)

    def sealed(self, payload, at=None):
        self.stamp += 1
        stamp = str(int(at.timestamp() * 1000) if at else self.stamp)
        body, headers = OUR.seal(payload)
        return body, {**headers, "timestamp": stamp, "signature": OUR.sign(body, stamp)}

    def call(self, operation, payload, at=None):
        return OUR.open(self.raw(operation, *self.sealed(payload, at)).body)

    def status(self, operation, payload, at=None):
        return self.call(operation, payload, at)["status"]

    def pushed(self, kind):
        return [OUR.open(push.body) for push in self.world.take_pushes() if push.kind == kind]


@pytest.fixture
def client():
    return Client()


CARD = {"title": "题", "mediaType": "image/jpeg", "fileUrl": "https://a.cn/1", "content": "文"}
NAMED = {**CARD, "content": "${姓名}，余额${余额}"}
FRAMES = {"title": "视信", "parts": [{"content": "帧"}]}


def card_template(*parts, **changes):
    basis = {"templateName": "模板", "sign": "测试", "callType": 0, "autoRenew": True}
    return {**basis, "rcs": {"parts": list(parts) or [CARD]}, **changes}


def text_template(**changes):
    return {"templateName": "模板", "sign": "测试", "callType": 0, "rcs": {"text": "好"}, **changes}


def without(body, name):
    return {key: value for key, value in body.items() if key != name}


SEND = {"mobile": "15100000000,15100000001", "content": "【测试】您好", "callData": "s1-1"}
P2P = {"mobileContentKvp": {"15100000000": "【测试】一", "15100000001": "【测试】二"}, "callData": "s1-1"}

# --- who asks ----------------------------------------------------------------------------------------------------------


def test_an_unknown_account_is_refused_unsealed(client):
    body, headers = client.sealed(SEND)
    reply = client.raw("send", body, {**headers, "spId": "1"})
    assert read_json(reply.body)["status"] == 3


@pytest.mark.parametrize("header", ["signature", "timestamp"])
def test_a_missing_header_is_refused(client, header):
    body, headers = client.sealed(SEND)
    assert OUR.open(client.raw("send", body, without(headers, header)).body)["status"] == 3


def test_a_wrong_signature_is_refused(client):
    body, headers = client.sealed(SEND)
    assert OUR.open(client.raw("send", body, {**headers, "signature": "0" * 64}).body)["status"] == 3
    assert client.world.ledger == []


@pytest.mark.parametrize(("minutes", "status"), [(-4, 0), (4, 0), (-6, 3), (6, 3)])
def test_the_clock_window_is_five_minutes(client, minutes, status):
    assert client.status("send", SEND, NOW + timedelta(minutes=minutes)) == status


def test_the_same_timestamp_and_body_again_is_refused(client):
    sealed = client.sealed(SEND)
    statuses = [OUR.open(client.raw("send", *sealed).body)["status"] for _ in range(2)]
    assert statuses == [0, 3]
    assert len(client.world.ledger) == 2


def test_a_content_type_other_than_text_is_refused(client):
    body, headers = client.sealed(SEND)
    assert OUR.open(client.raw("send", body, {**headers, "Content-Type": "application/json"}).body)["status"] == 4


@pytest.mark.parametrize(("operation", "method", "http"), [("send", "GET", 405), ("nothing", "POST", 404)])
def test_only_the_documents_requests_are_served(client, operation, method, http):
    assert client.raw(operation, *client.sealed(SEND), method=method).status == http


@pytest.mark.parametrize("plain", [b"[1, 2", b"[]", b'"x"', b"7"])
def test_what_is_no_json_object_is_refused(client, plain):
    stamp = str(client.stamp)
    body, headers = OUR.seal_bytes(plain, stamp)
    assert OUR.open(client.raw("send", body, headers).body)["status"] == 4


def test_a_body_sealed_with_another_key_is_refused(client):
    other = Envelope({**KEYS, "aes_key": "x" * 32})
    body, headers = other.seal_bytes(b"{}", str(client.stamp))
    assert OUR.open(client.raw("send", body, headers).body)["status"] == 4


@pytest.mark.parametrize("status", [2, 3, 4, 5, 6, 7, 8, 99])
def test_every_status_of_the_document_can_be_asked_for(client, status):
    client.world.settings["force_status"] = status
    assert client.status("send", SEND) == status
    assert client.world.ledger == []


# --- texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        without(SEND, "mobile"),
        without(SEND, "content"),
        {**SEND, "extra": 1},
        {**SEND, "mobile": 15100000000},
        {**SEND, "mobile": ""},
        {**SEND, "content": ""},
        {**SEND, "callData": 7},
        {**SEND, "mobile": "15100000000,"},
        {**SEND, "mobile": "15100000000, 15100000001"},
        {**SEND, "mobile": "1510000000"},
        {**SEND, "mobile": "+8615100000000"},
        {**SEND, "mobile": ",".join(f"151{n:08}" for n in range(1001))},
        {**SEND, "content": "您好"},
        {**SEND, "content": "【别家】您好"},
        {**SEND, "content": "您【测试】好"},
    ],
)
def test_a_send_that_breaks_a_rule(client, body):
    assert client.status("send", body) == 4
    assert client.world.ledger == []


@pytest.mark.parametrize("content", ["【测试】您好", "【示例商城】您好", "您好【测试】"])
def test_the_accounts_signatures(client, content):
    assert client.status("send", {**SEND, "content": content}) == 0


def test_a_thousand_numbers_are_taken(client):
    assert client.status("send", {**SEND, "mobile": ",".join(f"151{n:08}" for n in range(1000))}) == 0
    assert len(client.world.ledger) == 1000


@pytest.mark.parametrize(
    "body",
    [
        without(P2P, "mobileContentKvp"),
        {**P2P, "mobileContentKvp": {}},
        {**P2P, "mobileContentKvp": []},
        {**P2P, "mobileContentKvp": {"151": "【测试】一"}},
        {**P2P, "mobileContentKvp": {"15100000000": "一"}},
        {**P2P, "mobileContentKvp": {"15100000000": 1}},
        {**P2P, "mobileContentKvp": {f"151{n:08}": "【测试】一" for n in range(1001)}},
        {**P2P, "extra": 1},
    ],
)
def test_a_text_for_each_that_breaks_a_rule(client, body):
    assert client.status("p2p", body) == 4
    assert client.world.ledger == []


@pytest.mark.parametrize(("name", "phones"), [("send", 2), ("p2p", 2), ("balance", 0)])
def test_the_documents_own_requests_are_taken_as_they_stand(client, name, phones):
    client.now = datetime.fromtimestamp(1722496932, UTC)
    sample = SAMPLES[name]
    body = sample["request"]["ciphertext"].encode()
    reply = client.raw(name, body, {**sample["headers"], "Content-Type": "text/plain"})
    assert OUR.open(reply.body)["status"] == 0
    assert len(client.world.ledger) == phones


# --- templates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        *(without(card_template(), name) for name in ("templateName", "sign", "callType", "rcs")),
        card_template(extra=1),
        card_template(templateName=""),
        card_template(sign="别家"),
        card_template(sign="【测试】"),
        card_template(callType="0"),
        card_template(callType=True),
        card_template(callType=16),
        card_template(callType=-1),
        card_template(autoRenew="true"),
        card_template(callType=1),
        card_template(callType=2),
        card_template(callType=4),
        card_template(callType=3, toSms="短信"),
        card_template(callType=1, toSms=""),
        card_template(callType=5, toSms="短信", toAim="阅信"),
        card_template(callType=2, toMms={"title": "视信"}),
        card_template(callType=2, toMms={"title": "视信", "parts": []}),
        card_template(callType=2, toMms={"title": "视信", "parts": [{}]}),
        card_template(callType=2, toMms={"title": "视信", "parts": [{"fileUrl": "https://a.cn"}]}),
        card_template(callType=2, toMms={**FRAMES, "extra": 1}),
        card_template(rcs={}),
        card_template(rcs={"parts": []}),
        card_template(rcs={"parts": [CARD], "extra": 1}),
        *(card_template(without(CARD, name)) for name in CARD),
        card_template({**CARD, "title": ""}),
        card_template({**CARD, "mediaType": "image/bmp"}),
        card_template({**CARD, "extra": 1}),
        card_template({**CARD, "buttons": [{"name": "好", "event": 1, "value": "1"}]}),
        card_template({**CARD, "buttons": [{"name": "好", "eventType": 4, "value": "1"}]}),
        card_template({**CARD, "buttons": [{"name": "好", "eventType": "1", "value": "1"}]}),
        card_template({**CARD, "buttons": [{"name": "好", "eventType": 1}]}),
        card_template(rcs={"parts": [CARD], "floatButtons": [{"name": "", "eventType": 1, "value": "1"}]}),
    ],
)
def test_a_card_template_that_breaks_a_rule(client, body):
    assert client.status("templateAdd", body) == 4
    assert client.world.pushes == []


@pytest.mark.parametrize(
    "body",
    [
        text_template(callType=2),
        text_template(callType=1),
        text_template(rcs={}),
        text_template(rcs={"text": ""}),
        text_template(rcs={"text": "好", "Text": "好"}),
        text_template(rcs={"parts": [CARD]}),
        text_template(toMms=FRAMES),
        text_template(sign="别家"),
    ],
)
def test_a_text_template_that_breaks_a_rule(client, body):
    assert client.status("templateTextAdd", body) == 4


@pytest.mark.parametrize("key", ["text", "Text"])
def test_either_key_of_the_text_is_taken(client, key):
    assert client.status("templateTextAdd", text_template(rcs={key: "好"})) == 0


def test_off_china_mobile_sms_and_smart_sms_go_together(client):
    client.world.settings["cmcc"] = False
    assert client.status("templateAdd", card_template(callType=5, toSms="短信", toAim="阅信")) == 0


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if "templateAdd" in sample["address"]])
def test_the_documents_templates_are_taken(client, name):
    assert client.call("templateAdd", example(name)) == {"status": 0, "message": "", "templateId": 1}
    assert client.pushed("review") == [{"templateId": 1, "status": 1, "message": "审核成功"}]


def test_an_audit_decided_by_hand(client):
    client.world.settings["auto_approve"] = False
    template_id = client.call("templateAdd", card_template())["templateId"]
    assert client.world.pushes == []
    assert client.status("templateSend", {"templateId": template_id, "mobile": "15100000000"}) == 5
    client.sandbox.approve(client.world, str(template_id), False, "标题不合规")
    client.sandbox.approve(client.world, str(template_id), True, "审核成功")
    assert client.pushed("review") == [
        {"templateId": template_id, "status": 2, "message": "标题不合规"},
        {"templateId": template_id, "status": 1, "message": "审核成功"},
    ]
    assert client.status("templateSend", {"templateId": template_id, "mobile": "15100000000"}) == 0


# --- sends of templates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["templateSend", "templateP2P"])
def test_an_unknown_or_refused_template_cannot_be_used(client, operation):
    people = {"mobile": "15100000000"} if operation == "templateSend" else {"mobileContentList": {"15100000000": {}}}
    template_id = client.call("templateAdd", card_template())["templateId"]
    client.sandbox.approve(client.world, str(template_id), False, "不合规")
    assert client.status(operation, {"templateId": 99, **people}) == 5
    assert client.status(operation, {"templateId": template_id, **people}) == 5


@pytest.mark.parametrize(("renews", "status"), [(True, 0), (False, 5)])
def test_without_renewal_an_approval_ends_after_seven_days(client, renews, status):
    template_id = client.call("templateAdd", card_template(autoRenew=renews))["templateId"]
    client.now = NOW + timedelta(days=7, minutes=1)
    body = {"templateId": template_id, "mobile": "15100000000"}
    assert client.status("templateSend", body, client.now) == status


@pytest.mark.parametrize(
    "changes",
    [
        {"templateId": "1"},
        {"templateId": None},
        {"mobile": "1510000000"},
        {"mobile": ",".join(f"151{n:08}" for n in range(1001))},
        {"callType": 2},
        {"callType": 4},
        {"callType": "1"},
        {"callType": -1},
        {"extra": 1},
    ],
)
def test_a_send_of_a_template_that_breaks_a_rule(client, changes):
    client.call("templateAdd", card_template(callType=1, toSms="短信"))
    assert client.status("templateSend", {"templateId": 1, "mobile": "15100000000", **changes}) == 4
    assert client.world.ledger == []


def test_smart_sms_needs_its_link(client):
    client.call("templateAdd", card_template(callType=4, toAim="${阅信短链} 看"))
    body = {"templateId": 1, "mobile": "15100000000", "callType": 4}
    assert [client.status("templateSend", {**body, **link}) for link in ({}, {"aimUrl": ""}, {"aimUrl": "a.cn"})] == [
        4,
        4,
        0,
    ]


def test_a_template_with_variables_wants_them(client):
    client.call("templateAdd", card_template(NAMED))
    assert client.status("templateSend", {"templateId": 1, "mobile": "15100000000"}) == 4


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"${姓名}": "张三"},
        {"${姓名}": "张三", "${余额}": "1", "${备注}": "x"},
        {"姓名": "张三", "余额": "1"},
        {"${姓名}": "张三", "${余额}": 1},
        "张三",
    ],
)
def test_the_variables_are_exactly_the_templates(client, values):
    client.call("templateAdd", card_template(NAMED))
    assert client.status("templateP2P", {"templateId": 1, "mobileContentList": {"15100000000": values}}) == 4
    assert client.world.ledger == []


def test_variables_of_the_fallback_count_too(client):
    client.call("templateAdd", card_template(callType=1, toSms="${姓名}"))
    people = {"15100000000": {"${姓名}": "张三"}}
    assert client.status("templateP2P", {"templateId": 1, "mobileContentList": people, "callType": 1}) == 0
    assert client.status("templateP2P", {"templateId": 1, "mobileContentList": {"15100000000": {}}}) == 4


def test_the_short_link_is_asked_of_each_number_with_smart_sms(client):
    client.call("templateAdd", card_template(callType=4, toAim="${阅信短链} 看"))
    linked, bare = {"15100000000": {"${阅信短链}": "a.cn/1"}}, {"15100000000": {}}
    body = {"templateId": 1, "callType": 4}
    assert client.status("templateP2P", {**body, "mobileContentList": linked}) == 0
    assert client.status("templateP2P", {**body, "mobileContentList": bare}) == 4
    assert client.status("templateP2P", {**body, "callType": 0, "mobileContentList": bare}) == 0


@pytest.mark.parametrize("people", [{}, {"151": {}}, {f"151{n:08}": {} for n in range(1001)}])
def test_the_numbers_of_a_template_with_variables(client, people):
    client.call("templateAdd", card_template())
    assert client.status("templateP2P", {"templateId": 1, "mobileContentList": people}) == 4


# --- balance -----------------------------------------------------------------------------------------------------------


def test_the_balance_goes_down_by_each_number(client):
    client.world.settings.update(balance=100, price=0.05)
    client.call("send", SEND)
    assert client.call("balance", None) == {"status": 0, "message": "", "balance": 99.9}


def test_the_balance_takes_no_body(client):
    assert client.status("balance", {}) == 4


# --- what follows acceptance -------------------------------------------------------------------------------------------


def test_equal_numbers_are_accepted_once_and_stand_in_the_ledger(client):
    answer = client.call("send", {**SEND, "mobile": "15100000000,15100000001,15100000000"})
    lines = [(line.phone, line.task_id, line.reference, line.operation, line.content) for line in client.world.ledger]
    assert answer == {"status": 0, "message": "", "taskId": "1"}
    assert lines == [
        ("15100000000", "1", "s1-1", "send", "【测试】您好"),
        ("15100000001", "1", "s1-1", "send", "【测试】您好"),
    ]


def test_the_ledger_holds_what_each_number_read(client):
    client.call("templateAdd", card_template(NAMED))
    people = {"15100000000": {"${姓名}": "张三", "${余额}": "9"}}
    client.call("templateP2P", {"templateId": 1, "mobileContentList": people})
    assert "张三，余额9" in client.world.ledger[0].content


def test_receipts_come_in_arrays_of_a_hundred(client):
    client.world.settings.update(auto_receipt=True, delay=1.5)
    client.call("send", {**SEND, "mobile": ",".join(f"151{n:08}" for n in range(250))})
    pushes = [push for push in client.world.pushes if push.kind == "receipt"]
    assert [(len(OUR.open(push.body)), push.after) for push in pushes] == [(100, 1.5), (100, 1.5), (50, 1.5)]
    assert OUR.open(pushes[0].body)[0] == {
        "taskId": "1",
        "mobile": "15100000000",
        "status": "DELIVRD",
        "message": "5g消息成功",
        "type": 4,
        "reportTime": "2026-05-20 10:00:00",
        "callData": "s1-1",
    }


def test_pushes_are_signed(client):
    client.world.settings["auto_receipt"] = True
    client.call("send", SEND)
    (push,) = client.world.pushes
    assert push.headers["spId"] == "999992"
    assert push.headers["signature"] == OUR.sign(push.body, push.headers["timestamp"])


def test_outcomes_are_dealt_by_settings(client):
    client.world.settings.update(auto_receipt=True, fail_every=4, unknown_every=6, fallback_every=2, odd_every=7)
    client.call("templateAdd", card_template(callType=2, toMms=FRAMES))
    client.world.take_pushes()
    phones = ",".join(f"151{n:08}" for n in range(8))
    client.call("templateSend", {"templateId": 1, "mobile": phones, "callType": 2})
    (receipts,) = client.pushed("receipt")
    assert [(receipt["status"], receipt.get("type")) for receipt in receipts] == [
        ("DELIVRD", 4),
        ("DELIVRD", 6),
        ("DELIVRD", 4),
        ("UNDELIV", None),
        ("DELIVRD", 4),
        ("XA:9999", None),
        ("DELIVRD", 4),
        ("UNDELIV", None),
    ]
    assert [receipt["mobile"] is None for receipt in receipts] == [False] * 6 + [True, False]


def test_pushes_may_come_twice_and_backwards(client):
    client.world.settings.update(auto_receipt=True, duplicate=True, reorder=True)
    client.call("send", SEND)
    first, second = client.pushed("receipt")
    assert first == second
    assert [receipt["mobile"] for receipt in first] == ["15100000001", "15100000000"]


def test_customers_write_back(client):
    client.world.settings["reply_every"] = 2
    client.call("send", SEND)
    client.sandbox.reply(client.world, "15100000000", "有货吗")
    client.sandbox.reply(client.world, "15199999999", "谁")
    replies = [reply for array in client.pushed("reply") for reply in array]
    assert [(reply["mobile"], reply["content"], reply["callData"]) for reply in replies] == [
        ("15100000001", "R", "s1-1"),
        ("15100000000", "有货吗", "s1-1"),
    ]


def test_an_audit_of_nothing_is_a_mistake_of_the_caller(client):
    with pytest.raises(KeyError):
        client.sandbox.approve(client.world, "9", True, "")


@pytest.mark.parametrize(
    ("status", "body", "good"),
    [
        (200, SAMPLES["receipt_push"]["reply"]["ciphertext"].encode(), True),
        (500, SAMPLES["receipt_push"]["reply"]["ciphertext"].encode(), False),
        (200, OUR.seal({"result": 1})[0], False),
        (200, OUR.seal([0])[0], False),
        (200, b'{"result": 0}', False),
        (200, b"", False),
    ],
)
def test_only_the_documents_acknowledgement_counts(client, status, body, good):
    assert client.sandbox.acknowledged("receipt", status, body) is good
