"""Two versions as two phones side by side: what differs is outlined on both and listed beside them."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from templates_5g.models import TemplateVersion
from templates_5g.services import create_template, freeze, save_draft
from tests.browser.test_accessibility import AXE, RUN
from tests.browser.test_admin_page import (  # noqa: F401 - fixtures
    NOTHING,
    admin_page,
    media_folder,
    pytestmark,
    user,
)
from tests.browser.test_moving import card, carousel


def second(user: Any, old: dict, new: dict, fallback: dict, newer: dict) -> TemplateVersion:  # noqa: F811
    version = create_template("Member day", "notice", old, fallback, user)
    freeze(version)
    return save_draft(version, {"content": new, "fallback": newer}, 0, user)


def page_of(page: Page, live_server: Any, version: TemplateVersion) -> Page:
    page.goto(f"{live_server.url}/admin/templates_5g/templateversion/{version.pk}/compare/")
    expect(page.locator("#template-comparison[data-ready=true]")).to_be_attached()
    return page


def side(page: Page, index: int) -> Locator:
    return page.locator(f'[data-side="{index}"]')


def changed(page: Page, index: int) -> list[str]:
    return side(page, index).locator(".phone-changed").evaluate_all("all => all.map((one) => one.dataset.place)")


def listed(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".changes li").all_inner_texts()]


@pytest.fixture
def compared(admin_page: Page, live_server: Any, user: Any) -> Page:  # noqa: F811
    old = carousel(card("A", "one", "two"), card("B"), card("C"), chips=("x",))
    new = carousel(card("New"), {**card("A", "one", "three")}, card("B"), chips=("x", "y"))
    sms = {**NOTHING, "sms": {"text": "Come on Friday"}}
    version = second(user, old, new, sms, {**NOTHING, "sms": {"text": "Come on Monday"}})
    return page_of(admin_page, live_server, version)


def test_changed_parts_are_outlined_on_both_phones(compared: Page) -> None:
    assert changed(compared, 0) == ["cards.0", "cards.0.suggestions.1", "cards.2", "cards.2.title"]
    assert changed(compared, 1) == [
        "cards.0", "cards.0.title", "cards.1", "cards.1.suggestions.1", "suggestions.1",
    ]  # fmt: skip
    expect(side(compared, 0).locator(".phone-title")).to_have_text(["A", "B", "C"])
    expect(side(compared, 1).locator(".phone-title")).to_have_text(["New", "A", "B"])


def test_the_list_says_before_and_after(compared: Page) -> None:
    assert listed(compared) == [
        "Card 1 New After: Title: New",
        "Card 2 · Button 2 · Label Before: two After: three",
        "Card 2 · Button 2 · Postback data Before: A-two After: A-three",
        "Card 3 Gone Before: Title: C",
        "Chip 2 New After: Kind: Reply Label: y",
        "Fallback · SMS · Text Before: Come on Friday After: Come on Monday",
    ]
    expect(compared.locator(".changes li").last.locator("ins").first).to_be_visible()


def test_a_line_shows_its_place_and_the_arrows_go_on(compared: Page) -> None:
    places = compared.locator(".change-place")
    places.last.click()
    expect(side(compared, 1).locator(".phone-current")).to_have_text("Come on Monday")
    expect(side(compared, 0).locator(".phone-current")).to_have_text("Come on Friday")
    compared.keyboard.press("ArrowUp")
    expect(places.nth(4)).to_be_focused()
    expect(side(compared, 1).locator(".phone-current")).to_have_text("y")
    expect(compared.locator(".changes .current")).to_have_count(1)


def test_a_step_that_only_one_version_has(admin_page: Page, live_server: Any, user: Any) -> None:  # noqa: F811
    old = carousel(card("A"), card("B"))
    version = second(user, old, old, {**NOTHING, "sms": {"text": "Come"}}, NOTHING)
    page = page_of(admin_page, live_server, version)
    page.locator(".preview-tab", has_text="SMS").click()
    expect(side(page, 0).locator(".phone-sms")).to_have_text("Come")
    expect(side(page, 1)).to_contain_text("This version has no: SMS")


def test_another_kind_is_drawn_as_what_it_is(admin_page: Page, live_server: Any, user: Any) -> None:  # noqa: F811
    new = {"kind": "text", "text": "Hello", "suggestions": []}
    page = page_of(admin_page, live_server, second(user, carousel(card("A"), card("B")), new, NOTHING, NOTHING))
    expect(side(page, 0).locator(".phone-card")).to_have_count(2)
    expect(side(page, 1).locator(".phone-bubble")).to_have_text("Hello")


def test_on_a_telephone_one_stands_above_the_other(compared: Page) -> None:
    compared.set_viewport_size({"width": 390, "height": 844})
    first, later = (side(compared, index).locator(".phone").bounding_box() for index in (0, 1))
    assert later["y"] >= first["y"] + first["height"]
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert compared.evaluate(over) <= 0
    compared.set_viewport_size({"width": 1280, "height": 900})
    first, later = (side(compared, index).locator(".phone").bounding_box() for index in (0, 1))
    assert later["x"] >= first["x"] + first["width"]
    assert later["y"] == first["y"]


def test_no_serious_fault_of_accessibility(compared: Page) -> None:
    compared.locator(".change-place").first.click()
    compared.evaluate(AXE.read_text())
    assert compared.evaluate(RUN.replace("#template-editor", ".comparison")) == []
