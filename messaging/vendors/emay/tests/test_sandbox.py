"""The sandbox against the adapter, one refusal for each rule of the document, and the habits of real clients."""

import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from messaging.gateway import times
from messaging.gateway.contract_suite import account, content, response, send_request, submission
from messaging.gateway.crypto import aes_ecb_decrypt, aes_ecb_encrypt
from messaging.gateway.outcomes import Outcome
from messaging.gateway.times import CHINA
from messaging.gateway.types import Inbound, ReceiptStatus, Recipient, ReviewState
from messaging.sandbox.base import SandboxRequest, World
from messaging.vendors.emay import callbacks
from messaging.vendors.emay.adapter import Emay
from messaging.vendors.emay.envelope import unseal
from messaging.vendors.emay.sandbox import Sandbox

SANDBOX = Sandbox()
APP_ID, KEY = SANDBOX.credentials["app_id"], SANDBOX.credentials["secret_key"]
TWO = ("13800138000", "13900139000")
PEOPLE = (Recipient(TWO[0], {"n": "甲"}), Recipient(TWO[1], {"n": "乙"}))


@pytest.fixture
def world():
    return World()


def vendor(**settings):
    return Emay(account("http://sandbox", dict(SANDBOX.credentials), settings))


def ask(world, wire, now=None):
    headers = {name.lower(): value for name, value in wire.headers.items()}
    request = SandboxRequest(wire.method, wire.path, "", headers, wire.body, now or datetime.now(UTC))
    reply = SANDBOX.handle(request, world)
    return response(reply.body, reply.headers)


def send(world, request, **settings):
    client = vendor(**settings)
    return client.read_send(ask(world, client.build_send(request)), request)


def poll(world, kind, now=None, **settings):
    client = vendor(**settings)
    polled = client.read_poll(kind, ask(world, client.build_poll(kind, 500), now))
    return client.parse(Inbound(kind, {}, polled.body))


def safe(world, name, body, *, headers=None, now=None, raw=None):
    """One request to the safe interface as a foreign client would make it; the status word."""
    moment = now or datetime.now(UTC)
    timed = {"requestTime": int(moment.timestamp() * 1000), "requestValidPeriod": 60, **body}
    sealed = raw if raw is not None else aes_ecb_encrypt(KEY.encode(), json.dumps(timed).encode())
    request = SandboxRequest("POST", f"/inter/{name}", "", {"appid": APP_ID, **(headers or {})}, sealed, moment)
    return SANDBOX.handle(request, world).headers.get("result")


def identity(now, **changes):
    stamp = now.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
    sign = hashlib.md5((APP_ID + KEY + stamp).encode()).hexdigest()
    return {"appId": APP_ID, "timestamp": stamp, "sign": sign, **changes}


def plain(world, path, fields, *, method="POST", in_query=False, now=None, **changes):
    """One request with a form; the raw answer."""
    moment = now or datetime.now(UTC)
    text = urlencode({**identity(moment, **changes), **fields})
    query, body = (text, b"") if in_query else ("", text.encode())
    return SANDBOX.handle(SandboxRequest(method, path, query, {}, body, moment), world).body


def code(answer):
    return json.loads(answer)["code"]


# --- round trips --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operation", "settings", "request_"), [
    ("sendSingleSMS", {}, send_request(TWO[0], text="您好", reference="s1-1")),
    ("sendBatchSMS", {}, send_request(*TWO, reference="s1-1")),
    ("sendBatchSMS", {"gzip": False}, send_request(*TWO, reference="s1-1")),
    ("sendBatchOnlySMS", {"custom_ids": False}, send_request(*TWO)),
    ("sendPersonalitySMS", {}, send_request(recipients=PEOPLE, text="${n}您好", reference="s1-1")),
    ("sendPersonalityAllSMS", {}, send_request(recipients=PEOPLE, text="您好", options={"code_column": "x"})),
    ("sendShortLinkSMS", {}, send_request(
        *TWO, text="看{#短网址#}", options={"short_link_url": "https://example.com"}, reference="s1-1")),
    ("simple sendSMS", {"interface": "plain"}, send_request(*TWO, reference="s1-1")),
    ("simple sendPersonalitySMS", {"interface": "plain"}, send_request(recipients=PEOPLE, text="${n}您好")),
])  # fmt: skip
def test_every_way_to_send_goes_round(world, operation, settings, request_):
    result = send(world, request_, **settings)
    phones = [recipient.phone for recipient in request_.recipients]
    assert (result.verdict.outcome, result.accepted_count) == (Outcome.ACCEPTED, len(phones))
    assert [(line.phone, line.operation, line.task_id) for line in world.ledger] == [
        (phone, operation, result.message_ids[phone]) for phone in phones
    ]
    receipts = poll(world, "receipt", **{"interface": settings.get("interface", "safe")})
    assert [(event.phone, event.status, event.message_id) for event in receipts] == [
        (phone, ReceiptStatus.DELIVERED, result.message_ids[phone]) for phone in phones
    ]
    if settings.get("custom_ids", True):
        assert {event.reference for event in receipts} == {request_.reference}
    assert poll(world, "receipt") == []


