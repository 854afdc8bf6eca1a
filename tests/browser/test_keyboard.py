"""The whole way by keyboard alone: no pointer, no focus given by the test; only Tab, arrows, Enter, blank and letters."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor

MATCHES = "selector => Boolean(document.activeElement && document.activeElement.matches(selector))"


class Typist:
    def __init__(self, editor: Editor) -> None:
        self.page = editor.page
        self.press = editor.page.keyboard.press
        self.write = editor.page.keyboard.type

    def tab_to(self, selector: str, *, back: bool = False) -> None:
        """Tab until the focus is there; what needs more than 90 keys counts as not reachable."""
        for _ in range(90):
            if self.page.evaluate(MATCHES, selector):
                return
            self.press("Shift+Tab" if back else "Tab")
        pytest.fail(f"{selector} is not reached by Tab")

    def field(self, path: str, text: str, *, back: bool = False) -> None:
        self.tab_to(f'[data-path="{path}"]', back=back)
        self.write(text)


def test_a_carousel_is_built_and_saved_by_keyboard_alone(editor: Editor) -> None:
    editor.open()
    typist = Typist(editor)
    typist.tab_to('[data-path="kind"] input')
    typist.press("ArrowRight")
    expect(editor.at("cards.1")).to_be_visible()
    typist.tab_to('[data-path="cards.0.media"] button')
    typist.press("Enter")
    expect(editor.page.locator(".library-item")).to_have_count(6)
    typist.tab_to(".library-item")
    typist.press("Enter")
    expect(editor.page.locator("dialog.library")).to_have_count(0)
    typist.field("cards.0.title", "One")
    typist.field("cards.0.description", "Dear ")
    typist.tab_to(".field-description .variable-button", back=True)
    typist.press("Enter")
    typist.press("Enter")
    expect(editor.at("cards.0.description")).to_have_value("Dear ${name}")
    expect(editor.at("cards.0.description")).to_be_focused()
    typist.tab_to('[data-add="cards.0.suggestions"]')
    typist.press("Enter")
    expect(editor.at("cards.0.suggestions.0.label")).to_be_focused()
    typist.write("Where")
    typist.tab_to('[data-path="cards.0.suggestions.0.kind"]', back=True)
    for _ in range(4):
        typist.press("ArrowDown")
    typist.field("cards.0.suggestions.0.query", "coffee")
    typist.field("cards.1.title", "Two")
    typist.press("Alt+ArrowUp")
    typist.tab_to('[data-add="suggestions"]')
    typist.press("Enter")
    expect(editor.at("suggestions.0.label")).to_be_focused()
    typist.write("More")
    typist.tab_to('[data-add="fallback.sms"]')
    typist.press("Enter")
    expect(editor.at("fallback.sms.text")).to_be_focused()
    typist.write("Come")
    saved = editor.save()
    cards = saved["content"]["cards"]
    assert [(card["title"], card["description"]) for card in cards] == [("Two", ""), ("One", "Dear ${name}")]
    assert cards[1]["media"]["asset"] == "1"
    button = cards[1]["suggestions"][0]
    assert (button["kind"], button["label"], button["query"]) == ("find_place", "Where", "coffee")
    assert [chip["label"] for chip in saved["content"]["suggestions"]] == ["More"]
    assert saved["fallback"]["sms"] == {"text": "Come"}
