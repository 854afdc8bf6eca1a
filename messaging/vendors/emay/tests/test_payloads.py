"""Every request, value for value, as the document prints it."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import time_machine

from messaging.gateway.contract_suite import account, content, fallback, send_request, submission
from messaging.gateway.crypto import aes_ecb_decrypt, md5_hex
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.times import CHINA
from messaging.gateway.types import Recipient
from messaging.vendors.emay import payloads
from messaging.vendors.emay.adapter import Emay
from messaging.vendors.emay.tests.contract import APP_ID, DOCUMENT, KEY, NAMED, PERSONAL, REF, TWO

NOW = datetime(2017, 3, 14, 4, 0, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def vendor(**settings):
    return Emay(account("http://bjmtn.b2m.cn", {"app_id": APP_ID, "secret_key": KEY}, settings))


def opened(wire):
    body = aes_ecb_decrypt(KEY.encode(), wire.body)
    return json.loads(gzip.decompress(body) if wire.headers.get("gzip") == "on" else body)


def built(request, **settings):
    """Operation, address and JSON of a send, without the two times, which are checked here."""
    wire = vendor(**settings).build_send(request)
    body = opened(wire)
    assert (body.pop("requestTime"), body.pop("requestValidPeriod")) == (MILLISECONDS, 60)
    assert (wire.method, wire.people) == ("POST", len(request.recipients))
    return wire.operation, wire.path, body


def documents(section):
    """The document's JSON of a section, without the request's own times, without the time to send at, which we never ask
    for, and without its nulls, which may be left out."""
    body = {key: value for key, value in DOCUMENT["requests"][section].items() if not key.startswith("request")}
    return {key: value for key, value in body.items() if value is not None and key != "timerTime"}


def document_form(section):
    """The document's form of a section, without who asks and without the time to send at."""
    fields = parse_qs(DOCUMENT["requests"][section])
    return {key: values[0] for key, values in fields.items() if key not in {*IDENTITY, "timerTime"}}


def test_the_wrapping_is_json_gzip_aes_and_raw_bytes():
    wire = vendor().build_send(send_request())
    assert wire.headers == {"appId": APP_ID, "encode": "UTF-8", "gzip": "on"}
    assert aes_ecb_decrypt(KEY.encode(), wire.body).startswith(b"\x1f\x8b")


def test_without_gzip_the_header_is_left_out():
    wire = vendor(gzip=False, valid_seconds=120).build_send(send_request())
    assert wire.headers == {"appId": APP_ID, "encode": "UTF-8"}
    assert opened(wire)["requestValidPeriod"] == 120


def test_single():
    request = send_request(
        "15538850000", reference="2017010709302911", text=" i love you ! ", signature="清华大学",
        options={"extended_code": "112"},
    )  # fmt: skip
    assert built(request) == (
        "single",
        "/inter/sendSingleSMS",
        documents("2.1.1") | {"customSmsId": "2017010709302911_1"},
    )


def test_batch():
    request = send_request(
        "15538867822", "15538867823", reference=REF, text=" i love you ! ", signature="清华大学",
        options={"extended_code": "112"},
    )  # fmt: skip
    people = [
        {"mobile": "15538867822", "customSmsId": "s12-1_1"},
        {"mobile": "15538867823", "customSmsId": "s12-1_2"},
    ]
    assert built(request) == ("batch", "/inter/sendBatchSMS", documents("2.1.2") | {"smses": people})


def test_batch_without_our_ids():
    request = send_request(
        "15538867822", "15538867823", text=" i love you ! ", signature="清华大学",
        options={"extended_code": "112"},
    )  # fmt: skip
    assert built(request, custom_ids=False) == ("batch_only", "/inter/sendBatchOnlySMS", documents("2.1.3"))


def test_personal():
    people = (Recipient("15538867822", {"话": "haha"}), Recipient("15538867823", {"话": "haha1"}))
    request = send_request(
        recipients=people, text="", signature="", content=content(kind="sms", text="${话}"),
        options={"extended_code": "112"}, reference=REF,
    )  # fmt: skip
    wanted = documents("2.1.4")
    for number, person in enumerate(wanted["smses"], 1):
        person["customSmsId"] = f"{REF}_{number}"
    assert built(request) == ("personal", "/inter/sendPersonalitySMS", wanted)