def test_a_push_and_a_poll_of_one_report_have_one_key(world):
    send(world, send_request(*TWO))
    (push,) = world.take_pushes()
    inbound = Inbound("receipt", {name.lower(): value for name, value in push.headers.items()}, push.body)
    vendor().verify(inbound)
    assert [event.key for event in vendor().parse(inbound)] == [event.key for event in poll(world, "receipt")]


def test_plain_pushes_and_none_on_request(world):
    world.settings["pushes"] = "plain"
    SANDBOX.reply(world, TWO[0], "TD")
    (push,) = world.take_pushes()
    inbound = Inbound("reply", {"appid": APP_ID}, push.body)
    vendor(pushes="plain").verify(inbound)
    assert vendor().parse(inbound)[0].content == "TD"
    world.settings["pushes"] = "none"
    SANDBOX.reply(world, TWO[0], "TD")
    assert world.take_pushes() == []


def test_a_reply_carries_the_extended_code(world):
    send(world, send_request(TWO[0], options={"extended_code": "77"}))
    SANDBOX.reply(world, TWO[0], "收到")
    polled = vendor().read_poll("reply", ask(world, vendor().build_poll("reply", 500)))
    (row,) = callbacks.rows(Inbound("reply", {}, polled.body), vendor().account)
    assert (row["mobile"], row["content"], row["extendedCode"]) == (TWO[0], "收到", "77")


def test_replies_to_two_extended_codes_in_one_second_are_two(world):
    with time_machine.travel(datetime(2026, 5, 20, tzinfo=UTC), tick=False):
        for code in ("77", "78"):
            send(world, send_request(TWO[0], options={"extended_code": code}))
            SANDBOX.reply(world, TWO[0], "收到")
        assert len({event.key for event in poll(world, "reply")}) == 2


def test_clicks_are_given_for_each_number(world):
    send(world, send_request(*TWO, text="看{#短网址#}", options={"short_link_url": "https://example.com/x"}))
    SANDBOX.click(world, TWO[1])
    assert [(event.phone, event.url) for event in poll(world, "click")] == [(TWO[1], "https://example.com/x")]


def test_a_template_is_made_asked_about_used_and_deleted(world):
    client, text = vendor(), content(kind="sms", text="${n}您好")
    world.settings["auto_approve"] = False
    made = submission(text)
    template_id = client.read_submit(ask(world, client.build_submit(made)), made).template_id

    def status():
        return client.read_query_template(ask(world, client.build_query_template(template_id)))

    request = send_request(recipients=PEOPLE, text="", content=text, template_id=template_id)
    assert status().state is ReviewState.WAITING
    assert send(world, request).verdict.outcome is Outcome.REJECTED
    SANDBOX.approve(world, template_id, False, "")
    assert status().state is ReviewState.REJECTED
    SANDBOX.approve(world, template_id, True, "")
    assert status().state is ReviewState.APPROVED
    assert send(world, request).verdict.outcome is Outcome.ACCEPTED
    assert [line.content for line in world.ledger] == ["【测试】甲您好", "【测试】乙您好"]
    assert (
        client.read_delete_template(ask(world, client.build_delete_template(template_id))).outcome is Outcome.ACCEPTED
    )
    assert (
        client.read_delete_template(ask(world, client.build_delete_template(template_id))).outcome is Outcome.REJECTED
    )
    assert status().verdict.outcome is Outcome.REJECTED


