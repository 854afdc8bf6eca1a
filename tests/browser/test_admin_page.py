"""The editor on its real page: made, written, saved, changed by two people, locked, and handed on to review."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

from templates_5g.models import MediaAsset, MessageTemplate, TemplateVersion
from templates_5g.services import create_template, freeze, save_draft
from tests.browser.building import build
from tests.browser.driver import Editor
from tests.browser.test_kinds import NOTHING

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = {"kind": "text", "text": "Your parcel waits", "suggestions": []}


@pytest.fixture(autouse=True)
def media_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("wang", "w@a.example", "x")


@pytest.fixture
def admin_page(page: Page, complaints: Any, live_server: Any, user: User, closed_first: None) -> Page:
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.set_default_timeout(8000)
    return page


def editor_of(page: Page, live_server: Any, version: TemplateVersion) -> Editor:
    return Editor(page, f"{live_server.url}/admin/templates_5g/templateversion/{version.pk}/change/").open()


def saved(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".save-state")).to_contain_text("Saved today")


def png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "#7aa6ff").save(out, "PNG")
    return out.getvalue()


def test_a_three_card_carousel_from_nothing(admin_page: Page, live_server: Any) -> None:
    """What the first visit of a marketing person is: a carousel with buttons, chips, a variable and an SMS fallback."""
    admin_page.goto(f"{live_server.url}/admin/templates_5g/messagetemplate/add/")
    admin_page.locator('input[name="name"]').fill("Member day")
    admin_page.locator('input[name="kind"][value="carousel"]').check()
    admin_page.locator('main button[type="submit"], form button.primary').last.click()
    editor = Editor(admin_page, admin_page.url)
    expect(admin_page.locator("#template-editor[data-ready=true]")).to_be_attached()
    cards = [{"title": f"Offer {n}", "description": "For ${name}", "suggestions": [_link(n)]} for n in range(1, 4)]
    build(
        editor, {"kind": "carousel", "cards": cards, "suggestions": [{"kind": "reply", "label": "More", "data": "m"}]}
    )
    editor.add("fallback.sms")
    editor.type("fallback.sms.text", "Member day for ${name} 拒收请回复R")
    saved(admin_page)
    version = TemplateVersion.objects.get()
    assert [card["title"] for card in version.content["cards"]] == ["Offer 1", "Offer 2", "Offer 3"]
    assert version.variables == ["name"]
    assert version.fallback == {**NOTHING, "sms": {"text": "Member day for ${name} 拒收请回复R"}}


def _link(number: int) -> dict[str, str]:
    url = f"https://m.example.com/{number}"
    return {"kind": "open_url", "label": "Buy", "data": f"buy-{number}", "url": url, "application": "browser"}


def test_saved_and_opened_again_unchanged(admin_page: Page, live_server: Any, user: User) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    editor = editor_of(admin_page, live_server, version)
    editor.type("text", "Your parcel ${number} waits")
    saved(admin_page)
    editor.open()
    expect(editor.at("text")).to_have_value("Your parcel ${number} waits")
    admin_page.locator('#editor-form button[type="submit"]').first.click()
    expect(admin_page.locator(".messagelist, .messages")).to_contain_text("Saved")
    version.refresh_from_db()
    assert version.content == {**TEXT, "text": "Your parcel ${number} waits"}


def test_clicking_save_right_after_typing_is_no_conflict_with_oneself(
    admin_page: Page, live_server: Any, user: User
) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    editor = editor_of(admin_page, live_server, version)
    editor.at("text").press_sequentially("!!")
    admin_page.locator('#editor-form button[type="submit"]').first.click()
    expect(admin_page.locator(".messagelist, .messages")).to_contain_text("Saved")
    version.refresh_from_db()
    assert version.content["text"] == "Your parcel waits!!"


def test_the_linters_word_stands_beside_the_field_and_is_mended_by_one_click(
    admin_page: Page, live_server: Any, user: User
) -> None:
    version = create_template("Sale", "marketing", TEXT, {**NOTHING, "sms": {"text": "Come and buy"}}, user)
    editor = editor_of(admin_page, live_server, version)
    problems = admin_page.locator("#e-fallback-sms-text-problems")
    expect(problems).to_be_visible()
    problems.get_by_role("button").first.click()
    expect(editor.at("fallback.sms.text")).to_have_value("Come and buy，拒收请回复R")


def test_two_editors_and_a_choice(admin_page: Page, live_server: Any, user: User, complaints: Any) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    editor = editor_of(admin_page, live_server, version)
    rival = User.objects.create_user("li", first_name="Li")
    save_draft(version, {"content": {**TEXT, "text": "Theirs"}, "fallback": NOTHING}, version.edited, rival)
    editor.type("text", "Mine")
    admin_page.keyboard.press("Control+s")
    dialog = admin_page.locator("dialog.conflict")
    expect(dialog.locator("h2")).to_contain_text("Li changed this today")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(admin_page.locator(".save-state")).to_contain_text("Saved today")
    version.refresh_from_db()
    assert version.content["text"] == "Mine"
    complaints.found = [one for one in complaints.found if "409" not in one]


def test_a_locked_version_becomes_the_next_one(admin_page: Page, live_server: Any, user: User) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    freeze(version)
    editor = editor_of(admin_page, live_server, version)
    expect(admin_page.locator(".editor .notice").first).to_contain_text("Saving makes version 2")
    editor.type("text", "Second")
    admin_page.keyboard.press("Control+s")
    newer = f"{live_server.url}/admin/templates_5g/templateversion/{version.pk + 1}/change/"
    expect(admin_page).to_have_url(newer)
    version.refresh_from_db()
    texts = dict(TemplateVersion.objects.values_list("number", "content__text"))
    assert texts == {1: "Your parcel waits", 2: "Second"}


def test_a_picture_is_uploaded_into_a_card(admin_page: Page, live_server: Any, user: User) -> None:
    card = {"title": "A", "description": "", "media": None, "suggestions": []}
    content = {"kind": "card", "orientation": "VERTICAL", "alignment": "", "title_style": [], "description_style": []}
    version = create_template("Card", "notice", {**content, "card": card, "suggestions": []}, NOTHING, user)
    editor = editor_of(admin_page, live_server, version)
    editor.at("card.media").get_by_role("button", name="Choose").click()
    file = {"name": "wide.png", "mimeType": "image/png", "buffer": png(900, 504)}
    admin_page.locator("dialog.library input[type=file]").set_input_files(file)
    expect(editor.at("card.media")).to_contain_text("900×504")
    expect(editor.phone.locator(".phone-media img")).to_be_visible()
    assert (
        editor.phone.locator(".phone-media img").evaluate("image => image.decode().then(() => image.naturalWidth)")
        == 900
    )
    saved(admin_page)
    version.refresh_from_db()
    assert version.content["card"]["media"]["asset"] == str(MediaAsset.objects.get(width=900).pk)


def test_who_may_only_look_sees_and_cannot_change(admin_page: Page, live_server: Any, user: User) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_messagetemplate"))
    client = Client()
    client.force_login(looker)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    admin_page.context.add_cookies([cookie])
    editor = editor_of(admin_page, live_server, version)
    expect(editor.at("text")).to_be_disabled()
    expect(editor.phone.locator(".phone-bubble")).to_have_text("Your parcel waits")


def test_without_javascript_the_page_shows_and_checks_the_content(
    browser: Any, browser_context_args: dict, live_server: Any, user: User
) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    client = Client()
    client.force_login(user)
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/templates_5g/templateversion/{version.pk}/change/")
    expect(page.locator("#template-editor")).to_contain_text("Your parcel waits")
    area = page.locator('textarea[name="content"]')
    expect(area).to_be_visible()
    area.fill(json.dumps({**TEXT, "colour": "red"}))
    page.locator('#editor-form button[type="submit"]').first.click()
    expect(page.locator(".errornote")).to_contain_text("colour")
    context.close()
    assert MessageTemplate.objects.count() == 1
    version.refresh_from_db()
    assert version.content == TEXT


def test_nothing_of_a_locked_old_version_can_be_changed(admin_page: Page, live_server: Any, user: User) -> None:
    version = create_template("Parcel", "notice", TEXT, NOTHING, user)
    freeze(version)
    save_draft(version, {"content": {**TEXT, "text": "Second"}, "fallback": NOTHING}, 0, user)
    editor = editor_of(admin_page, live_server, version)
    inputs = admin_page.locator(".editor-root input, .editor-root textarea").all()
    able = [one for one in inputs if one.is_enabled()]
    names = [one.evaluate("field => field.closest('label')?.innerText.trim()") for one in able]
    assert names == ["Dark"]
    expect(editor.phone.locator(".phone-bubble")).to_have_text("Your parcel waits")
