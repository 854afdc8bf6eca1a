"""The sandbox serves the document's examples and refuses each breach of a rule, one test for each."""

import base64
import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from messaging.gateway.contract_suite import FakeHttp, account
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import WireResponse
from messaging.sandbox.base import SandboxRequest, World
from messaging.vendors.hanwg.adapter import Hanwg
from messaging.vendors.hanwg.sandbox import SANDBOX
from messaging.vendors.hanwg.tests.examples import CHATBOT, NAMES, example, sample

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
LOCAL = "2026-05-20 10:00:00"
PATH = f"/rcs/template/editTemplate/{CHATBOT}"


def signed(date=LOCAL, account_name="dh18528", password="sandbox-password"):
    inner = hashlib.md5(password.encode()).hexdigest()
    sign = hashlib.md5((inner + date).encode()).hexdigest()
    return base64.b64encode(f"{account_name}:{sign}".encode()).decode()


GOOD = {"authorization": signed(), "date": LOCAL, "content-type": "application/json"}


def ask(body, world=None, headers=GOOD, path=PATH, method="POST"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = SANDBOX().handle(SandboxRequest(method, path, "", headers, data, NOW), world or World())
    return reply.status, json.loads(reply.body)


def body_of(name="text"):
    return copy.deepcopy(sample(name)["body"])


@pytest.mark.parametrize("name", NAMES)
def test_it_accepts_the_documents_examples(name):
    world = World()

    assert ask(body_of(name), world) == (200, {"code": 0, "desc": "请求成功"})
    assert world.store[body_of(name)["templateId"]]["state"] == "waiting"


@pytest.mark.parametrize("name", NAMES)
def test_it_accepts_what_the_adapter_sends(name):
    class Socket(FakeHttp):
        def exchange(self, request):
            headers = {key.lower(): value for key, value in request.headers.items()}
            asked = SandboxRequest(request.method, request.path, "", headers, request.body, NOW)
            reply = SANDBOX().handle(asked, World())
            return WireResponse(reply.status, {}, reply.body)

    with time_machine.travel(NOW, tick=False):
        result = Hanwg(account(credentials=SANDBOX.credentials), Socket()).submit(example(name))

    assert result.verdict.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"authorization": ""}, 100),
        ({"date": ""}, 101),
        ({"date": "Wed, 20 May 2026 02:00:00 GMT"}, 102),
        ({"date": "2026-05-20 10:61:00"}, 102),
        ({"date": "2026-05-20 10:06:00", "authorization": signed("2026-05-20 10:06:00")}, 102),
        ({"date": "2026-05-20 09:54:00", "authorization": signed("2026-05-20 09:54:00")}, 102),
        ({"authorization": "Basic " + signed()}, 103),
        ({"authorization": base64.b64encode(b"dh18528:ABC").decode()}, 103),
        ({"authorization": signed(account_name="dh99999")}, 104),
        ({"authorization": signed(password="wrong")}, 104),
        ({"authorization": signed("2026-05-20 10:00:01")}, 104),
        ({"content-type": "text/plain"}, 99),
    ],
)
def test_it_refuses_headers(change, code):
    world = World()
    _, answer = ask(body_of(), world, {**GOOD, **change})

    assert answer["code"] == code
    assert world.store == {}


def test_its_clock_window_and_recipe_can_be_set():
    world = World()
    date = "2026-05-20 10:06:00"
    sign = hashlib.md5(("sandbox-password" + date).encode()).hexdigest()
    world.settings.update(clock_window=600, digest_recipe="{password}{date}")
    headers = {**GOOD, "date": date, "authorization": base64.b64encode(f"dh18528:{sign}".encode()).decode()}

    assert ask(body_of(), world, headers)[1]["code"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", PATH, 405, 405),
        ("POST", "/rcs/template/editTemplate", 404, 404),
        ("POST", f"/rcs/template/addTemplate/{CHATBOT}", 404, 404),
        ("POST", "/rcs/template/editTemplate/other", 200, 99),
    ],
)
def test_it_refuses_addresses(method, path, status, code):
    got, answer = ask(body_of(), path=path, method=method)

    assert (got, answer["code"]) == (status, code)


def place(body, path, value):
    *way, last = path.split(".")
    for step in way:
        body = body[int(step) if isinstance(body, list) else step]
    if value is ...:
        del body[int(last) if isinstance(body, list) else last]
    else:
        body[int(last) if isinstance(body, list) else last] = value