def test_a_template_without_variables(world):
    client, made = vendor(), submission(content(kind="sms", text="您好"))
    template_id = client.read_submit(ask(world, client.build_submit(made)), made).template_id
    request = send_request(*TWO, text="", content=made.content, template_id=template_id)
    assert send(world, request).verdict.outcome is Outcome.ACCEPTED
    assert {line.operation for line in world.ledger} == {"sendTemplateNormalSMS"}


@pytest.mark.parametrize("interface", ["safe", "plain"])
def test_the_balance_goes_down(world, interface):
    world.settings["balance"] = 10
    send(world, send_request(*TWO))
    client = vendor(interface=interface)
    assert client.read_balance(ask(world, client.build_balance())).amount == 8


def test_receipts_are_given_again_with_the_keys_they_had(world):
    send(world, send_request(*TWO))
    keys = [event.key for event in poll(world, "receipt")]
    now = datetime.now(UTC) + timedelta(seconds=2)
    client = vendor()
    wire = client.build_retrieve(now - timedelta(minutes=5), now - timedelta(seconds=1))
    assert client.read_retrieve(ask(world, wire, now)).outcome is Outcome.ACCEPTED
    assert [event.key for event in poll(world, "receipt", now)] == keys


def test_words_on_request(world):
    world.settings.update(timeout_every=2, black_every=3, unknown_every=5, delay=5)
    request = send_request(*(str(13800138000 + number) for number in range(5)))
    send(world, request)
    assert poll(world, "receipt") == []
    events = poll(world, "receipt", datetime.now(UTC) + timedelta(seconds=6))
    assert [event.code for event in events] == ["DELIVRD", "TIMEOUT", "FAIL_BLACK_LIST", "TIMEOUT", "XA:0417"]


def test_a_number_twice_in_one_request_is_reported_as_repeated(world):
    send(world, send_request(TWO[0], TWO[0]))
    assert [event.code for event in poll(world, "receipt")] == ["DELIVRD", "FAIL_MOBILE_REPEAT"]


def test_a_scheduled_message_is_reported_when_it_goes_out(world):
    at = times.dashed(datetime.now(UTC) + timedelta(hours=1))
    person = Recipient(TWO[0], {"时间": at})
    send(world, send_request(recipients=[person], text="您好", options={"time_column": "时间"}))
    assert poll(world, "receipt") == []
    assert world.take_pushes()[0].after == pytest.approx(3600, abs=5)
    assert len(poll(world, "receipt", datetime.now(UTC) + timedelta(hours=1, seconds=1), valid_seconds=9999)) == 1


def test_rows_come_twice_and_backwards_on_request(world):
    world.settings.update(duplicate=True, reorder=True)
    send(world, send_request(*TWO))
    assert [event.phone for event in poll(world, "receipt")] == [TWO[1], TWO[1], TWO[0], TWO[0]]


def test_only_the_exact_word_acknowledges():
    assert SANDBOX.acknowledged("receipt", 200, b"success")
    for status, body in ((200, b"Success"), (200, b"success\n"), (200, b""), (500, b"success")):
        assert not SANDBOX.acknowledged("receipt", status, body)


# --- what is refused: the safe interface --------------------------------------------------------------------------------

GOOD = {"mobile": "13800138000", "content": "您好"}


@pytest.mark.parametrize(("change", "word"), [
    ({}, "SUCCESS"),
    ({"mobile": ""}, "ERROR_MOBILE_EMPTY"), ({"mobile": None}, "ERROR_MOBILE_EMPTY"),
    ({"mobile": "1380013800"}, "ERROR_MOBILE_ERROR"), ({"mobile": 13800138000}, "ERROR_MOBILE_ERROR"),
    ({"content": ""}, "ERROR_CONTENT_EMPTY"), ({"content": None}, "ERROR_CONTENT_EMPTY"),
    ({"content": 5}, "ERROR_PARAMS"), ({"content": "长" * 1001}, "ERROR_LONG_CONTENT"),
    ({"customSmsId": "x" * 33}, "ERROR_CUSTOM_SMSID"), ({"customSmsId": "x" * 32}, "SUCCESS"), ({"customSmsId": 7}, "ERROR_PARAMS"),
    ({"extendedCode": "1" * 13}, "ERROR_EXTENDED_CODE"), ({"extendedCode": "1" * 12}, "SUCCESS"),
    ({"extendedCode": "1a"}, "ERROR_EXTENDED_CODE"), ({"extendedCode": 11}, "ERROR_EXTENDED_CODE"),
    ({"timerTime": "2017-03-15 12:00:00"}, "ERROR_SMS_TIME"), ({"timerTime": "tomorrow"}, "ERROR_SMS_TIME"),
    ({"timerTime": "2026-13-45 12:00:00"}, "ERROR_SMS_TIME"), ({"colour": "red"}, "ERROR_PARAMS"),
])  # fmt: skip
def test_fields_of_a_send(world, change, word):
    assert safe(world, "sendSingleSMS", GOOD | change) == word
    assert len(world.ledger) == (word == "SUCCESS")


