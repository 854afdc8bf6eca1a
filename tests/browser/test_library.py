"""The media library by mouse, and the way from a draft to its review: in a real browser under the strict policy."""

import base64
from typing import Any

from playwright.sync_api import Page, expect

from templates_5g.models import MediaAsset, TemplateVersion
from templates_5g.services import create_template
from tests.browser.test_admin_page import (  # noqa: F401 - fixtures
    admin_page,
    editor_of,
    media_folder,
    png,
    pytestmark,
    user,
)
from tests.templates_5g import files

LIBRARY = "/admin/templates_5g/mediaasset/"


def drop(page: Page, *dropped: tuple[str, bytes]) -> None:
    """Let files fall onto the zone, as from the desktop."""
    data = [(name, base64.b64encode(content).decode()) for name, content in dropped]
    transfer = page.evaluate_handle(
        """(files) => { const all = new DataTransfer();
        for (const [name, text] of files) all.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        return all; }""",
        data,
    )
    page.dispatch_event("#drop-zone", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("#drop-zone", "drop", {"dataTransfer": transfer})


def test_files_are_dropped_into_the_library(admin_page: Page, live_server: Any) -> None:  # noqa: F811
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("wide.png", png(1440, 720)), ("song.mp3", files.mp3()))
    expect(admin_page.locator(".library-card")).to_have_count(2)
    expect(admin_page.locator(".library-card", has_text="wide.png").locator("img")).to_be_visible()
    assert set(MediaAsset.objects.filter(is_thumbnail=False).values_list("name", flat=True)) == {"wide.png", "song.mp3"}


def test_a_refused_file_says_why_and_stops_no_other(
    admin_page: Page,  # noqa: F811
    live_server: Any,
    complaints: Any,
) -> None:
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("evil.png", b"<svg onload='alert(1)'/>"), ("wide.png", png(1440, 720)))
    lines = admin_page.locator(".upload-list li")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("SVG")
    expect(lines.nth(1)).to_contain_text("wide.png")
    expect(lines.nth(1)).to_have_class("done")
    assert MediaAsset.objects.filter(is_thumbnail=False).count() == 1
    complaints.found = [one for one in complaints.found if "400" not in one]


def test_a_picture_of_the_wrong_shape_is_cropped_by_one_click(
    admin_page: Page,  # noqa: F811
    live_server: Any,
    user: Any,  # noqa: F811
) -> None:
    admin_page.goto(live_server.url + LIBRARY)
    drop(admin_page, ("square.png", png(1200, 1200)))
    expect(admin_page.locator(".library-card")).to_have_count(1)
    asset = MediaAsset.objects.get(name="square.png")
    content = {"kind": "card", "card": {"title": "Offer", "media": {"asset": str(asset.pk)}}}
    version = create_template("Shapes", "notice", content, {"sms": {"text": "Offer"}}, user)
    editor = editor_of(admin_page, live_server, version)
    editor.at("card.media").get_by_role("button", name="Crop a copy to fit").click()
    expect(editor.at("card.media")).to_contain_text("square-900x504.jpg")
    expect(editor.at("card.media")).not_to_contain_text("Crop a copy to fit")


def test_check_and_submit_goes_on_only_when_nothing_hard_is_left(
    admin_page: Page,  # noqa: F811
    live_server: Any,
    user: Any,  # noqa: F811
) -> None:
    content = {"kind": "text", "text": "Member day"}
    version = create_template("Way to review", "marketing", content, {"sms": {"text": "Member day"}}, user)
    editor = editor_of(admin_page, live_server, version)
    submit = admin_page.locator('button[name="_then"]')
    submit.click()
    expect(admin_page.locator(".messagelist")).to_contain_text("A marketing SMS must end with 拒收请回复R")
    assert not TemplateVersion.objects.get().is_frozen
    editor.open()
    admin_page.get_by_role("button", name="End with 拒收请回复R").first.click()
    submit.click()
    admin_page.wait_for_url(f"**/submit/{version.pk}/**")
    assert TemplateVersion.objects.get().fallback["sms"]["text"] == "Member day，拒收请回复R"
