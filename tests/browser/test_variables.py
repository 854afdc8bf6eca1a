"""Inserting ${name} from a list, at the caret, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel


@pytest.fixture
def two(editor: Editor) -> Editor:
    editor.desk.content = carousel(card("Hello!"), card("for ${club}"))
    return editor.open()


def picker(editor: Editor, path: str):
    return editor.at(path).locator("xpath=..").get_by_role("button", name="Insert variable")


def test_a_variable_is_put_at_the_caret(two: Editor) -> None:
    two.at("cards.0.title").evaluate("field => { field.focus(); field.setSelectionRange(5, 5); }")
    picker(two, "cards.0.title").click()
    expect(two.page.locator(".variable-name")).to_have_text(["name", "city", "club"])
    two.page.locator(".variable-name", has_text="name").click()
    expect(two.at("cards.0.title")).to_have_value("Hello${name}!")
    expect(two.at("cards.0.title")).to_be_focused()
    two.page.keyboard.type(",")
    expect(two.at("cards.0.title")).to_have_value("Hello${name},!")


def test_a_new_name_by_keyboard_alone(two: Editor) -> None:
    two.at("cards.0.title").evaluate("field => { field.focus(); field.setSelectionRange(6, 6); }")
    picker(two, "cards.0.title").focus()
    two.page.keyboard.press("Enter")
    two.page.get_by_label("Another name").fill("余额")
    two.page.keyboard.press("Enter")
    expect(two.at("cards.0.title")).to_have_value("Hello!${余额}")
    expect(two.page.locator(".variable-menu")).to_have_count(0)


def test_enter_while_composing_inserts_nothing(two: Editor) -> None:
    picker(two, "cards.0.title").click()
    name = two.page.get_by_label("Another name")
    name.fill("yu")
    name.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(two.at("cards.0.title")).to_have_value("Hello!")
    expect(two.page.locator(".variable-menu")).to_have_count(1)


def test_escape_closes_the_list(two: Editor) -> None:
    picker(two, "cards.0.title").click()
    two.page.keyboard.press("Escape")
    expect(two.page.locator(".variable-menu")).to_have_count(0)
    expect(two.at("cards.0.title")).to_be_focused()


def test_the_vendors_own_variables_are_offered_where_they_belong(two: Editor) -> None:
    two.add("fallback.aim")
    picker(two, "fallback.aim.text").click()
    expect(two.page.locator(".variable-name").first).to_have_text("阅信短链")


@pytest.mark.parametrize("name", ["", "a}b", "$x", "x" * 41])
def test_a_name_that_cannot_be_one_is_not_inserted(two: Editor, name: str) -> None:
    picker(two, "cards.0.title").click()
    two.page.get_by_label("Another name").fill(name)
    expect(two.page.locator(".variable-new button")).to_be_disabled()


def test_the_columns_of_a_chosen_audience_are_offered(two: Editor) -> None:
    two.desk.config = {"variables": []}
    two.open()
    two.page.locator(".row-control select").select_option("7")
    expect(two.page.locator(".row-flip")).to_be_visible()
    picker(two, "cards.0.title").click()
    expect(two.page.locator(".variable-name")).to_have_text(["name", "city", "club"])