@pytest.mark.parametrize(("ahead", "word"), [
    (timedelta(days=90) - timedelta(minutes=1), "SUCCESS"), (timedelta(days=90, minutes=1), "ERROR_SMS_TIME"),
])  # fmt: skip
def test_ninety_days(world, ahead, word):
    at = (datetime.now(CHINA) + ahead).strftime("%Y-%m-%d %H:%M:%S")
    assert safe(world, "sendSingleSMS", GOOD | {"timerTime": at}) == word


def numbers(count):
    return [str(13800000000 + number) for number in range(count)]


@pytest.mark.parametrize(("name", "key", "person", "rest"), [
    ("sendBatchSMS", "smses", {}, {"content": "您好"}),
    ("sendBatchOnlySMS", "mobiles", None, {"content": "您好"}),
    ("sendPersonalitySMS", "smses", {"content": "您好"}, {}),
    ("sendPersonalityAllSMS", "smses", {"content": "您好"}, {}),
    ("sendShortLinkSMS", "smses", {}, {"content": "{#短网址#}", "url": "http://a.cn", "shortLinkRule": "1"}),
])  # fmt: skip
def test_how_many_numbers(world, name, key, person, rest):
    def people(phones):
        return {key: phones if person is None else [{"mobile": phone, **person} for phone in phones], **rest}

    assert safe(world, name, people(numbers(500))) == "SUCCESS"
    assert safe(world, name, people(numbers(501))) == "ERROR_MOBILE_NUMBER"
    assert safe(world, name, people([])) == "ERROR_MOBILE_EMPTY"
    assert safe(world, name, people(["13800138000", "12"])) == "ERROR_MOBILE_ERROR"
    assert safe(world, name, people(["13800138000"]) | {"more": 1}) == "ERROR_PARAMS"
    assert safe(world, name, {**rest, key: "13800138000"}) == "ERROR_PARAMS"
    assert len(world.ledger) == 500


@pytest.mark.parametrize("person", [{"mobile": "13800138000", "extra": 1}, "13800138000"])
def test_an_entry_of_the_list(world, person):
    assert safe(world, "sendBatchSMS", {"smses": [person], "content": "您好"}) == "ERROR_PARAMS"


def test_time_and_code_of_each(world):
    person = {"mobile": "13800138000", "content": "您好"}
    for change, word in (
        ({"timerTime": "2017-11-10 20:00:00"}, "ERROR_SMS_TIME"),
        ({"extendedCode": "x"}, "ERROR_EXTENDED_CODE"),
        ({"content": ""}, "ERROR_CONTENT_EMPTY"),
        ({"timerTime": None, "extendedCode": "013"}, "SUCCESS"),
    ):
        assert safe(world, "sendPersonalityAllSMS", {"smses": [person | change]}) == word
    assert safe(world, "sendPersonalityAllSMS", {"smses": [person], "extendedCode": "1"}) == "ERROR_PARAMS"


@pytest.mark.parametrize("change", [
    {"content": "没有链接"}, {"url": "ftp://a.cn"}, {"url": ""}, {"shortLinkRule": "3"}, {"shortLinkRule": None},
])  # fmt: skip
def test_short_links(world, change):
    good = {"smses": [{"mobile": "13800138000"}], "content": "{#短网址#}", "url": "http://a.cn", "shortLinkRule": "2"}
    assert safe(world, "sendShortLinkSMS", good | change) == "ERROR_PARAMS"


