"""On a telephone: three tabs, nothing cut off, nothing that needs a pointer to hover."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor
from tests.browser.test_kinds import CONTENTS

FALLBACK = {"sms": {"text": "plain ${name}"}, "mms": {"title": "News", "frames": [{"seconds": 5, "text": "One"}]}}


@pytest.fixture
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 390, "height": 844}, "has_touch": True}


def overflow(editor: Editor) -> int:
    return editor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("name", CONTENTS)
def test_nothing_is_wider_than_the_screen(editor: Editor, name: str) -> None:
    editor.desk.content = CONTENTS[name]
    editor.desk.fallback = FALLBACK if CONTENTS[name]["kind"] not in ("mms", "sms") else {}
    editor.open()
    for tab in ("Edit", "Preview", "Fallback"):
        editor.page.locator(".panes").get_by_role("tab", name=tab).click()
        assert overflow(editor) <= 0


def test_the_tabs_show_one_part_each(editor: Editor) -> None:
    editor.desk.content = CONTENTS["carousel"]
    editor.open()
    expect(editor.phone).to_be_hidden()
    expect(editor.at("cards.0.title")).to_be_visible()
    editor.page.locator(".panes").get_by_role("tab", name="Preview").click()
    expect(editor.phone).to_be_visible()
    expect(editor.at("cards.0.title")).to_be_hidden()
    editor.page.locator(".panes").get_by_role("tab", name="Fallback").click()
    expect(editor.page.locator(".chain")).to_be_visible()


def test_the_next_problem_is_found_on_its_tab(editor: Editor) -> None:
    editor.desk.content = CONTENTS["text"]
    editor.desk.fallback = {"sms": {"text": ""}}
    editor.open()
    editor.page.get_by_role("button", name="Next problem").click()
    expect(editor.at("fallback.sms.text")).to_be_focused()


def test_moving_by_touch_is_by_buttons(editor: Editor) -> None:
    editor.desk.content = CONTENTS["carousel"]
    editor.open()
    editor.page.get_by_role("button", name="Move down: Card 1").tap()
    expect(editor.at("cards.1.title").or_(editor.at("cards.1").locator(".item-summary"))).to_have_count(2)
    assert [one["title"] for one in editor.save()["content"]["cards"]] == ["Two", "Best", "Three"]


def test_fields_are_large_enough_not_to_zoom(editor: Editor) -> None:
    editor.open()
    size = editor.at("card.title").evaluate("field => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16
