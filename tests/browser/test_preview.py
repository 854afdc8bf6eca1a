"""The phone shows what the customer will see: sizes, folding, chips, real rows, every step of the fallback chain."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel

MEDIA = {"asset": "1", "height": "MEDIUM", "thumbnail": "", "alt": "a picture"}
LONG = "Longer than fifty characters so that some phones fold it and hide the buttons below."


def box(place: Locator) -> tuple[int, int]:
    found = place.bounding_box()
    return round(found["width"]), round(found["height"])


def single(**changes) -> dict:
    return {
        "kind": "card",
        "orientation": "VERTICAL",
        "alignment": "",
        "title_style": ["bold"],
        "description_style": [],
        "card": {**card("Hello ${name}", "Go"), "description": "From ${city}", "media": MEDIA},
        "suggestions": [],
        **changes,
    }


@pytest.mark.parametrize(("height", "pixels"), [("SHORT", 112), ("MEDIUM", 168), ("TALL", 264)])
def test_a_vertical_card_is_300_wide_with_the_standards_heights(editor: Editor, height: str, pixels: int) -> None:
    editor.desk.content = single()
    editor.open()
    editor.choose("card.media.height", height)
    assert box(editor.phone.locator(".phone-card"))[0] == 300
    assert box(editor.phone.locator(".phone-media")) == (300, pixels)


def test_a_horizontal_card_has_its_picture_beside_the_text(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    editor.choose("orientation", "HORIZONTAL")
    media, text = editor.phone.locator(".phone-media"), editor.phone.locator(".phone-card-text")
    assert box(media) == (128, 128)
    assert media.bounding_box()["x"] < text.bounding_box()["x"]
    editor.choose("alignment", "RIGHT")
    assert media.bounding_box()["x"] > text.bounding_box()["x"]
    saved = editor.save()["content"]
    assert (saved["orientation"], saved["alignment"]) == ("HORIZONTAL", "RIGHT")


def test_a_carousel_has_the_standards_widths_and_equal_heights(editor: Editor) -> None:
    editor.desk.content = carousel({**card("A", "one", "two"), "media": MEDIA}, card("B"), card("C"))
    editor.open()
    cards = editor.phone.locator(".phone-card")
    sizes = [box(cards.nth(index)) for index in range(3)]
    assert {size[0] for size in sizes} == {232}
    assert len({size[1] for size in sizes}) == 1
    gap = cards.nth(1).bounding_box()["x"] - cards.nth(0).bounding_box()["x"] - 232
    assert round(gap) == 8
    editor.choose("width", "SMALL_WIDTH")
    assert box(cards.nth(0))[0] == 120
    expect(editor.page.locator(".crop")).to_contain_text("of each side is cut off")


def test_the_carousel_scrolls(editor: Editor) -> None:
    editor.desk.content = carousel(card("A"), card("B"), card("C"))
    editor.open()
    strip = editor.phone.locator(".phone-carousel")
    strip.evaluate("strip => strip.scrollBy(240, 0)")
    expect(editor.phone.locator(".phone-card").nth(2)).to_be_in_viewport()
    assert strip.evaluate("strip => strip.scrollLeft") > 100


def test_a_long_description_folds_as_some_phones_fold_it(editor: Editor) -> None:
    content = single()
    content["card"]["description"] = LONG
    editor.desk.content = content
    editor.open()
    expect(editor.phone.locator(".phone-button")).to_have_count(1)
    editor.page.get_by_label("As on phones that fold").check()
    expect(editor.phone.locator(".phone-button")).to_have_count(0)
    assert box(editor.phone.locator(".phone-description"))[1] <= 60
    editor.phone.get_by_role("button", name="More").click()
    expect(editor.phone.locator(".phone-button")).to_have_count(1)


def test_styles_are_drawn(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    weight = "element => Number(getComputedStyle(element).fontWeight)"
    assert editor.phone.locator(".phone-title").evaluate(weight) == 700
    editor.at("title_style").get_by_label("Bold").uncheck()
    assert editor.phone.locator(".phone-title").evaluate(weight) == 500


def test_tapping_a_chip_answers_and_takes_the_row_away(editor: Editor) -> None:
    editor.desk.content = carousel(card("A"), card("B"), chips=("Yes", "No"))
    editor.open()
    editor.phone.locator(".phone-chip", has_text="Yes").click()
    expect(editor.phone.locator(".phone-answer")).to_have_text("Yes")
    expect(editor.phone.locator(".phone-chip")).to_have_count(0)


def test_rows_are_flipped_and_a_missing_value_is_red(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    title = editor.phone.locator(".phone-title")
    expect(title).to_have_text("Hello ${name}")
    editor.page.locator(".row-control select").select_option("7")
    expect(title).to_have_text("Hello Wang")
    expect(editor.phone.locator(".phone-description")).to_have_text("From Beijing")
    editor.page.get_by_role("button", name="Next row").click()
    expect(editor.page.locator(".row-flip")).to_contain_text("Row 2 of 3")
    expect(title.locator(".piece-missing")).to_contain_text("${name} has no value")
    assert "176, 25, 25" in title.locator(".piece-missing").evaluate("element => getComputedStyle(element).color")


def test_an_over_long_value_is_red_from_the_first_letter_too_many(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    editor.page.locator(".row-control select").select_option("7")
    editor.page.get_by_role("button", name="Previous row").click()
    expect(editor.page.locator(".row-flip")).to_contain_text("Row 3 of 3")
    expect(editor.phone.locator(".phone-title .piece-over")).to_have_text("L" * 56)
    expect(editor.phone.locator(".phone-title .piece-value:not(.piece-over)")).to_have_text("L" * 194)


def test_a_value_is_not_expanded_again(editor: Editor) -> None:
    editor.open()
    pieces = editor.page.evaluate("Songda.editor.text.filled('${a}${a1}', {a: '${a1}', a1: 'x'})")
    assert pieces == "${a1}x"


def test_an_sms_shows_where_its_units_end(editor: Editor) -> None:
    editor.desk.content = {"kind": "sms", "text": "x" * 64}
    editor.open()
    bubble, note = editor.phone.locator(".phone-sms"), editor.phone.locator(".phone-note")
    expect(note).to_have_text("70 characters with signature · 1 billable unit")
    expect(bubble.locator(".unit-end")).to_have_count(0)
    editor.type("text", "x" * 65)
    expect(note).to_have_text("71 characters with signature · 2 billable units")
    expect(bubble.locator(".unit-end")).to_have_count(1)
    before = bubble.locator(".unit-end").evaluate("tick => tick.previousSibling.textContent")
    assert before == "【示例商城】" + "x" * 61
    editor.type("text", "x" * 129)
    expect(note).to_have_text("135 characters with signature · 3 billable units")
    expect(bubble.locator(".unit-end")).to_have_count(2)


def test_the_whole_chain_has_a_tab_each_with_its_price(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    tabs = editor.page.locator(".preview-tab")
    expect(tabs).to_have_text(["5G"])
    expect(editor.page.locator(".fallback-part")).to_contain_text("gets nothing")
    editor.add("fallback.sms")
    editor.type("fallback.sms.text", "x" * 80)
    expect(tabs).to_have_text(["5G", "SMS"])
    expect(editor.page.locator(".preview-price")).to_have_text("¥0.0900 a person")
    expect(editor.phone.locator(".phone-sms")).to_contain_text("【示例商城】xxx")
    editor.add("fallback.mms")
    editor.type("fallback.mms.title", "News")
    expect(editor.phone.locator(".phone-mms .phone-title")).to_have_text("News")
    editor.add("fallback.aim")
    editor.type("fallback.aim.text", "${阅信短链} look")
    expect(editor.phone).to_contain_text("show a card here")
    editor.add("fallback.h5")
    editor.type("fallback.h5.text", "open ${dh_rcs_h5_url}")
    expect(editor.phone).to_contain_text("opens a page")
    expect(tabs).to_have_text(["5G", "SMS", "MMS, video SMS", "AIM", "H5 page"])
    tabs.first.click()
    expect(editor.phone.locator(".phone-card")).to_be_visible()
    editor.page.keyboard.press("ArrowRight")
    expect(editor.phone.locator(".phone-sms")).to_be_visible()


def test_a_step_is_taken_away_and_back(editor: Editor) -> None:
    editor.desk.content = single()
    editor.desk.fallback = {"sms": {"text": "plain"}}
    editor.open()
    editor.page.get_by_role("button", name="Delete: SMS").click()
    expect(editor.page.locator(".preview-tab")).to_have_text(["5G"])
    editor.page.get_by_role("button", name="Undo").click()
    expect(editor.at("fallback.sms.text")).to_have_value("plain")


def test_dark_is_the_phones_own_switch(editor: Editor) -> None:
    editor.desk.content = single()
    editor.open()
    colour = "element => getComputedStyle(element).backgroundColor"
    assert editor.phone.evaluate(colour) == "rgb(238, 241, 246)"
    editor.page.locator(".preview").get_by_label("Dark").check()
    assert editor.phone.evaluate(colour) == "rgb(20, 22, 27)"


def test_a_part_of_the_phone_leads_to_its_field(editor: Editor) -> None:
    editor.desk.content = carousel(card("A", "go"), card("B", "stay"))
    editor.open()
    editor.phone.locator(".phone-title").nth(1).click()
    expect(editor.at("cards.1.title")).to_be_focused()
    editor.phone.locator(".phone-button").first.click()
    expect(editor.at("cards.0.suggestions.0.label")).to_be_focused()


def test_the_weight_of_an_mms_is_shown(editor: Editor) -> None:
    frame = {"seconds": 5, "text": "x" * 480, "media": {**MEDIA, "alt": ""}}
    editor.desk.content = {"kind": "mms", "title": "", "frames": [frame]}
    editor.open()
    expect(editor.phone.locator(".weight")).to_have_text("20 KB of 80 KB")
    for _ in range(4):
        editor.page.get_by_role("button", name="Duplicate: Page 1").click()
    expect(editor.phone.locator(".weight .piece-over")).to_have_text("100 KB of 80 KB")


def test_an_sms_costs_its_units(editor: Editor) -> None:
    editor.desk.content = {"kind": "sms", "text": "x" * 80}
    editor.open()
    expect(editor.page.locator(".preview-price")).to_have_text("¥0.0900 a person")
