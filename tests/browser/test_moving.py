"""Adding, duplicating, folding, deleting with undo, and reordering by keyboard, by buttons and by dragging."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Editor


def card(title: str, *buttons: str) -> dict:
    items = [{"kind": "reply", "label": label, "data": f"{title}-{label}"} for label in buttons]
    return {"title": title, "description": "", "media": None, "suggestions": items}


def carousel(*cards: dict, chips: tuple[str, ...] = ()) -> dict:
    items = [{"kind": "reply", "label": label, "data": f"chip-{label}"} for label in chips]
    return {
        "kind": "carousel",
        "width": "MEDIUM_WIDTH",
        "title_style": [],
        "description_style": [],
        "cards": list(cards),
        "suggestions": items,
    }


@pytest.fixture
def three(editor: Editor) -> Editor:
    editor.desk.content = carousel(card("A", "a1", "a2", "a3"), card("B"), card("C"), chips=("x", "y"))
    return editor.open()


def titles(editor: Editor) -> Locator:
    return editor.phone.locator(".phone-title")


def labels(editor: Editor) -> list[str]:
    return editor.phone.locator(".phone-card:first-child .phone-button").all_inner_texts()


def test_alt_and_arrows_move_the_card_and_keep_the_place_of_typing(three: Editor) -> None:
    field = three.at("cards.0.title")
    field.focus()
    field.evaluate("field => field.setSelectionRange(1, 1)")
    three.page.keyboard.press("Alt+ArrowDown")
    expect(titles(three)).to_have_text(["B", "A", "C"])
    three.page.keyboard.type("!")
    expect(titles(three)).to_have_text(["B", "A!", "C"])
    three.page.keyboard.press("Alt+ArrowDown")
    three.page.keyboard.press("Alt+ArrowDown")
    expect(titles(three)).to_have_text(["B", "C", "A!"])
    three.page.keyboard.press("Alt+ArrowUp")
    expect(titles(three)).to_have_text(["B", "A!", "C"])
    assert [one["title"] for one in three.save()["content"]["cards"]] == ["B", "A!", "C"]


def test_alt_and_arrows_inside_a_button_move_the_button_alone(three: Editor) -> None:
    three.at("cards.0.suggestions.2.label").focus()
    three.page.keyboard.press("Alt+ArrowUp")
    expect(three.phone.locator(".phone-card:first-child .phone-button")).to_have_text(["a1", "a3", "a2"])
    expect(titles(three)).to_have_text(["A", "B", "C"])


def test_the_move_is_spoken(three: Editor) -> None:
    three.at("cards.0.title").focus()
    three.page.keyboard.press("Alt+ArrowDown")
    expect(three.page.locator("[aria-live=polite].sr-only")).to_have_text("Now at place 2 of 3.")


def test_buttons_move_and_the_ends_go_no_further(three: Editor) -> None:
    three.page.get_by_role("button", name="Move down: Card 1").click()
    expect(titles(three)).to_have_text(["B", "A", "C"])
    expect(three.page.get_by_role("button", name="Move up: Card 1")).to_be_disabled()
    expect(three.page.get_by_role("button", name="Move down: Card 3")).to_be_disabled()


def test_a_card_is_dragged_with_cards_folded_meanwhile(three: Editor) -> None:
    handle = three.at("cards.0").locator(".handle").first
    target = three.at("cards.2")
    start = handle.bounding_box()
    mouse = three.page.mouse
    mouse.move(start["x"] + 5, start["y"] + 10)
    mouse.down()
    mouse.move(start["x"] + 5, start["y"] + 30, steps=3)
    expect(three.page.locator(".items.dragging")).to_have_count(1)
    expect(three.at("cards.0").locator(".item-body").first).to_be_hidden()
    end = target.bounding_box()
    mouse.move(end["x"] + 30, end["y"] + end["height"] - 8, steps=5)
    mouse.move(end["x"] + 30, end["y"] + end["height"] - 4)
    expect(target).to_have_class(re.compile("drop-after"))
    mouse.up()
    expect(titles(three)).to_have_text(["B", "C", "A"])
    expect(three.page.locator(".items.dragging")).to_have_count(0)


def test_a_chip_is_dragged(three: Editor) -> None:
    handle = three.at("suggestions.1").locator(".handle")
    handle.scroll_into_view_if_needed()
    handle.drag_to(three.at("suggestions.0"), target_position={"x": 60, "y": 6})
    expect(three.phone.locator(".phone-chip")).to_have_text(["y", "x"])


def test_deleting_offers_undo_and_puts_it_back_where_it_was(three: Editor) -> None:
    three.page.get_by_role("button", name="Delete: Card 2").click()
    expect(titles(three)).to_have_text(["A", "C"])
    expect(three.page.locator(".toast")).to_contain_text("Deleted: Card 2.")
    three.page.get_by_role("button", name="Undo").click()
    expect(titles(three)).to_have_text(["A", "B", "C"])
    expect(three.page.locator(".toast")).to_have_count(0)


def test_control_z_takes_a_deletion_back_and_keeps_later_changes_elsewhere(three: Editor) -> None:
    three.page.get_by_role("button", name="Delete: Card 3").click()
    three.type("cards.0.title", "Changed")
    three.page.get_by_role("button", name="Fold all").click()
    three.page.keyboard.press("Control+z")
    expect(titles(three)).to_have_text(["Changed", "B", "C"])


def test_control_z_in_a_field_with_newer_typing_is_the_browsers_own(three: Editor) -> None:
    three.page.get_by_role("button", name="Delete: Card 3").click()
    three.at("cards.0.title").press_sequentially("!")
    three.page.keyboard.press("Control+z")
    expect(titles(three)).to_have_text(["A", "B"])


def test_the_offer_to_undo_goes_after_ten_seconds(editor: Editor) -> None:
    editor.page.clock.install()
    editor.desk.content = carousel(card("A"), card("B"), card("C"))
    editor.open()
    editor.page.get_by_role("button", name="Delete: Card 2").click()
    editor.page.clock.run_for(9_000)
    expect(editor.page.locator(".toast")).to_have_count(1)
    editor.page.clock.run_for(2_000)
    expect(editor.page.locator(".toast")).to_have_count(0)


def test_after_deleting_the_focus_stays_near(three: Editor) -> None:
    three.page.get_by_role("button", name="Delete: Card 2").click()
    expect(three.page.locator("[data-list]:focus-within").last).to_have_attribute("data-path", "cards.1")


def test_a_duplicate_has_postback_data_of_its_own(three: Editor) -> None:
    three.page.get_by_role("button", name="Duplicate: Card 1").click()
    expect(titles(three)).to_have_text(["A", "A", "B", "C"])
    cards = three.save()["content"]["cards"]
    data = [item["data"] for one in cards for item in one["suggestions"]]
    assert len(data) == 6
    assert len(set(data)) == 6


def test_new_buttons_have_data_that_never_repeats(three: Editor) -> None:
    three.unfold("cards.1")
    for label in ("one", "two", "three", "four"):
        three.suggestion("cards.1", "reply", label)
    made = [item["data"] for item in three.save()["content"]["cards"][1]["suggestions"]]
    assert len(set(made)) == 4
    assert all(re.fullmatch(r"reply-[0-9a-z]{12}", one) for one in made)
    expect(three.page.locator('[data-add="cards.1.suggestions"]')).to_be_disabled()


def test_twelve_cards_are_the_most(editor: Editor) -> None:
    editor.desk.content = carousel(*[card(f"T{number}") for number in range(11)])
    editor.open()
    editor.add("cards")
    expect(editor.page.locator('[data-add="cards"]')).to_be_disabled()
    expect(editor.page.get_by_role("button", name="Duplicate: Card 1", exact=True)).to_be_disabled()
    expect(editor.page.locator(".cards .section-head .count")).to_have_text("12/12")


def test_fold_and_open_all(three: Editor) -> None:
    bodies = three.page.locator(".card-item > .item-body")
    expect(bodies).to_have_count(1)
    three.page.get_by_role("button", name="Open all").click()
    expect(bodies).to_have_count(3)
    three.page.get_by_role("button", name="Fold all").click()
    expect(bodies).to_have_count(0)
    expect(three.at("cards.0").locator(".fold")).to_have_attribute("aria-expanded", "false")


def test_everything_is_reached_by_keyboard(three: Editor) -> None:
    """Tab from the kind to the last button of the chain; each stop shows where it is."""
    page = three.page
    three.at("kind").locator("input:checked").focus()
    seen = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.dataset.path || document.activeElement.dataset.add || ''"))
    wanted = {"cards.0.title", "cards.0.description", "cards.0.suggestions.0.kind", "cards.0.suggestions.0.label"}
    assert wanted <= seen
    assert {"cards", "suggestions", "cards.0.suggestions", "fallback.sms", "fallback.h5"} <= seen