def test_personal_with_own_time_and_code():
    people = (
        Recipient("15538867822", {"话": "haha", "时间": "2017-11-10 20:00:00", "码": "012"}),
        Recipient("15538867823", {"话": "haha1", "时间": "", "码": "013"}),
    )
    options = {"time_column": "时间", "code_column": "码"}
    request = send_request(recipients=people, text="${话}", signature="", options=options, reference=REF)
    operation, path, body = built(request)
    assert (operation, path) == ("personal_all", "/inter/sendPersonalityAllSMS")
    assert body == {
        "smses": [
            {"mobile": "15538867822", "customSmsId": "s12-1_1", "content": "haha",
             "timerTime": "2017-11-10 20:00:00", "extendedCode": "012"},
            {"mobile": "15538867823", "customSmsId": "s12-1_2", "content": "haha1", "extendedCode": "013"},
        ]
    }  # fmt: skip


def test_template_normal():
    text = content(kind="sms", text="您好")
    request = send_request(*TWO, reference=REF, template_id="22222", options={"extended_code": "111"}, content=text)
    people = [{"mobile": TWO[0], "customSmsId": "s12-1_1"}, {"mobile": TWO[1], "customSmsId": "s12-1_2"}]
    assert built(request) == (
        "template_normal",
        "/inter/sendTemplateNormalSMS",
        documents("2.1.9") | {"smses": people},
    )


def test_template_with_variables_sends_the_templates_own_and_no_other_columns():
    people = (
        Recipient("15903201025", {"money": "10983.4", "name": "王先生", "city": "上海"}),
        Recipient("15903201026", {"money": "26985.4", "name": "李先生", "city": "北京"}),
    )
    text = content(kind="sms", text="${name}，余额${money}")
    request = send_request(
        recipients=people, reference=REF, template_id="22222", options={"extended_code": "111"}, text="", content=text
    )
    wanted = documents("2.1.10")
    for number, person in enumerate(wanted["smses"], 1):
        person["customSmsId"] = f"{REF}_{number}"
    wanted["smses"][1]["mobile"] = "15903201026"
    assert built(request) == ("template_variable", "/inter/sendTemplateVariableSMS", wanted)


def test_short_link():
    with time_machine.travel(datetime(2020, 6, 26, tzinfo=UTC), tick=False):
        request = send_request(
            *TWO, reference=REF, signature="", text="北京欢迎您，旅游详情请点击{#短网址#}",
            options={"short_link_url": "http://wwww.baidu.com", "short_link_rule": "1", "extended_code": "111"},
        )  # fmt: skip
        wire = vendor().build_send(request)
    people = [{"mobile": TWO[0], "customSmsId": "s12-1_1"}, {"mobile": TWO[1], "customSmsId": "s12-1_2"}]
    body = {key: value for key, value in opened(wire).items() if not key.startswith("request")}
    assert (wire.operation, wire.path) == ("short_link", "/inter/sendShortLinkSMS")
    assert body == documents("2.1.11") | {"smses": people}


@pytest.mark.parametrize("changes", [
    {"text": "没有链接"},
    {"text": "${name}看{#短网址#}", "recipients": PERSONAL},
])  # fmt: skip
def test_a_short_link_needs_its_place_and_one_text(changes):
    request = replace(send_request(*TWO, options={"short_link_url": "https://example.com"}), **changes)
    with pytest.raises(Unsupported):
        vendor().build_send(request)


@pytest.mark.parametrize(("method", "argument", "section", "operation", "path"), [
    ("build_delete_template", "1300021", "2.1.7", "template_delete", "/inter/deleteTemplateSMS"),
    ("build_query_template", "1300021", "2.1.8", "template_query", "/inter/queryTemplateSMS"),
])  # fmt: skip
def test_templates_are_asked_about_and_deleted(method, argument, section, operation, path):
    wire = getattr(vendor(), method)(argument)
    body = {key: value for key, value in opened(wire).items() if not key.startswith("request")}
    assert (wire.operation, wire.path, body) == (operation, path, documents(section))


