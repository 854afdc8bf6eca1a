"""Each kind is built by clicking and typing, seen on the phone, saved, and found again unchanged."""

import pytest
from playwright.sync_api import expect

from tests.browser.building import build
from tests.browser.driver import Editor

MEDIA = {"asset": "1", "height": "MEDIUM", "thumbnail": "", "alt": ""}
NOTHING = {"sms": None, "mms": None, "aim": None, "h5": None}
ALL_BUTTONS = [
    {"kind": "reply", "label": "Later", "data": "d1"},
    {"kind": "open_url", "label": "Buy", "data": "d2", "url": "https://a.example/b", "application": "webview"},
    {"kind": "dial", "label": "Call", "data": "d3", "phone": "+8610086"},
    {"kind": "show_place", "label": "Shop", "data": "d4", "latitude": "39.9", "longitude": "116.4", "place": "Shop 1"},
    {"kind": "find_place", "label": "Find", "data": "d5", "query": "coffee"},
    {"kind": "ask_place", "label": "Where?", "data": "d6"},
    {"kind": "compose", "label": "Write", "data": "d7", "phone": "10086", "text": "TD"},
    {
        "kind": "calendar",
        "label": "Remind",
        "data": "d8",
        "start": "2026-12-12T10:00",
        "end": "2026-12-12T11:30",
        "title": "Sale",
        "description": "come",
    },
]
CARD = {"title": "Best", "description": "Hello ${name}", "media": MEDIA, "suggestions": ALL_BUTTONS[:4]}
PLAIN = {"title": "Two", "description": "", "media": None, "suggestions": []}
STYLES = {"title_style": ["bold"], "description_style": ["italics", "underline"]}
CONTENTS = {
    "text": {"kind": "text", "text": "See https://a.example/x now", "suggestions": ALL_BUTTONS},
    "card": {"kind": "card", "orientation": "VERTICAL", "alignment": "", **STYLES, "card": CARD, "suggestions": []},
    "horizontal": {
        "kind": "card",
        "orientation": "HORIZONTAL",
        "alignment": "RIGHT",
        **STYLES,
        "card": {**CARD, "suggestions": []},
        "suggestions": ALL_BUTTONS[:1],
    },
    "carousel": {
        "kind": "carousel",
        "width": "SMALL_WIDTH",
        **STYLES,
        "cards": [CARD, PLAIN, {**PLAIN, "title": "Three", "suggestions": ALL_BUTTONS[4:8]}],
        "suggestions": [],
    },
    "file": {"kind": "file", "media": MEDIA, "suggestions": ALL_BUTTONS[:1]},
    "place": {"kind": "place", "latitude": "39.915031", "longitude": "116.403978", "label": "Gate", "suggestions": []},
    "mms": {
        "kind": "mms",
        "title": "News",
        "frames": [{"seconds": 5, "text": "One", "media": MEDIA}, {"seconds": 8, "text": "Two", "media": None}],
    },
    "sms": {"kind": "sms", "text": "Hello ${name}"},
}
PHONE = {
    "text": (".phone-bubble", "See https://a.example/x now"),
    "card": (".phone-card.vertical .phone-title", "Best"),
    "horizontal": (".phone-card.horizontal.right .phone-title", "Best"),
    "carousel": (".phone-card.narrow:nth-child(3) .phone-title", "Three"),
    "file": (".phone-file-name", "picture-1.jpg"),
    "place": (".phone-place-text", "Gate39.915031, 116.403978"),
    "mms": (".phone-frame:nth-child(3) .phone-quiet", "Page 2 · 8 s"),
    "sms": (".phone-sms", "【示例商城】Hello ${name}"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_kind_is_built_seen_saved_and_found_again(editor: Editor, name: str) -> None:
    editor.open()
    build(editor, CONTENTS[name])
    place, text = PHONE[name]
    expect(editor.phone.locator(place)).to_have_text(text)
    assert editor.save()["content"] == CONTENTS[name]
    editor.open()
    expect(editor.phone.locator(place)).to_have_text(text)
    posted = editor.submit()
    assert (posted["content"], posted["fallback"]) == (CONTENTS[name], NOTHING)


def test_every_kind_of_button_is_drawn_on_the_phone(editor: Editor) -> None:
    editor.desk.content = CONTENTS["text"]
    editor.open()
    labels = [item["label"] for item in ALL_BUTTONS]
    expect(editor.phone.locator(".phone-chip")).to_have_text(labels)
    icons = editor.phone.locator(".phone-chip .phone-icon path").evaluate_all("all => all.map((one) => one.outerHTML)")
    assert len(set(icons)) == len(icons) == 7


def test_every_kind_of_button_says_what_it_does(editor: Editor) -> None:
    editor.desk.content = CONTENTS["text"]
    editor.open()
    said = editor.page.locator(".kind-help").all_inner_texts()
    assert len(set(said)) == len(said) == 8
    assert said[3:6] == [
        "Opens the map at this point.",
        "Opens the map and searches for these words around the customer.",
        "Asks the customer to send us where they are.",
    ]


def test_an_empty_page_begins_with_a_card(editor: Editor) -> None:
    editor.open()
    expect(editor.at("kind").locator("input:checked")).to_have_value("card")
    expect(editor.page.locator(".save-state")).to_have_count(0)


def test_another_kind_keeps_what_fits_and_gives_back_the_rest(editor: Editor) -> None:
    editor.desk.content = CONTENTS["card"]
    editor.open()
    editor.kind("carousel")
    expect(editor.at("cards.0.title")).to_have_value("Best")
    expect(editor.at("cards.1")).to_be_visible()
    editor.kind("text")
    expect(editor.at("text")).to_have_value("Hello ${name}")
    editor.kind("card")
    assert editor.save()["content"] == CONTENTS["card"]


def test_an_sms_has_no_fallback_and_a_card_gets_it_back(editor: Editor) -> None:
    editor.desk.content = CONTENTS["card"]
    editor.desk.fallback = {"sms": {"text": "plain"}}
    editor.open()
    editor.kind("sms")
    expect(editor.page.locator(".fallback-part")).to_contain_text("no fallback is needed")
    assert editor.save()["fallback"] == NOTHING
    editor.kind("card")
    assert editor.save()["fallback"] == {**NOTHING, "sms": {"text": "plain"}}
