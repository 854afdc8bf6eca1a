"""The request's headers, the answers, and everything that the document does not offer."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime

import orjson
import pytest
import time_machine

from messaging.gateway import reasons
from messaging.gateway.contract_suite import FakeHttp, account, response, send_request
from messaging.gateway.outcomes import Outcome, UnreadableBody, Unsupported
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Inbound
from messaging.vendors.hanwg.adapter import Hanwg
from messaging.vendors.hanwg.credentials import SETTINGS
from messaging.vendors.hanwg.envelope import digest, headers
from messaging.vendors.hanwg.tests.examples import CHATBOT, NAMES, example, sample

CREDENTIALS = {"account": "dh18528", "password": "p{date}w"}
AT = datetime(2023, 5, 23, 7, 6, 57, tzinfo=UTC)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def vendor(*answers, **settings):
    return Hanwg(account(credentials=CREDENTIALS, settings=settings), FakeHttp(*answers))


def test_it_is_registered():
    assert vendor_class("hanwg") is Hanwg


def test_the_date_is_local_time_and_the_digest_md5_of_md5_password_and_date():
    made = headers(account(credentials=CREDENTIALS), AT)

    expected = md5(md5("p{date}w") + "2023-05-23 15:06:57")
    assert made == {
        "Authorization": base64.b64encode(f"dh18528:{expected}".encode()).decode(),
        "Date": "2023-05-23 15:06:57",
        "Content-Type": "application/json",
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_headers_have_the_form_of_the_documents(name):
    theirs = sample(name)["headers"]
    at = datetime.fromisoformat(theirs["Date"] + "+08:00")
    ours = headers(account(credentials=CREDENTIALS), at)

    assert ours["Date"] == theirs["Date"]
    for given in (theirs["Authorization"], ours["Authorization"]):
        assert re.fullmatch(rb"dh18528:[0-9a-f]{32}", base64.b64decode(given))


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        ("{password}{date}", "p{date}wD"),
        ("{account}{md5_password}{date}", "dh18528" + md5("p{date}w") + "D"),
        ("{date}:{password}", "D:p{date}w"),
    ],
)
def test_the_recipe_is_a_setting_and_fills_each_word_once(recipe, text):
    assert digest(recipe, CREDENTIALS, "D") == md5(text)


@pytest.mark.parametrize(
    ("recipe", "good"),
    [
        ("{md5_password}{date}", True),
        ("{account}:{password}:{date}", True),
        ("{password}", False),
        ("{account}{date}", False),
        ("{md5_password}{date}{nonce}", False),
        ("{md5_password}{date", False),
    ],
)
def test_the_form_accepts_only_recipes_with_password_and_date(recipe, good):
    assert bool(re.fullmatch(SETTINGS[0].pattern, recipe)) is good


def test_an_edit_goes_to_the_senders_address():
    with time_machine.travel(AT, tick=False):
        wire = vendor().build_submit(example("text"))

    assert (wire.operation, wire.method) == ("template_edit", "POST")
    assert wire.path == f"/rcs/template/editTemplate/{CHATBOT}"
    assert wire.headers["Date"] == "2023-05-23 15:06:57"
    assert json.loads(wire.body) == sample("text")["body"]


def test_a_senders_address_cannot_leave_its_place():
    wire = vendor().build_submit(example("text", sender="../a?b"))

    assert wire.path == "/rcs/template/editTemplate/..%2Fa%3Fb"


def test_an_accepted_edit_keeps_its_id_and_waits_for_a_decision():
    result = vendor(orjson.dumps(sample("answer")["body"])).submit(example("text"))

    assert result.verdict.outcome is Outcome.ACCEPTED
    assert result.template_id == sample("text")["body"]["templateId"]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "text",
            {"template_id": ""},
            "This vendor only edits templates: register the vendor's template id by hand first.",
        ),
        ("text", {"sender": ""}, "Choose the 5G sender: its id is part of this vendor's address."),
        ("text", {"options": {"fallback": "h5"}}, "The message has no such fallback."),
        (
            "card_aim",
            {"part_ids": {"mms": "M1"}},
            "Register the vendor's id of this approved fallback by hand first.",
        ),
        (
            "card_aim",
            {"media": {}},
            "Register this vendor's media id by hand first: it takes approved media only.",
        ),
    ],
)
def test_what_cannot_be_asked_does_not_go_out_and_the_reason_is_plain(name, changes, message):
    hanwg = vendor()
    result = hanwg.submit(example(name, **changes))

    assert hanwg.http.requests == []
    assert (result.verdict.outcome, result.verdict.reason) == (Outcome.REJECTED, reasons.BAD_REQUEST)
    assert result.verdict.message == message


@pytest.mark.parametrize(
    ("answer", "outcome", "template_id"),
    [
        ({"code": 0, "desc": "ok", "result": "T9"}, Outcome.ACCEPTED, "T9"),
        ({"code": 0, "desc": "ok", "result": True}, Outcome.UNKNOWN, ""),
        ({"code": 0, "desc": "ok"}, Outcome.UNKNOWN, ""),
    ],
)
def test_adding_is_a_setting(answer, outcome, template_id):
    hanwg = vendor(orjson.dumps(answer), add_enabled=True)
    result = hanwg.submit(example("text", template_id=""))

    (wire,) = hanwg.http.requests
    assert wire.path == f"/rcs/template/addTemplate/{CHATBOT}"
    assert "templateId" not in json.loads(wire.body)
    assert (result.verdict.outcome, result.template_id) == (outcome, template_id)


def test_the_address_for_adding_is_a_setting_and_an_edit_does_not_use_it():
    hanwg = vendor(add_enabled=True, add_path="/v2/{chatbotId}/add")

    assert hanwg.build_submit(example("text", template_id="")).path == f"/v2/{CHATBOT}/add"
    assert hanwg.build_submit(example("text")).path == f"/rcs/template/editTemplate/{CHATBOT}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"code": null}', b'{"code": true}'])
def test_an_answer_without_a_code_is_unreadable(body):
    with pytest.raises(UnreadableBody):
        vendor().read_submit(response(body), example("text"))


@pytest.mark.parametrize("part", ["sms", "mms", "aim"])
def test_parts_are_reviewed_elsewhere(part):
    hanwg = vendor()
    with pytest.raises(Unsupported):
        hanwg.submit(example("text", part=part))
    assert hanwg.http.requests == []


PUSHED = Inbound("receipt", {}, b"{}")


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.send(send_request()),
        lambda it: it.balance(),
        lambda it: it.query_template("T1"),
        lambda it: it.delete_template("T1"),
        lambda it: it.poll("receipt"),
        lambda it: it.retrieve(AT, AT),
        lambda it: it.verify(PUSHED),
        lambda it: it.acknowledge(PUSHED),
        lambda it: it.parse(PUSHED),
    ],
)
def test_what_the_document_lacks_is_not_offered(call):
    hanwg = vendor()
    with pytest.raises(Unsupported) as error:
        call(hanwg)
    assert error.value.why == "Not offered by this vendor."
    assert hanwg.http.requests == []


def test_it_declares_that_it_cannot_send():
    assert Hanwg.capabilities.max_batch == 0
    assert Hanwg.capabilities.callbacks == Hanwg.capabilities.polls == frozenset()