CARD = "message.contentText.generalPurposeCard"
CAROUSEL = "message.contentText.generalPurposeCardCarousel"
CHIP = "message.suggestion.0"
REPLY = {"reply": {"displayText": "Y", "postback": {"data": "d"}}}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("text", "templateId", ...),
        ("text", "templateId", 5),
        ("text", "templateId", "unknown"),
        ("text", "templateName", ""),
        ("text", "templateName", 5),
        ("text", "label", ["a"]),
        ("text", "draft", True),
        ("text", "draft", 2),
        ("text", "surprise", 1),
        ("text", "fallbackType", 5),
        ("text", "fallbackType", "0"),
        ("text", "fallbackType", 1),
        ("text", "fallbackContent", "no type"),
        ("file_sms", "fallbackContent", "【测试】您好"),
        ("carousel_ch5", "fallbackContent", "没有链接"),
        ("carousel_ch5", "fallbackContent", "【测试】${dh_rcs_h5_url}"),
        ("card_aim", "fallbackContent", "not-approved"),
        ("place_video_sms", "fallbackContent", "not-approved"),
        ("text", "message", ...),
        ("text", "message", "您好"),
        ("text", "message.suggestions", []),
        ("text", "message.contentEncoding", "gbk"),
        ("text", "message.contentType", "text/html"),
        ("text", "message.contentText", ""),
        ("place_video_sms", "message.contentText", "geo:39.9,116.4"),
        ("file_sms", "message.contentText.fileId", "not-approved"),
        ("file_sms", "message.contentText.name", "a.pdf"),
        ("card_aim", f"{CARD}.layout.cardOrientation", "DIAGONAL"),
        ("card_aim", f"{CARD}.layout.cardOrientation", ...),
        ("card_aim", f"{CARD}.layout.imageAlignment", "TOP"),
        ("card_aim", f"{CARD}.layout.titleFontStyle", ["blink"]),
        ("card_aim", f"{CARD}.layout.descriptionFontStyle", []),
        ("card_aim", f"{CARD}.content", {}),
        ("card_aim", f"{CARD}.content.suggestion", []),
        ("card_aim", f"{CARD}.content.media.mediaId", "not-approved"),
        ("card_aim", f"{CARD}.content.media.height", "TALL"),
        ("card_aim", f"{CARD}.content.title", "题" * 201),
        ("card_aim", f"{CARD}.content.description", "述" * 2001),
        ("card_aim", f"{CARD}.content.suggestions", [REPLY] * 5),
        ("carousel_ch5", f"{CAROUSEL}.layout.cardWidth", "WIDE"),
        ("carousel_ch5", f"{CAROUSEL}.content.1", ...),
        ("carousel_ch5", f"{CAROUSEL}.content", [{"title": "一"}] * 13),
        ("text", "message.suggestion", [REPLY] * 12),
        ("text", CHIP, {}),
        ("text", f"{CHIP}.action", {"displayText": "Y", "postback": {"data": "d"}}),
        ("text", f"{CHIP}.reply.displayText", ""),
        ("text", f"{CHIP}.reply.displayText", "字" * 26),
        ("text", f"{CHIP}.reply.postback", {}),
        ("text", f"{CHIP}.reply.postback.data", "d" * 2049),
        ("card_aim", f"{CHIP}.action.urlAction", ...),
        ("card_aim", f"{CHIP}.action.dialerAction", {"dialPhoneNumber": {"phoneNumber": "1"}}),
        ("card_aim", f"{CHIP}.action.urlAction.openUrl.url", "www.baidu.com"),
        ("card_aim", f"{CHIP}.action.urlAction.openUrl.application", "app"),
        ("file_sms", "message.suggestion.1.action.dialerAction.dialPhoneNumber.phoneNumber", ""),
        ("card_aim", f"{CARD}.content.suggestions.0.action.composeAction.composeTextMessage.text", "字" * 101),
        (
            "carousel_ch5",
            f"{CAROUSEL}.content.1.suggestions.0.action.calendarAction.createCalendarEvent.startTime",
            "2022-12-08T10:00:00Z",
        ),
        ("card_aim", "message.suggestion.1.action.mapAction.showLocation.location.latitude", 39.9),
        ("card_aim", "message.suggestion.1.action.mapAction.showLocation.location.query", "天安门"),
    ],
)
def test_it_refuses_a_body(name, path, value):
    world = World()
    assert ask(body_of(name), World())[1]["code"] == 0
    body = body_of(name)
    place(body, path, value)
    _, answer = ask(body, world)

    assert answer["code"] == 99
    assert world.store == {}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff"])
def test_it_refuses_what_is_no_object(data):
    assert ask(data)[1]["code"] == 99


def test_a_template_without_draft_stays_a_draft():
    world = World()
    body = body_of()
    del body["draft"]
    ask(body, world)

    assert world.store[body["templateId"]]["state"] == "draft"


def test_more_ids_can_be_made_known():
    world = World()
    world.settings.update(templates=["T9"], media=["M9"], parts=["P9"])
    body = body_of("card_aim") | {"templateId": "T9", "fallbackContent": "P9"}
    place(body, f"{CARD}.content.media.mediaId", "M9")

    assert ask(body, world)[1]["code"] == 0


def test_adding_is_served_only_when_asked_for():
    world = World()
    world.settings["add_template"] = True
    body = body_of()
    del body["templateId"]
    path = f"/rcs/template/addTemplate/{CHATBOT}"

    assert ask(body, world, path=path) == (200, {"code": 0, "desc": "请求成功", "result": "added1"})
    assert ask(body_of(), world, path=path)[1]["code"] == 99
    assert ask(body_of() | {"templateId": "added1"}, world)[1]["code"] == 0


def test_a_decision_is_remembered_and_nothing_is_pushed():
    world = World()
    ask(body_of(), world)
    SANDBOX().approve(world, body_of()["templateId"], False, "素材过期")

    assert world.store[body_of()["templateId"]]["state"] == "refused"
    assert world.store[body_of()["templateId"]]["reason"] == "素材过期"
    assert world.take_pushes() == []


def test_a_decision_on_an_unknown_template_is_an_error():
    with pytest.raises(LookupError):
        SANDBOX().approve(World(), "unknown", True, "")


def test_nobody_can_reply():
    with pytest.raises(LookupError):
        SANDBOX().reply(World(), "13800138000", "R")


def test_the_window_ends_after_five_minutes():
    date = (NOW + timedelta(hours=8, minutes=5)).strftime("%Y-%m-%d %H:%M:%S")

    assert ask(body_of(), headers={**GOOD, "date": date, "authorization": signed(date)})[1]["code"] == 0
