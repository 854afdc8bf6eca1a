"""On a telephone: three tabs, nothing cut off, nothing that needs a pointer to hover."""

import pytest
from playwright.sync_api import Locator, expect

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


def menu(editor: Editor, name: str) -> Locator:
    return editor.page.get_by_role("button", name=f"Actions: {name}", exact=True)


def test_moving_by_touch_is_by_the_menu(editor: Editor) -> None:
    editor.desk.content = CONTENTS["carousel"]
    editor.open()
    menu(editor, "Card 1").tap()
    entries = editor.page.get_by_role("menuitem")
    expect(entries).to_have_text(["Move up", "Move down", "Duplicate", "Delete"])
    expect(entries.first).to_be_disabled()
    entries.nth(1).tap()
    expect(entries).to_have_count(0)
    expect(editor.at("cards.1").locator(".item-summary").first).to_have_text("Best")
    assert [one["title"] for one in editor.save()["content"]["cards"]] == ["Two", "Best", "Three"]


def test_the_menu_by_keyboard(editor: Editor) -> None:
    editor.desk.content = CONTENTS["carousel"]
    editor.open()
    keys = editor.page.keyboard
    menu(editor, "Card 1").focus()
    keys.press("Enter")
    entries = editor.page.get_by_role("menuitem")
    expect(entries.nth(1)).to_be_focused()
    keys.press("ArrowUp")
    expect(entries.nth(3)).to_be_focused()
    keys.press("Home")
    keys.press("ArrowDown")
    expect(entries.nth(2)).to_be_focused()
    keys.press("Escape")
    expect(menu(editor, "Card 1")).to_be_focused()
    expect(entries).to_have_count(0)
    keys.press("Enter")
    keys.press("Enter")
    expect(menu(editor, "Card 2")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(entries).to_have_count(0)
    assert [one["title"] for one in editor.save()["content"]["cards"]] == ["Two", "Best", "Three"]


def test_the_menu_takes_away_and_gives_back(editor: Editor) -> None:
    editor.desk.content = CONTENTS["text"]
    editor.open()
    menu(editor, "Call").tap()
    editor.page.get_by_role("menuitem", name="Delete").tap()
    editor.page.get_by_role("button", name="Undo").tap()
    assert editor.save()["content"] == CONTENTS["text"]


def test_buttons_fold_as_cards_do(editor: Editor) -> None:
    editor.desk.content = CONTENTS["text"]
    editor.open()
    chips = editor.page.locator('[data-list="suggestions"]')
    expect(chips.nth(4).locator(".fold")).to_have_text("Find placeFind")
    expect(editor.page.locator('[data-list="suggestions"] input')).to_have_count(0)
    chips.nth(4).locator(".fold").tap()
    expect(editor.at("suggestions.4.query")).to_have_value("coffee")
    expect(chips.nth(4).locator(".fold")).to_have_attribute("aria-expanded", "true")
    editor.add("suggestions")
    expect(editor.at("suggestions.8.label")).to_be_focused()
    assert overflow(editor) <= 0


def test_a_problem_in_a_folded_button_is_counted_and_opened(editor: Editor) -> None:
    content = CONTENTS["text"]
    broken = {**content["suggestions"][1], "url": "nowhere"}
    editor.desk.content = {**content, "suggestions": [content["suggestions"][0], broken]}
    editor.open()
    expect(editor.at("suggestions.1").locator(".badge")).to_have_text("1 thing to mend")
    editor.page.get_by_role("button", name="Next problem").tap()
    expect(editor.at("suggestions.1.url")).to_be_focused()


def test_fields_are_large_enough_not_to_zoom(editor: Editor) -> None:
    editor.open()
    size = editor.at("card.title").evaluate("field => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16
