"""The document's six examples, value for value, and what they do not show."""

import pytest

from messaging.gateway.contract_suite import content, fallback
from messaging.gateway.outcomes import Unsupported
from messaging.vendors.hanwg import payloads
from messaging.vendors.hanwg.tests.examples import CALENDAR, NAMES, example, sample


@pytest.mark.parametrize("name", NAMES)
def test_each_example_of_the_document_comes_from_our_blocks(name):
    assert payloads.template(example(name)) == ("template_edit", sample(name)["body"])


def test_a_label_and_a_draft_are_options():
    body = payloads.template(example("text", options={"label": "会员,春季", "draft": True})).fields

    assert body["label"] == "会员,春季"
    assert body["draft"] == 1


def test_without_options_it_is_submitted_and_has_no_label():
    body = payloads.template(example("text")).fields

    assert body["draft"] == 0
    assert "label" not in body


def test_an_added_template_has_no_template_id():
    assert "templateId" not in payloads.template(example("text", template_id="")).fields


def test_a_message_without_chips_has_no_suggestion():
    plain = content(kind="text", text="您好")

    assert payloads.message(plain, {}) == {
        "contentType": "text/plain",
        "contentText": "您好",
        "contentEncoding": "utf8",
    }


def test_a_horizontal_card_says_where_its_picture_stands():
    card = content(kind="card", orientation="HORIZONTAL", alignment="LEFT", card={"title": "标题"})

    assert payloads.message(card, {})["contentText"] == {
        "generalPurposeCard": {
            "layout": {"cardOrientation": "HORIZONTAL", "imageAlignment": "LEFT"},
            "content": {"title": "标题"},
        }
    }


def test_a_calendar_entry_has_days_and_keeps_variables():
    times = {"start": "2026-11-21T10:00", "end": "${结束Time}", "description": ""}
    text = content(kind="text", text="您好", suggestions=[{**CALENDAR, **times}])

    assert payloads.message(text, {})["suggestion"][0]["action"]["calendarAction"] == {
        "createCalendarEvent": {"startTime": "2026-11-21", "endTime": "${结束Time}", "title": "结婚纪念日"}
    }


def test_asking_for_a_place_is_the_standards_word():
    text = content(kind="text", text="您好", suggestions=[{"kind": "ask_place", "label": "发位置", "data": "d"}])

    assert payloads.message(text, {})["suggestion"] == [
        {
            "action": {
                "displayText": "发位置",
                "postback": {"data": "d"},
                "mapAction": {"requestLocationPush": {}},
            }
        }
    ]


PARTS = {
    "sms": {"text": "短信"},
    "h5": {"text": "${dh_rcs_h5_url}"},
    "aim": {"text": "阅信"},
    "mms": {"title": "视信", "frames": []},
}
IDS = {"aim": "A1", "mms": "M1"}


@pytest.mark.parametrize(
    ("present", "choice", "expected"),
    [
        ((), "", {"fallbackType": 0}),
        (("sms",), "", {"fallbackType": 1, "fallbackContent": "短信"}),
        (("sms", "h5"), "", {"fallbackType": 3, "fallbackContent": "${dh_rcs_h5_url}"}),
        (("sms", "h5", "mms"), "", {"fallbackType": 2, "fallbackContent": "M1"}),
        (("sms", "h5", "mms", "aim"), "", {"fallbackType": 4, "fallbackContent": "A1"}),
        (("sms", "aim"), "sms", {"fallbackType": 1, "fallbackContent": "短信"}),
        (("sms", "aim"), "none", {"fallbackType": 0}),
    ],
)
def test_one_fallback_goes_along(present, choice, expected):
    parts = fallback(**{part: PARTS[part] for part in present})

    assert payloads.fallback(example("text", fallback=parts, part_ids=IDS, options={"fallback": choice})) == expected


@pytest.mark.parametrize("kind", ["sms", "mms"])
def test_other_kinds_are_not_offered(kind):
    with pytest.raises(Unsupported):
        payloads.message(content(kind=kind), {})
