"""Choosing from the library, uploading, and what is said about the chosen file."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel


@pytest.fixture
def library(editor: Editor) -> Locator:
    editor.desk.content = carousel(card("A"), card("B"))
    editor.open()
    editor.at("cards.0.media").get_by_role("button", name="Choose").click()
    return editor.page.locator("dialog.library")


def test_the_library_is_searched(library: Locator) -> None:
    expect(library.locator(".library-item")).to_have_count(6)
    library.get_by_role("searchbox").fill("film")
    expect(library.locator(".library-item")).to_have_count(1)
    expect(library.locator(".library-item")).to_contain_text("film.mp4")


def test_escape_closes_it_and_gives_the_focus_back(library: Locator, editor: Editor) -> None:
    expect(library).to_be_visible()
    editor.page.keyboard.press("Escape")
    expect(library).to_have_count(0)
    expect(editor.at("cards.0.media").get_by_role("button", name="Choose")).to_be_focused()


def test_a_picture_says_its_measures_and_what_is_cut_off(library: Locator, editor: Editor) -> None:
    library.locator(".library-item", has_text="picture-2.jpg").click()
    field = editor.at("cards.0.media")
    expect(field).to_contain_text("1440×720 · 20 KB")
    expect(field.locator(".crop")).to_have_text("15% of each side is cut off")
    assert editor.save()["content"]["cards"][0]["media"] == {
        "asset": "2",
        "height": "MEDIUM",
        "thumbnail": "",
        "alt": "",
    }


def test_a_film_asks_for_a_thumbnail(library: Locator, editor: Editor) -> None:
    library.locator(".library-item", has_text="film.mp4").click()
    expect(editor.phone.locator(".phone-play")).to_be_visible()
    editor.media("cards.0.media.thumbnail", "picture-1.jpg")
    expect(editor.phone.locator(".phone-media img")).to_be_visible()
    media = editor.save()["content"]["cards"][0]["media"]
    assert (media["asset"], media["thumbnail"]) == ("4", "1")


def test_words_for_the_picture(library: Locator, editor: Editor) -> None:
    library.locator(".library-item", has_text="picture-1.jpg").click()
    editor.page.get_by_text("Words for the picture").first.click()
    editor.type("cards.0.media.alt", "A cup")
    expect(editor.phone.get_by_alt_text("A cup")).to_be_visible()


def test_taking_a_picture_away(library: Locator, editor: Editor) -> None:
    library.locator(".library-item", has_text="picture-1.jpg").click()
    editor.at("cards.0.media").get_by_role("button", name="Take away").click()
    expect(editor.phone.locator(".phone-media")).to_have_count(0)
    assert editor.save()["content"]["cards"][0]["media"] is None


def test_an_upload_is_chosen_at_once(library: Locator, editor: Editor) -> None:
    library.locator("input[type=file]").set_input_files({"name": "cup.png", "mimeType": "image/png", "buffer": b"123"})
    expect(library).to_have_count(0)
    expect(editor.at("cards.0.media")).to_contain_text("cup.png")
    assert editor.save()["content"]["cards"][0]["media"]["asset"] == "9"


def test_a_dropped_file_is_uploaded(library: Locator, editor: Editor) -> None:
    transfer = editor.page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'drop.png', {type: 'image/png'})); return data; }"
    )
    library.locator(".uploader").dispatch_event("drop", {"dataTransfer": transfer})
    expect(editor.at("cards.0.media")).to_contain_text("drop.png")


def test_a_refused_upload_says_why(library: Locator, complaints) -> None:
    library.locator("input[type=file]").set_input_files(
        {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    )
    expect(library.get_by_role("alert")).to_have_text("SVG is not accepted.")
    complaints.found = [one for one in complaints.found if "400" not in one]