@pytest.mark.parametrize("values", [{}, {"n": "甲", "m": "乙"}, {"m": "乙"}, {"n": 5}, None, "甲"])
def test_variables_are_exactly_the_templates(world, values):
    world.store["templates"] = {"7": {"text": "{#n#}您好", "status": "1"}}
    person = {"mobile": "13800138000", "content": values}
    assert safe(world, "sendTemplateVariableSMS", {"smses": [person], "templateId": "7"}) == "ERROR_PARAMS"
    person["content"] = {"n": "甲"}
    assert safe(world, "sendTemplateVariableSMS", {"smses": [person], "templateId": "7"}) == "SUCCESS"


@pytest.mark.parametrize("name", ["sendTemplateNormalSMS", "sendTemplateVariableSMS"])
def test_a_template_must_be_known_and_approved(world, name):
    world.store["templates"] = {"7": {"text": "您好", "status": "0"}, "8": {"text": "您好", "status": "2"}}
    person = {"mobile": "13800138000"} | ({"content": {}} if "Variable" in name else {})
    for template_id in ("7", "8", "9", "", None):
        assert safe(world, name, {"smses": [person], "templateId": template_id}) == "ERROR_PARAMS"


def test_a_template_with_variables_cannot_be_sent_without(world):
    world.store["templates"] = {"7": {"text": "{#n#}您好", "status": "1"}}
    assert (
        safe(world, "sendTemplateNormalSMS", {"smses": [{"mobile": "13800138000"}], "templateId": "7"})
        == "ERROR_PARAMS"
    )


@pytest.mark.parametrize(("name", "body"), [
    ("createTemplateSMS", {}), ("createTemplateSMS", {"templateContent": ""}),
    ("createTemplateSMS", {"templateContent": "a", "b": 1}),
    ("deleteTemplateSMS", {}), ("queryTemplateSMS", {"templateId": 5}), ("getBalance", {"number": 1}),
    ("getReport", {"number": 501}), ("getMo", {"number": 0}), ("getShortLink", {"number": "x"}), ("getReport", {"number": True}),
])  # fmt: skip
def test_fields_of_the_other_operations(world, name, body):
    assert safe(world, name, body) == "ERROR_PARAMS"


def test_wrapping(world):
    good = json.dumps(GOOD | {"requestTime": 2e12, "requestValidPeriod": 60}).encode()
    sealed = aes_ecb_encrypt(KEY.encode(), good)
    packed = aes_ecb_encrypt(KEY.encode(), gzip.compress(good))
    assert safe(world, "sendSingleSMS", {}, raw=sealed, headers={"appid": "OTHER"}) == "ERROR_APPID"
    assert safe(world, "sendSingleSMS", {}, raw=aes_ecb_encrypt(b"x" * 16, good)) in (
        "ERROR_ENCRYPTION",
        "ERROR_PARAMS",
    )
    for raw in (b"", sealed[:-1], good):
        assert safe(world, "sendSingleSMS", {}, raw=raw) == "ERROR_ENCRYPTION"
    assert safe(world, "sendSingleSMS", {}, raw=packed) == "ERROR_PARAMS"
    assert safe(world, "sendSingleSMS", {}, raw=sealed, headers={"gzip": "on"}) == "ERROR_PARAMS"
    assert safe(world, "sendSingleSMS", {}, raw=packed, headers={"gzip": "on"}) == "SUCCESS"
    assert safe(world, "sendSingleSMS", {}, raw=sealed, headers={"encode": "no-such"}) == "ERROR_PARAMS"
    assert safe(world, "sendSingleSMS", {}, raw=aes_ecb_encrypt(KEY.encode(), b"[1]")) == "ERROR_PARAMS"


@pytest.mark.parametrize(("change", "word"), [
    ({"requestTime": 1490588340964}, "ERROR_REQUEST_NO_VALID"), ({"requestTime": None}, "ERROR_PARAMS"),
    ({"requestValidPeriod": 0}, "ERROR_REQUEST_NO_VALID"), ({"requestValidPeriod": "x"}, "ERROR_PARAMS"),
])  # fmt: skip
def test_the_request_must_still_be_valid(world, change, word):
    assert safe(world, "sendSingleSMS", GOOD | change) == word