@pytest.mark.parametrize(("settings", "text"), [
    ({}, "【测试】{#name#}您好"),
    ({"variable_form": "${%s}"}, "【测试】${name}您好"),
    ({"signature_in_text": False}, "{#name#}您好"),
])  # fmt: skip
def test_a_template_carries_the_vendors_form_of_a_variable(settings, text):
    wire = vendor(**settings).build_submit(submission(NAMED))
    assert (wire.operation, wire.path) == ("template_create", "/inter/createTemplateSMS")
    assert opened(wire)["templateContent"] == text


@pytest.mark.parametrize(("kind", "operation", "path"), [
    ("receipt", "report", "/inter/getReport"), ("reply", "reply", "/inter/getMo"), ("click", "click", "/inter/getShortLink"),
])  # fmt: skip
def test_polls(kind, operation, path):
    wire = vendor().build_poll(kind, 300)
    assert (wire.operation, wire.path) == (operation, path)
    assert opened(wire) == {"number": 300, "requestTime": MILLISECONDS, "requestValidPeriod": 60}
    assert opened(vendor().build_poll(kind, 9000))["number"] == 500


def test_balance():
    wire = vendor().build_balance()
    assert (wire.operation, wire.path) == ("balance", "/inter/getBalance")
    assert opened(wire) == {"requestTime": MILLISECONDS, "requestValidPeriod": 60}


# --- the plain interface ------------------------------------------------------------------------------------------------

STAMP = "20170314120000"
IDENTITY = {"appId": [APP_ID], "timestamp": [STAMP], "sign": [md5_hex(APP_ID + KEY + STAMP)]}


