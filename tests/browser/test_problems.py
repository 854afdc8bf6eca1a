"""Problems stand beside their fields: the browser's while typing, the server's soon after."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel


@pytest.fixture
def two(editor: Editor) -> Editor:
    editor.desk.content = carousel(card("A", "go"), card("B", "stop"))
    return editor.open()


def bar(editor: Editor):
    return editor.page.locator(".problem-bar")


def test_nothing_to_mend(two: Editor) -> None:
    expect(bar(two)).to_contain_text("Nothing to mend")


def test_a_missing_label_is_named_at_its_field(two: Editor) -> None:
    two.type("cards.0.suggestions.0.label", "")
    field = two.at("cards.0.suggestions.0.label")
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby")
    assert described == "e-cards-0-suggestions-0-label-problems"
    assert two.problems_at("cards.0.suggestions.0.label") != []
    expect(bar(two)).to_contain_text("1 thing to mend")
    two.type("cards.0.suggestions.0.label", "x")
    expect(bar(two)).to_contain_text("Nothing to mend")


def test_counters_count_characters_and_bytes(two: Editor) -> None:
    two.type("cards.0.title", "会员日😀")
    counter = two.at("cards.0.title").locator("xpath=..").locator(".counter")
    expect(counter).to_have_text("4/200 characters · 13/150 bytes")


def test_text_is_never_cut_but_marked(two: Editor) -> None:
    two.type("cards.0.title", "x" * 203)
    expect(two.at("cards.0.title")).to_have_value("x" * 203)
    field = two.at("cards.0.title").locator("xpath=..")
    expect(field.locator(".counter .over")).to_contain_text("203/200")
    expect(two.phone.locator(".phone-card:first-child .piece-over")).to_have_text("xxx")
    assert len(two.problems_at("cards.0.title")) == 1


def test_operators_limits_are_hints_not_errors(two: Editor) -> None:
    two.type("cards.0.title", "会" * 51)
    expect(two.at("cards.0.title")).not_to_have_attribute("aria-invalid", "true")
    expect(bar(two)).to_contain_text("1 hint")


def test_an_answer_between_press_and_release_does_not_move_the_button_away(two: Editor) -> None:
    two.type("cards.0.title", "【】")
    add = two.page.locator('[data-add="cards"]')
    add.scroll_into_view_if_needed()
    box = add.bounding_box()
    two.desk.extra_problems = [
        {"path": f"cards.{index}.title", "rule": "brackets", "severity": "error", "message": "No 【】 here."}
        for index in (0, 1)
    ]
    two.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3)
    with two.page.expect_response(lambda answer: answer.request.method == "POST"):
        two.page.mouse.down()  # the field loses the focus, so that the text is saved
    two.page.wait_for_timeout(100)
    two.page.mouse.up()
    expect(two.at("cards.2")).to_be_attached()
    expect(two.page.locator("#e-cards-0-title-problems")).to_have_text("No 【】 here.")


def test_a_folded_card_shows_its_count_and_the_jump_opens_it(two: Editor) -> None:
    two.unfold("cards.1")
    two.type("cards.1.suggestions.0.label", "")
    two.page.get_by_role("button", name="Fold all").click()
    expect(two.at("cards.1").locator(".badge-problem")).to_have_text("1 thing to mend")
    two.page.get_by_role("button", name="Next problem").click()
    expect(two.at("cards.1.suggestions.0.label")).to_be_focused()


def test_the_jump_goes_round(two: Editor) -> None:
    two.type("cards.0.suggestions.0.label", "")
    two.unfold("cards.1")
    two.type("cards.1.suggestions.0.label", "")
    jump = two.page.get_by_role("button", name="Next problem")
    jump.click()
    expect(two.at("cards.0.suggestions.0.label")).to_be_focused()
    jump.click()
    expect(two.at("cards.1.suggestions.0.label")).to_be_focused()
    jump.click()
    expect(two.at("cards.0.suggestions.0.label")).to_be_focused()


def test_the_list_of_problems_leads_to_each(two: Editor) -> None:
    two.type("cards.0.suggestions.0.label", "")
    two.page.locator(".badge-button").click()
    two.page.locator(".problem-list .link-button").click()
    expect(two.at("cards.0.suggestions.0.label")).to_be_focused()


def test_a_problem_of_the_server_stands_beside_its_field_until_it_changes(two: Editor) -> None:
    two.desk.extra_problems = [
        {"path": "cards.0.title", "rule": "linter", "severity": "error", "message": "No 【】 here.", "account": "5G-1"}
    ]
    two.type("cards.0.title", "A【x】")
    expect(two.page.locator("#e-cards-0-title-problems")).to_have_text("5G-1: No 【】 here.")
    two.desk.extra_problems = []
    two.type("cards.0.title", "A")
    expect(two.page.locator("#e-cards-0-title-problems")).to_have_count(0)


def test_what_one_account_cannot_carry_is_told_but_is_nothing_to_mend(two: Editor) -> None:
    two.desk.extra_problems = [
        {"path": "cards", "rule": "kind", "severity": "error", "message": "No carousels.", "account": "SMS-1"}
    ]
    two.type("cards.0.title", "B")
    expect(bar(two)).to_contain_text("1 note on accounts")
    expect(bar(two)).to_contain_text("Nothing to mend")
    expect(two.page.get_by_role("button", name="Next problem")).to_have_count(0)
    two.page.locator(".badge-button").click()
    expect(two.page.locator(".problem-list")).to_have_text("SMS-1: No carousels.")
    expect(two.page.locator(".badge-problem")).to_have_count(0)


def test_a_problem_of_the_whole_is_in_the_list(two: Editor) -> None:
    two.desk.extra_problems = [{"path": "", "rule": "whole", "severity": "error", "message": "Not like this."}]
    two.type("cards.0.title", "B")
    expect(bar(two)).to_contain_text("1 thing to mend")
    two.page.locator(".badge-button").click()
    expect(two.page.locator(".problem-list")).to_contain_text("Not like this.")


def test_one_click_mends(two: Editor) -> None:
    fix = {"path": "fallback.sms.text", "value": "Come! 拒收请回复R", "label": "Add the opt-out"}
    two.desk.extra_problems = [
        {
            "path": "fallback.sms.text",
            "rule": "optout.missing",
            "severity": "error",
            "message": "No opt-out.",
            "fix": fix,
        }
    ]
    two.add("fallback.sms")
    two.type("fallback.sms.text", "Come!")
    mend = two.page.locator("#e-fallback-sms-text-problems").get_by_role("button", name="Add the opt-out")
    mend.click()
    expect(two.at("fallback.sms.text")).to_have_value("Come! 拒收请回复R")


def test_repeated_postback_data_warns(two: Editor) -> None:
    two.unfold("cards.1")
    for index in (0, 1):
        details = two.at(f"cards.{index}.suggestions.0").locator("details.data")
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        two.type(f"cards.{index}.suggestions.0.data", "same")
    expect(bar(two)).to_contain_text("hint")
    assert len(two.problems_at("cards.1.suggestions.0.data")) == 1


@pytest.mark.parametrize(
    ("kind", "field", "bad", "good"),
    [
        ("open_url", "url", "example.com", "https://example.com"),
        ("dial", "phone", "one", "10086"),
        ("show_place", "latitude", "91", "39.9"),
        ("show_place", "longitude", "x", "116.4"),
    ],
)
def test_fields_of_buttons_say_what_they_need(two: Editor, kind: str, field: str, bad: str, good: str) -> None:
    two.choose("cards.0.suggestions.0.kind", kind)
    path = f"cards.0.suggestions.0.{field}"
    two.type(path, bad)
    expect(two.at(path)).to_have_attribute("aria-invalid", "true")
    two.type(path, good)
    expect(two.at(path)).not_to_have_attribute("aria-invalid", "true")


def test_an_event_ends_after_it_starts(two: Editor) -> None:
    two.choose("cards.0.suggestions.0.kind", "calendar")
    two.type("cards.0.suggestions.0.start", "2026-12-12T10:00")
    two.type("cards.0.suggestions.0.end", "2026-12-12T09:00")
    expect(two.at("cards.0.suggestions.0.end")).to_have_attribute("aria-invalid", "true")


def test_a_carousel_of_one_card_says_what_to_do(two: Editor) -> None:
    two.page.get_by_role("button", name="Delete: Card 2").click()
    expect(two.at("cards").first).to_contain_text("at least 2 cards")


def test_narrow_cards_cannot_be_tall(editor: Editor) -> None:
    media = {"asset": "1", "height": "TALL", "thumbnail": "", "alt": ""}
    editor.desk.content = carousel({**card("A"), "media": media}, card("B"))
    editor.open()
    expect(editor.page.locator(".card-fields")).to_contain_text("Some operators refuse tall pictures")
    editor.choose("width", "SMALL_WIDTH")
    expect(editor.at("cards.0.media.height").locator('input[value="TALL"]')).to_be_disabled()
    expect(bar(editor)).to_contain_text("1 thing to mend")


def test_an_untouched_card_is_counted_and_not_scolded(editor: Editor) -> None:
    editor.desk.content = carousel({**card("A"), "title": ""}, {**card("B"), "title": ""})
    editor.open()
    expect(editor.at("cards.0").locator(".badge")).to_have_text("1 thing to mend")
    expect(editor.page.locator(".card-fields .problem")).to_have_count(0)
    editor.page.get_by_role("button", name="Next problem").click()
    expect(editor.page.locator(".card-fields .problem")).to_have_count(2)


def test_the_list_of_problems_names_the_places(editor: Editor) -> None:
    button = {"kind": "open_url", "label": "Buy", "data": "d", "url": "x", "application": "browser"}
    editor.desk.content = carousel(card("A"), {**card("B"), "suggestions": [button]}, chips=("",))
    editor.open()
    editor.page.locator(".badge-button").click()
    lines = editor.page.locator(".problem-list strong")
    expect(lines).to_contain_text(["Card 2 · Button 1 · Link", "Chip 1 · Label"])
    editor.page.locator(".problem-list button", has_text="Card 2 · Button 1 · Link").click()
    expect(editor.at("cards.1.suggestions.0.url")).to_be_focused()
