"""Each problem by its path."""

import pytest

from messaging.gateway.contract_suite import account, content, fallback
from messaging.vendors.hanwg.adapter import Hanwg
from messaging.vendors.hanwg.tests.examples import CALENDAR, CONTENT, FALLBACK, NAMES, example


@pytest.fixture
def vendor():
    return Hanwg(account(credentials={"account": "dh18528", "password": "secret"}))


def found(problems):
    return [(problem.path, problem.rule, problem.severity) for problem in problems]


@pytest.mark.parametrize("name", NAMES)
def test_the_documents_examples_have_no_errors_and_too_long_names(vendor, name):
    problems = found(vendor.check_submission(example(name)))

    assert problems == [("name", "vendor.name", "warning")]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_said_about_their_content(vendor, name):
    assert vendor.check(content(**CONTENT[name]), fallback(**FALLBACK.get(name, {}))) == []


@pytest.mark.parametrize(("length", "said"), [(17, []), (18, [("name", "vendor.name", "warning")])])
def test_a_name_over_17_characters_warns(vendor, length, said):
    assert found(vendor.check_submission(example("text", name="名" * length))) == said


@pytest.mark.parametrize("kind", ["mms", "sms"])
def test_kinds_it_does_not_carry(vendor, kind):
    assert found(vendor.check(content(kind=kind), fallback())) == [("kind", "vendor.kind", "error")]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"sms": {"text": "【测试】您好"}}, [("fallback.sms.text", "vendor.signature", "error")]),
        ({"h5": {"text": "【测试】${dh_rcs_h5_url}"}}, [("fallback.h5.text", "vendor.signature", "error")]),
        ({"h5": {"text": "请点击"}}, [("fallback.h5.text", "vendor.h5_link", "error")]),
        ({"sms": {"text": "您好"}, "aim": {"text": "您好"}}, [("fallback", "vendor.one_fallback", "warning")]),
    ],
)
def test_fallbacks(vendor, parts, said):
    assert found(vendor.check(content(kind="text", text="您好"), fallback(**parts))) == said


def test_buttons_and_media_that_lose_something(vendor):
    ask = {"kind": "ask_place", "label": "发位置", "data": "d"}
    card = {
        "title": "标题",
        "media": {"asset": "1", "thumbnail": "2", "alt": "花"},
        "suggestions": [{**CALENDAR, "start": "2026-11-21T10:00"}],
    }
    carousel = content(kind="carousel", cards=[{"title": "一"}, card], suggestions=[ask])

    assert found(vendor.check(carousel, fallback())) == [
        ("cards.1.suggestions.0.start", "vendor.day", "warning"),
        ("suggestions.0.kind", "vendor.not_shown", "warning"),
        ("cards.1.media.thumbnail", "vendor.thumbnail", "warning"),
        ("cards.1.media.alt", "vendor.alt", "warning"),
    ]


def test_a_horizontal_card_is_not_in_the_document(vendor):
    card = content(kind="card", orientation="HORIZONTAL", alignment="LEFT", card={"title": "标题"})

    assert found(vendor.check(card, fallback())) == [("orientation", "vendor.not_shown", "warning")]


def test_a_semicolon_would_end_the_place(vendor):
    place = content(kind="place", latitude="39.9", longitude="116.4", label="天安门;北门")

    assert found(vendor.check(place, fallback())) == [("label", "vendor.label", "error")]


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("text", {"template_id": ""}, ("template_id", "vendor.template_id", "warning")),
        ("file_sms", {"media": {}}, ("media", "vendor.media_id", "error")),
        ("card_aim", {"media": {}}, ("card.media", "vendor.media_id", "error")),
        ("card_aim", {"part_ids": {}}, ("fallback.aim", "vendor.part_id", "warning")),
        ("place_video_sms", {"part_ids": {"aim": "A1"}}, ("fallback.mms", "vendor.part_id", "warning")),
        ("text", {"options": {"fallback": "sms"}}, ("fallback.sms", "vendor.part", "warning")),
    ],
)
def test_what_a_submission_lacks(vendor, name, changes, said):
    assert found(vendor.check_submission(example(name, **{"name": "短名", **changes}))) == [said]


def test_before_a_sender_is_chosen_nothing_is_said_about_it(vendor):
    assert vendor.check_submission(example("text", name="短名", sender="")) == []


def test_a_carousel_names_each_medium_without_an_id(vendor):
    only_one = example("carousel_ch5", name="短名")
    missing = example("carousel_ch5", name="短名", media={"1": only_one.media["1"]})

    assert found(vendor.check_submission(missing)) == [("cards.1.media", "vendor.media_id", "error")]


def test_a_draft_is_warned_of_by_its_option(vendor):
    kept, sent = (vendor.check_submission(example("text", options={"draft": draft})) for draft in (True, False))
    assert ("options.draft", "vendor.draft", "warning") in found(kept)
    assert "vendor.draft" not in {problem.rule for problem in sent}