def plain(wire):
    assert wire.headers == {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    fields = parse_qs(wire.body.decode(), strict_parsing=True)
    assert {name: fields.pop(name) for name in IDENTITY} == IDENTITY
    return wire.operation, wire.path, {name: values[0] for name, values in fields.items()}


def test_plain_send():
    request = send_request(
        "18001098901", "18001098902", text="hello", signature="", reference="10001", options={"extended_code": "123"},
    )  # fmt: skip
    assert plain(vendor(interface="plain").build_send(request)) == (
        "plain_send",
        "/simpleinter/sendSMS",
        document_form("2.2.1"),
    )


def test_plain_personal():
    people = (Recipient("18001098901", {"n": "1"}), Recipient("18001098902", {"n": "2"}))
    request = send_request(
        recipients=people, text="天气不错 ${n}啊", signature="", reference="10001", options={"extended_code": "123"}
    )
    assert plain(vendor(interface="plain").build_send(request)) == (
        "plain_personal",
        "/simpleinter/sendPersonalitySMS",
        document_form("2.2.2"),
    )


def test_plain_content_is_encoded_once():
    wire = vendor(interface="plain").build_send(send_request(text="50% + 1", signature=""))
    assert b"content=50%25+%2B+1&" in wire.body


@pytest.mark.parametrize(("kind", "operation", "path"), [
    ("receipt", "plain_report", "/simpleinter/getReport"), ("reply", "plain_reply", "/simpleinter/getMo"),
])  # fmt: skip
def test_plain_polls_and_balance(kind, operation, path):
    client = vendor(interface="plain")
    assert plain(client.build_poll(kind, 100)) == (operation, path, {"number": "100"})
    assert plain(client.build_balance()) == ("plain_balance", "/simpleinter/getBalance", {})


def test_the_plain_interface_says_what_it_has_not():
    client = vendor(interface="plain")
    with pytest.raises(Unsupported):
        client.build_poll("click", 100)
    with pytest.raises(Unsupported):
        client.build_query_template("1")
    with pytest.raises(Unsupported):
        client.build_submit(submission(NAMED))
    with pytest.raises(Unsupported):
        client.build_send(send_request(text="{#短网址#}", options={"short_link_url": "https://example.com"}))
    assert client.polls({"interface": "plain"}) == {"receipt", "reply"}
    assert client.polls({"interface": "safe"}) == {"receipt", "reply", "click"}


# --- what holds for both ------------------------------------------------------------------------------------------------


def test_retrieve_is_a_plain_form_whatever_the_interface():
    start = datetime(2017, 1, 1, 12, 0, tzinfo=CHINA)
    wire = vendor().build_retrieve(start, start + timedelta(minutes=1))
    assert plain(wire) == (
        "retrieve",
        "/report/retrieveReport",
        {"startTime": "20170101120000", "endTime": "20170101120100"},
    )


def test_a_window_is_ten_minutes_at_most():
    start = datetime(2017, 1, 1, 12, 0, tzinfo=CHINA)
    vendor().build_retrieve(start, start + timedelta(minutes=10))
    for end in (start + timedelta(minutes=10, seconds=1), start, start - timedelta(minutes=1)):
        with pytest.raises(Unsupported):
            vendor().build_retrieve(start, end)


def test_a_longer_span_is_cut_into_windows():
    start = datetime(2017, 1, 1, 12, 0, tzinfo=CHINA)
    minutes = [
        ((left - start).total_seconds() / 60, (right - start).total_seconds() / 60)
        for left, right in payloads.windows(start, start + timedelta(minutes=25))
    ]
    assert minutes == [(0, 10), (10, 20), (20, 25)]


@pytest.mark.parametrize(("settings", "text", "wanted"), [
    ({}, "您好", "【测试】您好"), ({}, "【测试】您好", "【测试】您好"), ({"signature_in_text": False}, "您好", "您好"),
])  # fmt: skip
def test_the_signature_stands_in_front_once(settings, text, wanted):
    assert built(send_request(text=text), **settings)[2]["content"] == wanted


@pytest.mark.parametrize(("custom", "reference"), [
    ("s12-1_7", "s12-1"), ("s12-1", "s12-1"), ("1553885000011111", "1553885000011111"), ("", ""), ("_3", "_3"), ("a_b", "a_b"),
])  # fmt: skip
def test_our_reference_comes_back_out_of_the_custom_id(custom, reference):
    assert payloads.reference_of(custom) == reference


def test_custom_ids_of_a_full_batch_fit_and_lead_back():
    reference = vendor().reference(999_999_999_999, 99, "zzzzz")
    ids = [payloads.custom_id(reference, number) for number in range(1, 501)]
    assert max(map(len, ids)) <= 32
    assert {payloads.reference_of(custom) for custom in ids} == {reference}


CARD = content(kind="card", card={"title": "x"})


@pytest.mark.parametrize(("part_ids", "operation"), [({}, "personal"), ({"sms": "22222"}, "template_variable")])
def test_a_card_is_represented_by_its_fallback_text_and_that_parts_template(part_ids, operation):
    request = send_request(
        recipients=PERSONAL, text="", content=CARD, template_id="CARD", fallback=fallback(sms={"text": "${name}您好"}),
        part_ids=part_ids,
    )  # fmt: skip
    found, _path, body = built(request)
    assert found == operation
    assert [person["content"] for person in body["smses"]] == (
        [{"name": "王先生"}, {"name": "李先生"}] if part_ids else ["【测试】王先生您好", "【测试】李先生您好"]
    )


def test_nothing_is_built_without_a_text():
    with pytest.raises(Unsupported):
        vendor().build_send(send_request(text="", content=CARD))


def test_a_value_is_never_expanded_again():
    people = (Recipient(TWO[0], {"a": "${b}", "b": "x"}), Recipient(TWO[1], {"a": "1", "b": "y"}))
    body = built(send_request(recipients=people, text="${a}", signature=""))[2]
    assert [person["content"] for person in body["smses"]] == ["${b}", "1"]


@pytest.mark.parametrize(
    ("options", "operation"),
    [
        ({"short_link_url": "https://example.com"}, "short_link"),
        ({"code_column": "code"}, "personal_all"),
        ({}, "template_normal"),
    ],
)
def test_an_option_that_templates_do_not_have_is_never_dropped(options, operation):
    request = send_request(*TWO, text="看{#短网址#}", template_id="T9", content=None, options=options)
    assert payloads.send(request, {}).operation == operation


@pytest.mark.parametrize(("pushes", "signed"), [("sealed", True), ("plain", False), ("either", False), (None, True)])
def test_an_account_that_takes_plain_pushes_is_not_guarded_by_a_seal(pushes, signed):
    assert Emay.signs_callbacks({"pushes": pushes}) is signed
