"""What people paste: markup, right-to-left words, emoji, ten thousand letters, half a variable. It stays text, is counted as
the server counts it, is shown whole, and comes back as it was."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel

HOSTILE = {
    "markup": "<img src=x onerror=alert(1)><script>alert(1)</script>&amp;",
    "rtl": "\u202eمرحبا \u202d שלום abc",
    "emoji": "👨‍👩‍👧‍👦🇨🇳❤️ 1️⃣",
    "broken": "${ ${} ${a ${b}} $${c}$ {d}",
    "template": "{{ 7*7 }} %(name)s {% now %} ${constructor} ${__proto__}",
    "invisible": "a\u2028b\ufeffc\u200bd",
    "long": "长" * 3400 + "x" * 1,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_stays_text_and_comes_back(editor: Editor, name: str) -> None:
    text = HOSTILE[name]
    editor.desk.content = carousel(card("A", "go"), card("B"))
    editor.open()
    editor.type("cards.0.description", text)
    shown = editor.phone.locator(".phone-description")
    assert shown.evaluate("element => element.textContent") == text
    expect(shown.locator("img, script")).to_have_count(0)
    counter = editor.at("cards.0.description").locator("xpath=..").locator(".counter")
    expect(counter).to_contain_text(f"{len(text)}/2000 characters")
    expect(counter).to_contain_text(f"{len(text.encode())}/1000 bytes")
    assert editor.save()["content"]["cards"][0]["description"] == text
    editor.open()
    expect(editor.at("cards.0.description")).to_have_value(text)


@pytest.mark.parametrize("place", ["cards.0.title", "cards.0.suggestions.0.label", "suggestions.0.label"])
def test_no_place_grows_out_of_the_phone(editor: Editor, place: str) -> None:
    editor.desk.content = carousel(card("A", "go"), card("B"), chips=("x",))
    editor.open()
    editor.type(place, "W" * 2000)
    for part in (".phone-card", ".phone-button"):
        box, screen = editor.phone.locator(part).first.bounding_box(), editor.phone.bounding_box()
        assert box["width"] <= 232
        assert box["x"] >= screen["x"]
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert editor.page.evaluate(over) <= 0


def test_characters_that_cannot_be_stored_go_and_line_breaks_of_word_stay(editor: Editor) -> None:
    editor.open()
    editor.type("card.description", "one\x0btwo\x00\x07three\x7f")
    expect(editor.at("card.description")).to_have_value("one\ntwothree")
    assert editor.page.evaluate("Songda.editor.text.clean('a\\ud83dz😀\\udc00')") == "az😀"
    assert editor.save()["content"]["card"]["description"] == "one\ntwothree"
