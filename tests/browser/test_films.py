"""A film gets a frame of itself as thumbnail: real H.264, played by a real browser, under the strict policy."""

import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from templates_5g.models import MediaAsset, TemplateVersion
from templates_5g.services import add_upload, create_template
from tests.browser.test_admin_page import (  # noqa: F401 - fixtures
    NOTHING,
    admin_page,
    editor_of,
    media_folder,
    pytestmark,
    saved,
    user,
)
from tests.browser.test_library import LIBRARY, drop
from tests.templates_5g import files

# 160×90, two seconds, the first 0.16 of them black; then a yellow square on blue.
FILM = (Path(__file__).parent / "samples" / "film.mp4").read_bytes()
CARD = {"title": "A", "description": "", "media": None, "suggestions": []}


def without_length(film: bytes) -> bytes:
    """The same film as a recorder writes it that does not yet know when it will end."""
    at = film.index(b"mvhd")
    return film[: at + 20] + bytes(4) + film[at + 24 :]


def frame_of(film: MediaAsset) -> Image.Image:
    with film.thumbnail.file.open("rb") as file:
        return Image.open(io.BytesIO(file.read())).convert("RGB")


def is_blue(picture: Image.Image) -> bool:
    red, _green, blue = picture.getpixel((150, 10))
    return blue > 150 and red < 100


def test_a_film_dropped_into_the_library(admin_page: Page, live_server: Any) -> None:  # noqa: F811
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("spring.mp4", FILM))
    card = admin_page.locator(".library-card", has_text="spring.mp4")
    expect(card.locator("img")).to_be_visible()
    film = MediaAsset.objects.get(is_thumbnail=False)
    assert (film.thumbnail.mime, film.thumbnail.is_thumbnail, film.thumbnail.width) == ("image/jpeg", True, 160)
    assert film.thumbnail.size <= 10 * 1024
    assert is_blue(frame_of(film))


def test_a_length_that_only_the_browser_can_tell(admin_page: Page, live_server: Any) -> None:  # noqa: F811
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("spring.mp4", without_length(FILM)))
    expect(admin_page.locator(".library-card", has_text="spring.mp4").locator("img")).to_be_visible()
    film = MediaAsset.objects.get(is_thumbnail=False)
    assert 1.5 <= film.seconds <= 2.5


def test_a_film_that_the_browser_cannot_play(admin_page: Page, live_server: Any) -> None:  # noqa: F811
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("odd.mp4", files.film()))
    line = admin_page.locator(".upload-list li")
    expect(line).to_contain_text("this browser cannot show a frame of it")
    line.get_by_role("link", name="odd.mp4").click()
    expect(admin_page.locator("h1")).to_contain_text("odd.mp4")
    assert MediaAsset.objects.get().thumbnail is None


def blank_card(user: Any) -> TemplateVersion:  # noqa: F811
    return create_template("Film", "notice", {"kind": "card", "card": CARD}, NOTHING, user)


def test_a_film_uploaded_in_the_editor(admin_page: Page, live_server: Any, user: Any) -> None:  # noqa: F811
    version = blank_card(user)
    editor = editor_of(admin_page, live_server, version)
    editor.at("card.media").get_by_role("button", name="Choose").click()
    file = {"name": "spring.mp4", "mimeType": "video/mp4", "buffer": FILM}
    admin_page.locator("dialog.library input[type=file]").set_input_files(file)
    expect(editor.at("card.media.thumbnail").locator("img")).to_be_visible()
    expect(editor.phone.locator(".phone-media img")).to_be_visible()
    saved(admin_page)
    version.refresh_from_db()
    film = MediaAsset.objects.get(is_thumbnail=False)
    media = version.content["card"]["media"]
    assert (media["asset"], media["thumbnail"]) == (str(film.pk), str(film.thumbnail_id))
    editor.open()
    expect(editor.at("card.media.thumbnail").locator("img")).to_be_visible()
    assert editor.problems_at("card.media.thumbnail") == []


def test_a_film_of_the_library_gets_its_frame_when_it_is_chosen(
    admin_page: Page,  # noqa: F811
    live_server: Any,
    user: Any,  # noqa: F811
) -> None:
    film = add_upload(io.BytesIO(FILM), "old.mp4", user)[0]
    editor = editor_of(admin_page, live_server, blank_card(user))
    editor.media("card.media", "old.mp4")
    expect(editor.at("card.media.thumbnail").locator("img")).to_be_visible()
    film.refresh_from_db()
    assert is_blue(frame_of(film))


def test_a_film_that_cannot_be_played_asks_for_a_picture(
    admin_page: Page,  # noqa: F811
    live_server: Any,
    user: Any,  # noqa: F811
) -> None:
    add_upload(io.BytesIO(files.film()), "odd.mp4", user)
    editor = editor_of(admin_page, live_server, blank_card(user))
    editor.media("card.media", "odd.mp4")
    expect(editor.at("card.media.thumbnail")).to_contain_text("This browser cannot show a frame of the film")


def test_the_frame_shown_on_its_page_is_used(admin_page: Page, live_server: Any, user: Any) -> None:  # noqa: F811
    film = add_upload(io.BytesIO(FILM), "old.mp4", user)[0]
    admin_page.goto(f"{live_server.url}{LIBRARY}{film.pk}/change/")
    admin_page.locator("video").evaluate(
        "film => new Promise((done) => { film.onseeked = done; film.currentTime = 0.04; })"
    )
    with admin_page.expect_navigation():
        admin_page.get_by_role("button", name="Use the frame shown").click()
    film.refresh_from_db()
    assert max(frame_of(film).getpixel((150, 10))) < 60
