"""Whatever is clicked and typed, in whatever order: what is saved parses, dumps unchanged, and is found again unchanged."""

import random

import pytest
from playwright.sync_api import Locator, expect

from templates_5g.blocks import parse_content, parse_fallback
from templates_5g.blocks.content import KINDS
from tests.browser.driver import Editor

WORDS = ["", "会员日", "😀", "${name}", "a" * 30, "https://a.example/x", "39.9", "  ", '"}{', "【x】", "line\nbreak"]
BUTTONS = ".act-up, .act-down, .act-copy, .act-remove, .add, .fold, .toast button"


def visible(places: Locator) -> list[Locator]:
    usable = "elements => elements.flatMap((one, index) => (one.checkVisibility() && !one.disabled ? [index] : []))"
    return [places.nth(index) for index in places.evaluate_all(usable)]


def step(editor: Editor, chance: random.Random) -> None:
    body = editor.page.locator(".editor-body")
    deed = chance.choice(["type", "type", "type", "click", "click", "click", "select", "kind", "move"])
    if deed == "kind":
        editor.kind(chance.choice(list(KINDS)))
        return
    places = {
        "type": body.locator("input[type=text], input[type=tel], textarea"),
        "click": editor.page.locator(BUTTONS),
        "select": body.locator("select"),
        "move": body.locator("[data-list] input[type=text]"),
    }[deed]
    found = visible(places)
    if found:
        act(editor, deed, chance.choice(found), chance)


def act(editor: Editor, deed: str, place: Locator, chance: random.Random) -> None:
    if deed == "type":
        place.fill(chance.choice(WORDS))
    elif deed == "click":
        place.click()
    elif deed == "select":
        values = place.locator("option").evaluate_all("options => options.map((option) => option.value)")
        place.select_option(chance.choice(values))
    else:
        place.focus()
        editor.page.keyboard.press(chance.choice(["Alt+ArrowUp", "Alt+ArrowDown"]))


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_leaves_content_that_parses_and_stays(editor: Editor, seed: int) -> None:
    chance = random.Random(seed)
    editor.open()
    for _ in range(60):
        step(editor, chance)
    editor.page.keyboard.press("Control+s")
    expect(editor.page.locator(".save-state")).to_contain_text("Saved today")
    saved = editor.desk.saves[-1]
    content, problems = parse_content(saved["content"])
    fallback, more = parse_fallback(saved["fallback"])
    assert [*problems, *more] == []
    assert (content.dump(), fallback.dump()) == (saved["content"], saved["fallback"])
    editor.open()
    posted = editor.submit()
    assert (posted["content"], posted["fallback"]) == (saved["content"], saved["fallback"])
