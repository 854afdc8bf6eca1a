"""A person who has never seen it: from nothing to a three-card carousel at the vendor's review, every act counted."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import TemplateReview
from templates_5g.models import TemplateVersion
from templates_5g.services import add_upload
from tests.browser.driver import Editor
from tests.browser.test_admin_page import admin_page, media_folder, png, user  # noqa: F401 - fixtures
from tests.builders import House

pytestmark = pytest.mark.django_db(transaction=True)

# A press of the pointer is an act; so is a field that was typed into or chosen from, however many letters it took.
COUNT = """(() => {
  const fields = new WeakSet();
  document.addEventListener('pointerdown', () => window.noteAct('press'), true);
  document.addEventListener('input', (event) => {
    const field = event.target;
    if (field.matches('input[type=radio], input[type=checkbox]') || fields.has(field)) return;
    fields.add(field);
    window.noteAct('field');
  }, true);
})()"""


@pytest.fixture
def acts(admin_page: Page) -> list[str]:  # noqa: F811
    found: list[str] = []
    admin_page.expose_function("noteAct", lambda act: found.append(act))
    admin_page.add_init_script(COUNT)
    return found


@pytest.fixture
def pictures(user: Any, media_folder: None) -> None:  # noqa: F811
    import io

    for number in (1, 2, 3):
        add_upload(io.BytesIO(png(696 + number, 504)), f"offer-{number}.png", user)


def first_card(editor: Editor) -> None:
    editor.media("cards.0.media", "offer-1.png")
    editor.type("cards.0.title", "Offer 1")
    editor.type("cards.0.description", "For you, ")
    title = editor.at("cards.0.description")
    title.locator("xpath=..").get_by_role("button", name="Insert variable").click()
    editor.page.get_by_label("Another name").fill("name")
    editor.page.get_by_role("button", name="Insert", exact=True).click()
    expect(title).to_have_value("For you, ${name}")


def link(editor: Editor, card: str) -> None:
    editor.suggestion(card, "open_url", "Buy", url="https://m.example.com/buy")


def other_cards(editor: Editor) -> None:
    for index in (1, 2):
        if index == 2:
            editor.add("cards")
        editor.media(f"cards.{index}.media", f"offer-{index + 1}.png")
        editor.type(f"cards.{index}.title", f"Offer {index + 1}")
        editor.type(f"cards.{index}.description", "While it lasts")
        link(editor, f"cards.{index}")


def test_a_carousel_with_everything_takes_at_most_forty_acts(
    admin_page: Page,  # noqa: F811
    acts: list[str],
    pictures: None,
    live_server: Any,
    sandbox: Any,
) -> None:
    house = House(sandbox)
    page = admin_page
    page.goto(f"{live_server.url}/admin/templates_5g/messagetemplate/add/")
    page.locator('input[name="name"]').fill("Member day")
    page.locator('input[name="kind"][value="carousel"]').check()
    page.locator('main button[type="submit"], form button.primary').last.click()
    expect(page.locator("#template-editor[data-ready=true]")).to_be_attached()
    editor = Editor(page, page.url)
    first_card(editor)
    link(editor, "cards.0")
    other_cards(editor)
    editor.suggestion("", "reply", "More offers")
    editor.add("fallback.sms")
    editor.type("fallback.sms.text", "Member day: offers for you 拒收请回复R")
    built = len(acts)
    page.get_by_role("button", name="Submit for review").click()
    submit_at(page, house)
    assert 30 < built <= 40, built
    version = TemplateVersion.objects.get(template__name="Member day")
    assert version.is_frozen
    assert [card["title"] for card in version.content["cards"]] == ["Offer 1", "Offer 2", "Offer 3"]
    assert TemplateReview.objects.filter(version=version).count() >= 1


def submit_at(page: Page, house: House) -> None:
    page.locator('select[name="signature"]').select_option(str(house.signature.pk))
    page.locator(f'input[name="account-{house.account.pk}-chosen"]').check()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator(".messagelist, .messages")).to_contain_text("5G-主账号")