@pytest.mark.parametrize("word", ["ERROR_OVER_SPEED", "ERROR_CLIENT_IP"])
def test_any_word_on_request(world, word):
    world.settings["answer"] = word
    assert safe(world, "sendSingleSMS", GOOD) == word
    assert not world.ledger


def test_no_messages_left(world):
    world.settings["balance"] = 1
    assert (
        safe(world, "sendBatchSMS", {"smses": [{"mobile": phone} for phone in TWO], "content": "您好"})
        == "ERROR_BALANCE"
    )
    assert safe(world, "sendSingleSMS", GOOD) == "SUCCESS"
    assert len(world.ledger) == 1


def test_other_methods_and_addresses(world):
    now = datetime.now(UTC)
    for method, path, status in (
        ("GET", "/inter/sendSingleSMS", 405), ("PUT", "/simpleinter/sendSMS", 405), ("POST", "/inter/other", 404),
        ("POST", "/report/other", 404), ("POST", "/", 404),
    ):  # fmt: skip
        assert SANDBOX.handle(SandboxRequest(method, path, "", {}, b"", now), world).status == status


# --- what is refused: the plain interface -------------------------------------------------------------------------------

SEND = "/simpleinter/sendSMS"
FORM = {"mobiles": "13800138000", "content": "您好"}


@pytest.mark.parametrize(("change", "word"), [
    ({}, "SUCCESS"), ({"mobiles": ""}, "ERROR_MOBILE_EMPTY"), ({"mobiles": "138"}, "ERROR_MOBILE_ERROR"),
    ({"mobiles": ",".join(numbers(501))}, "ERROR_MOBILE_NUMBER"), ({"mobiles": ",".join(numbers(500))}, "SUCCESS"),
    ({"content": ""}, "ERROR_CONTENT_EMPTY"), ({"content": "长" * 1001}, "ERROR_LONG_CONTENT"),
    ({"timerTime": "2030-01-01 00:00:00"}, "ERROR_SMS_TIME"), ({"timerTime": "20170101000000"}, "ERROR_SMS_TIME"),
    ({"customSmsId": "x" * 33}, "ERROR_CUSTOM_SMSID"), ({"extendedCode": "1" * 13}, "ERROR_EXTENDED_CODE"),
    ({"a": "b"}, "ERROR_PARAMS"),
])  # fmt: skip
def test_fields_of_a_plain_send(world, change, word):
    assert code(plain(world, SEND, FORM | change)) == word


@pytest.mark.parametrize(("fields", "word"), [
    ({"13800138000": "您好"}, "SUCCESS"), ({}, "ERROR_MOBILE_EMPTY"), ({"1380013": "您好"}, "ERROR_MOBILE_ERROR"),
    ({"who": "您好"}, "ERROR_MOBILE_ERROR"), ({"13800138000": ""}, "ERROR_CONTENT_EMPTY"),
    (dict.fromkeys(numbers(501), "您好"), "ERROR_MOBILE_NUMBER"),
])  # fmt: skip
def test_fields_of_a_plain_personal_send(world, fields, word):
    assert code(plain(world, "/simpleinter/sendPersonalitySMS", fields)) == word


@pytest.mark.parametrize(("changes", "word"), [
    ({"appId": "OTHER"}, "ERROR_APPID"), ({"timestamp": "2017"}, "ERROR_TIMESTAMP"),
    ({"timestamp": "20170101120000"}, "ERROR_TIMESTAMP"), ({"timestamp": "20171341120000"}, "ERROR_TIMESTAMP"),
    ({"sign": "0" * 32}, "ERROR_SIGN"), ({"sign": ""}, "ERROR_SIGN"),
])  # fmt: skip
def test_who_asks(world, changes, word):
    assert code(plain(world, SEND, FORM, **changes)) == word
    assert plain(world, "/report/retrieveReport", {}, **changes) == word.encode()


@pytest.mark.parametrize(("path", "fields"), [
    ("/simpleinter/getReport", {"number": "501"}), ("/simpleinter/getMo", {"number": "many"}),
    ("/simpleinter/getBalance", {"number": "1"}), ("/simpleinter/getReport", {"other": "1"}),
])  # fmt: skip
def test_fields_of_the_plain_polls(world, path, fields):
    assert code(plain(world, path, fields)) == "ERROR_PARAMS"


