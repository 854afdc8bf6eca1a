"""The adapter against the sandbox over real HTTP: template, audit, send, receipts, replies, balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from werkzeug import Response

from messaging.gateway.contract_suite import account, content, fallback
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Inbound, Media, ReceiptStatus, Recipient, ReviewState, SendRequest, Submission
from messaging.sandbox.server import run_in_thread, settle
from messaging.vendors.rcs_gateway.adapter import RcsGateway
from messaging.vendors.rcs_gateway.sandbox import SANDBOX

MEDIA = {"7": Media("7", "image/jpeg", 1000, "https://a.cn/7")}
CARD = content(kind="card", card={"title": "题", "description": "${姓名}您好", "media": {"asset": "7"}})
SMS = fallback(sms={"text": "${姓名}您好"})
PEOPLE = tuple(Recipient(f"151{n:08}", {"姓名": f"第{n}位"}) for n in range(250))


@pytest.fixture
def server():
    with run_in_thread({"rcs_gateway": SANDBOX()}) as server:
        server.mount("rcs_gateway").world.settings["delay"] = 0.0
        yield server


@pytest.fixture
def vendor(server):
    return RcsGateway(account(server.base_url("rcs_gateway"), dict(SANDBOX.credentials)))


@pytest.fixture
def inbox(server, vendor, httpserver):
    """Takes pushes as our callback would: verify, then the exact acknowledgement."""
    received = []

    def take(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = Inbound(request.path.strip("/"), headers, request.get_data())
        assert abs(vendor.verify(inbound) - datetime.now(UTC)) < timedelta(minutes=1)
        received.extend(vendor.parse(inbound))
        reply = vendor.acknowledge(inbound)
        return Response(reply.body, reply.status, dict(reply.headers), content_type=reply.content_type)

    for kind in ("review", "receipt", "reply"):
        httpserver.expect_request(f"/{kind}").respond_with_handler(take)
    urls = {kind: httpserver.url_for(f"/{kind}") for kind in ("review", "receipt", "reply")}
    server.mount("rcs_gateway").pusher.callbacks.update(urls)
    return received


def of_kind(events, name):
    return [event for event in events if type(event).__name__ == name]


def test_a_campaign_end_to_end(server, vendor, inbox):
    world = server.mount("rcs_gateway").world
    world.settings.update(fail_every=50, fallback_every=10, reply_every=100)
    template_id = vendor.submit(Submission("春季", "main", CARD, SMS, "示例商城", media=MEDIA)).template_id
    request = SendRequest("s1-1", PEOPLE, "示例商城", CARD, SMS, template_id)
    sent = vendor.send(request)
    assert sent.verdict.outcome is Outcome.ACCEPTED
    assert settle(server)

    assert sorted(line.phone for line in world.ledger) == [person.phone for person in PEOPLE]
    assert {(line.task_id, line.reference) for line in world.ledger} == {(sent.task_id, "s1-1")}
    (review,) = of_kind(inbox, "ReviewEvent")
    assert (review.template_id, review.state) == (template_id, ReviewState.APPROVED)
    receipts = of_kind(inbox, "ReceiptEvent")
    assert {(receipt.task_id, receipt.reference) for receipt in receipts} == {(sent.task_id, "s1-1")}
    assert len({receipt.key for receipt in receipts}) == 250
    tally = [sum((r.status, r.channel) == pair for r in receipts) for pair in OUTCOMES]
    assert tally == [225, 20, 5]
    assert [reply.content for reply in of_kind(inbox, "ReplyEvent")] == ["R", "R"]
    assert vendor.balance().amount == Decimal("99974.9")


OUTCOMES = [(ReceiptStatus.DELIVERED, "rcs"), (ReceiptStatus.DELIVERED, "sms"), (ReceiptStatus.FAILED, "")]


def test_every_way_of_sending_is_accepted_by_the_sandbox(server, vendor):
    text = content(kind="text", text="您好")
    linked = fallback(aim={"text": "${阅信短链} 看"})
    text_id = vendor.submit(Submission("文本", "main", text, fallback(sms={"text": "好"}), "测试")).template_id
    plain = content(kind="card", card={"title": "题", "description": "文", "media": {"asset": "7"}})
    linked_id = vendor.submit(Submission("阅信", "main", plain, linked, "测试", media=MEDIA)).template_id
    two = (Recipient("15100000000", {"阅信短链": "a.cn/1"}), Recipient("15100000001", {"阅信短链": "a.cn/2"}))
    requests = [
        SendRequest("s1-1", PEOPLE[:2], "测试", text="您好"),
        SendRequest("s2-1", PEOPLE[:2], "测试", text="${姓名}您好"),
        SendRequest("s3-1", PEOPLE[:2], "测试", text, fallback(sms={"text": "好"}), text_id),
        SendRequest("s4-1", PEOPLE[:2], "测试", plain, linked, linked_id, options={"aimUrl": "a.cn/x"}),
        SendRequest("s5-1", two, "测试", plain, linked, linked_id),
        SendRequest("s6-1", two, "测试", plain, linked, linked_id, options={"callType": "0"}),
    ]
    answers = [vendor.send(request).verdict for request in requests]
    assert [(answer.code, answer.message) for answer in answers] == [("0", "")] * 6
    operations = [line.operation for line in server.mount("rcs_gateway").world.ledger]
    assert operations[::2] == ["send", "p2p", "templateSend", "templateSend", "templateP2P", "templateSend"]


def test_another_password_is_an_account_that_must_stop(server):
    keys = {**SANDBOX.credentials, "password": "something-else"}
    verdict = RcsGateway(account(server.base_url("rcs_gateway"), keys)).balance().verdict
    assert (verdict.outcome, verdict.code, verdict.blocks) == (Outcome.BLOCKED, "3", "account")