def test_retrieval_rules(world):
    now = datetime.now(UTC)

    def at(**ago):
        return (now - timedelta(**ago)).astimezone(CHINA).strftime("%Y%m%d%H%M%S")

    def retrieve(start, end, **more):
        return plain(world, "/report/retrieveReport", {"startTime": start, "endTime": end, **more}, now=now).decode()

    assert retrieve(at(minutes=10), at(minutes=0)) == "SUCCESS"
    assert retrieve(at(minutes=11), at(minutes=0)) == "ERROR_REPORT_TIME"
    assert retrieve(at(minutes=1), at(minutes=2)) == "ERROR_REPORT_TIME"
    assert retrieve(at(minutes=1), at(minutes=1)) == "ERROR_REPORT_TIME"
    assert retrieve(at(minutes=1), at(minutes=-1)) == "ERROR_REPORT_TIME"
    assert retrieve(at(days=31), at(days=31, minutes=-5)) == "ERROR_REPORT_TIME"
    assert retrieve("2017", at(minutes=1)) == "ERROR_REPORT_TIME"
    assert retrieve(at(minutes=5), at(minutes=1), smsId=",".join(map(str, range(1001)))) == "ERROR_TOO_MUCH_SMSIDS"
    assert retrieve(at(minutes=5), at(minutes=1), other="1") == "ERROR_PARAMS"
    world.settings["retrieve"] = False
    assert retrieve(at(minutes=5), at(minutes=1)) == "ERROR_NO_RETRIEVE_SERVICE"


# --- the habits of real clients -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "in_query"), [("POST", False), ("POST", True), ("GET", True)])
def test_plain_fields_may_stand_in_the_body_or_in_the_address(world, method, in_query):
    assert code(plain(world, SEND, FORM, method=method, in_query=in_query)) == "SUCCESS"
    assert [line.phone for line in world.ledger] == ["13800138000"]


def test_a_field_given_twice_is_refused(world):
    now = datetime.now(UTC)
    text = urlencode({**identity(now), **FORM})
    request = SandboxRequest("POST", SEND, "content=other", {}, text.encode(), now)
    assert code(SANDBOX.handle(request, world).body) == "ERROR_PARAMS"


@pytest.mark.parametrize("form", [
    lambda ms: str(ms), lambda ms: ms + 0.25, lambda ms: ms // 1000, lambda ms: f"{ms // 1000}.5",
])  # fmt: skip
def test_odd_request_times_are_understood(world, form):
    milliseconds = int(datetime.now(UTC).timestamp() * 1000)
    assert safe(world, "sendSingleSMS", GOOD | {"requestTime": form(milliseconds)}) == "SUCCESS"


def test_optional_fields_may_be_null(world):
    nulls = {"timerTime": None, "extendedCode": None, "customSmsId": None}
    assert safe(world, "sendSingleSMS", GOOD | nulls) == "SUCCESS"


def test_a_short_key_is_padded_with_blanks(world):
    class Short(Sandbox):
        credentials = {"app_id": APP_ID, "secret_key": "short"}

    now = datetime.now(UTC)
    body = json.dumps(GOOD | {"requestTime": now.timestamp() * 1000, "requestValidPeriod": 60}).encode()
    sealed = aes_ecb_encrypt(b"short           ", body)
    reply = Short().handle(SandboxRequest("POST", "/inter/sendSingleSMS", "", {"appid": APP_ID}, sealed, now), world)
    assert reply.headers == {"result": "SUCCESS"}
    assert unseal("short           ", reply.body)["mobile"] == "13800138000"


@pytest.mark.parametrize("packed", [True, False])
def test_the_answer_is_packed_only_if_the_request_was(world, packed):
    client = vendor(gzip=packed)
    wire = client.build_balance()
    headers = {name.lower(): value for name, value in wire.headers.items()}
    reply = SANDBOX.handle(SandboxRequest("POST", wire.path, "", headers, wire.body, datetime.now(UTC)), world)
    decrypted = aes_ecb_decrypt(KEY.encode(), reply.body)
    assert decrypted.startswith(b"\x1f\x8b") is packed
    assert list(reply.headers) == ["result"]
