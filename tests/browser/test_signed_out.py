"""A login that ends while somebody writes: nothing is lost, and after signing in in a second tab it goes on by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns import roles
from campaigns.models import Campaign
from messaging.models import Dispatch, Reply
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template, freeze
from tests.browser.driver import Editor
from tests.browser.test_kinds import NOTHING
from tests.browser.test_roles import Somebody, come  # noqa: F401 - the fixture
from tests.builders import House, phones

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = {"kind": "text", "text": "Your parcel waits", "suggestions": []}
PASSWORD = "typed-by-wang"
NOTED = ("400", "401", "403", "409", "DISCONNECTED", "CONNECTION")


@pytest.fixture
def complaints(complaints: Any) -> Any:
    """Refused requests are what these tests are about."""
    yield complaints
    complaints.found = [one for one in complaints.found if not any(word in one for word in NOTED)]


@pytest.fixture
def wang() -> User:
    return User.objects.create_superuser("wang", "w@a.example", PASSWORD)


@pytest.fixture
def version(wang: User) -> TemplateVersion:
    return create_template("Parcel", "notice", TEXT, NOTHING, wang)


@pytest.fixture
def editor(page: Page, complaints: Any, live_server: Any, version: TemplateVersion, closed_first: None) -> Editor:
    page.set_default_timeout(8000)
    sign_in(page, live_server.url + "/admin/login/", "wang")
    return Editor(page, f"{live_server.url}/admin/templates_5g/templateversion/{version.pk}/change/").open()


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.locator('input[name="username"]').fill(name)
    page.locator('input[name="password"]').fill(PASSWORD)
    page.locator("#login-form button").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def bar(editor: Editor) -> Any:
    """The sentence that the bar shows, if it shows one."""
    return editor.page.locator(".session-bar p:visible")


def in_second_tab(editor: Editor) -> Page:
    """The log-in page behind the bar's link."""
    with editor.page.context.expect_page() as opened:
        bar(editor).get_by_role("link").click()
    opened.value.set_default_timeout(8000)
    return opened.value


def stored(version: TemplateVersion) -> str:
    version.refresh_from_db()
    return str(version.content["text"])


# --- how a login ends ----------------------------------------------------------------------------------------------------------


def cookie_gone(editor: Editor) -> None:
    editor.page.context.clear_cookies(name="sessionid")


def row_gone(editor: Editor) -> None:
    Session.objects.all().delete()


def everything_gone(editor: Editor) -> None:
    editor.page.context.clear_cookies()


def logged_out_elsewhere(editor: Editor) -> None:
    other = editor.page.context.new_page()
    other.goto(editor.url.partition("/templates_5g/")[0] + "/")
    other.locator(".user-menu summary").click()
    other.locator("#logout-form button").click()
    expect(other.locator("#logout-form")).to_have_count(0)
    other.close()


ENDINGS = [cookie_gone, row_gone, everything_gone, logged_out_elsewhere]


@pytest.mark.parametrize("end", ENDINGS)
def test_what_is_typed_after_the_login_ended_reaches_the_server_after_signing_in_elsewhere(
    editor: Editor, version: TemplateVersion, end: Callable[[Editor], None]
) -> None:
    page = editor.page
    page.evaluate("window.sameage = true")
    end(editor)
    editor.at("text").press("End")
    page.keyboard.type(" at the door")
    assert editor.has_copy("Your parcel waits at the door", within=1)
    expect(bar(editor)).to_contain_text("You have been signed out. What you typed is still on this page")
    expect(page.locator(".save-state")).to_have_text("Not saved: you have been signed out")
    expect(page.locator(".save-copy")).to_have_text("A copy is kept in this browser.")
    expect(page.locator(".badge-good", has_text="Nothing to mend")).to_have_count(0)
    assert stored(version) == "Your parcel waits"
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]

    second = in_second_tab(editor)
    sign_in(second, second.url, "wang")
    expect(second.locator("h1")).to_have_text("You are signed in")
    expect(page.locator(".save-state")).to_contain_text("Saved today")
    expect(bar(editor)).to_be_hidden()
    expect(editor.at("text")).to_have_value("Your parcel waits at the door")
    assert stored(version) == "Your parcel waits at the door"
    assert page.evaluate("window.sameage")
    page.wait_for_timeout(300)
    assert editor.copies() == []
    editor.at("text").press("End")
    page.keyboard.type("!")
    page.locator('#editor-form button[type="submit"]').first.click()
    expect(page.locator(".messagelist")).to_contain_text("Saved as version 1")
    assert stored(version) == "Your parcel waits at the door!"


def test_a_token_that_is_gone_is_fetched_anew_unseen(editor: Editor, version: TemplateVersion) -> None:
    editor.page.context.clear_cookies(name="csrftoken")
    editor.type("text", "Later")
    expect(editor.page.locator(".save-state")).to_contain_text("Saved today")
    assert stored(version) == "Later"
    expect(bar(editor)).to_be_hidden()


def test_somebody_elses_login_saves_nothing_of_mine(editor: Editor, version: TemplateVersion) -> None:
    User.objects.create_superuser("li", "l@a.example", PASSWORD)
    row_gone(editor)
    editor.type("text", "Mine")
    second = in_second_tab(editor)
    sign_in(second, second.url, "li")
    expect(bar(editor)).to_contain_text("This page belongs to wang")
    expect(bar(editor)).to_contain_text("(li)")
    editor.page.keyboard.press("Control+s")
    editor.page.wait_for_timeout(500)
    assert stored(version) == "Your parcel waits"
    second.locator("a.primary").click()
    second.locator(".user-menu summary").click()
    second.locator("#logout-form button").click()
    sign_in(second, editor.url.partition("/templates_5g/")[0] + "/login/", "wang")
    expect(editor.page.locator(".save-state")).to_contain_text("Saved today")
    assert stored(version) == "Mine"


def test_the_tab_closed_while_signed_out_offers_the_text_after_signing_in(
    editor: Editor, version: TemplateVersion
) -> None:
    row_gone(editor)
    editor.type("text", "Written while signed out")
    assert editor.has_copy("Written while", within=1)
    context = editor.page.context
    second = context.new_page()
    second.set_default_timeout(8000)
    editor.page.close(run_before_unload=False)
    sign_in(second, editor.url, "wang")
    second.get_by_role("button", name="Restore it").click()
    expect(second.locator(".save-state")).to_contain_text("Saved today")
    assert stored(version) == "Written while signed out"
    second.close()


def test_the_save_button_keeps_the_page_while_signed_out(editor: Editor, version: TemplateVersion) -> None:
    everything_gone(editor)
    editor.type("text", "Later")
    editor.page.locator('#editor-form button[type="submit"]').first.click()
    expect(bar(editor)).to_be_visible()
    expect(editor.at("text")).to_have_value("Later")
    second = in_second_tab(editor)
    sign_in(second, second.url, "wang")
    expect(editor.page.locator(".save-state")).to_contain_text("Saved today")
    assert stored(version) == "Later"


def test_a_locked_version_that_is_posted_becomes_one_new_version(editor: Editor, version: TemplateVersion) -> None:
    freeze(version)
    editor.open()
    editor.type("text", "Second")
    assert editor.has_copy("Second", within=1)
    editor.page.locator('#editor-form button[type="submit"]').first.click()
    expect(editor.page.locator(".messagelist")).to_contain_text("Saved as version 2")
    assert dict(TemplateVersion.objects.values_list("number", "content__text")) == {1: TEXT["text"], 2: "Second"}
    editor.page.wait_for_timeout(300)
    assert editor.copies() == []


def test_a_posted_form_that_was_behind_does_not_overwrite_at_the_next_save(
    editor: Editor, version: TemplateVersion
) -> None:
    """Without scripts' help: the form itself meets a colleague's change, and comes back with the text."""
    editor.page.evaluate("Songda.editor.store.set({dirty: false})")
    TemplateVersion.objects.filter(pk=version.pk).update(edited=3, content={**TEXT, "text": "Theirs"})
    editor.page.evaluate(
        "() => { const store = Songda.editor.store; "
        "store.set({content: {...store.get().content, text: 'Mine'}, dirty: false}); }"
    )
    editor.page.locator('#editor-form button[type="submit"]').first.click()
    expect(editor.page.locator(".errornote")).to_be_visible()
    expect(editor.at("text")).to_have_value("Mine")
    expect(editor.page.locator("dialog.conflict h2")).to_contain_text("changed this today")
    assert stored(version) == "Theirs"


def test_pictures_and_rows_say_that_one_is_signed_out(editor: Editor, version: TemplateVersion) -> None:
    content = {"kind": "card", "orientation": "VERTICAL", "alignment": "", "title_style": [], "description_style": []}
    card = {"title": "A", "description": "", "media": None, "suggestions": []}
    TemplateVersion.objects.filter(pk=version.pk).update(
        kind="card", content={**content, "card": card, "suggestions": []}
    )
    editor.open()
    row_gone(editor)
    editor.at("card.media").get_by_role("button", name="Choose").click()
    dialog = editor.page.locator("dialog.library")
    expect(dialog.get_by_role("alert")).to_have_text("This did not work: you have been signed out. Try again.")
    expect(dialog).not_to_contain_text("Nothing found")
    file = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog.locator(".uploader .problem")).to_have_text("This did not work: you have been signed out. Try again.")


# --- other pages ---------------------------------------------------------------------------------------------------------------


def later(page: Page) -> None:
    """Half an hour on the page's clock: what it knows of its session is old."""
    page.clock.fast_forward("30:00")


def test_an_answer_typed_in_the_inbox_is_sent_after_signing_in_again(come: Any, house: House) -> None:  # noqa: F811
    phone = phones(1)[0]
    Reply.objects.create(account=house.account, key="k", phone=phone, content="能退吗", replied_at=timezone.now())
    me: Somebody = come(roles.SUPPORT)
    me.page.clock.install()
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="能退吗").click()
    me.page.locator("textarea[name=text]").fill("可以，七天之内都可以退。")
    Session.objects.all().delete()
    later(me.page)
    me.page.get_by_role("button", name="发送").last.click()
    expect(me.page.locator(".session-bar p:visible")).to_contain_text("登录已失效")
    expect(me.page.locator("textarea[name=text]")).to_have_value("可以，七天之内都可以退。")
    assert not Dispatch.objects.filter(kind="answer").exists()
    back(me)
    me.page.get_by_role("button", name="发送").last.click()
    me.sees("答复已交出，共 1 人")
    assert Dispatch.objects.get(kind="answer").deliveries.get().phone == phone


def test_a_campaign_form_waits_for_signing_in_again(come: Any, house: House) -> None:  # noqa: F811
    me: Somebody = come(roles.CAMPAIGNS)
    me.page.clock.install()
    me.open("campaigns_campaign_add")
    me.page.locator('input[name="name"]').fill("双十一会员周")
    me.page.context.clear_cookies()
    later(me.page)
    me.page.locator("form button.primary").last.click()
    expect(me.page.locator(".session-bar")).to_be_visible()
    expect(me.page.locator('input[name="name"]')).to_have_value("双十一会员周")
    back(me)
    me.page.locator("form button.primary").last.click()
    expect(me.page.locator(".errornote")).to_be_visible()  # the audience is missing still
    expect(me.page.locator('input[name="name"]')).to_have_value("双十一会员周")
    assert Campaign.objects.count() == 0


def back(me: Somebody) -> None:
    """The same person's new session, as from a second tab; the page's own look-out finds it."""
    client = Client()
    client.force_login(User.objects.get(pk=me.page.locator("[data-session]").get_attribute("data-person")))
    cookies = [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": me.base}]
    me.page.context.add_cookies([*cookies, {"name": "django_language", "value": "zh-hans", "url": me.base}])
    me.page.clock.fast_forward("00:05")
    expect(me.page.locator(".session-bar")).to_be_hidden()


def test_leaving_an_answer_unsent_asks_first(come: Any, house: House) -> None:  # noqa: F811
    phone = phones(1)[0]
    Reply.objects.create(account=house.account, key="k", phone=phone, content="能退吗", replied_at=timezone.now())
    me: Somebody = come(roles.SUPPORT)
    asked: list[str] = []
    me.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="能退吗").click()
    me.open("messaging_reply_changelist")
    assert asked == []
    me.page.get_by_role("link", name="能退吗").click()
    me.page.locator("textarea[name=text]").press_sequentially("可以")
    me.open("messaging_reply_changelist")
    assert asked == ["beforeunload"]


def test_a_live_page_goes_on_by_itself_after_signing_in(come: Any, house: House) -> None:  # noqa: F811
    phone = phones(1)[0]
    me: Somebody = come(roles.SUPPORT)
    me.page.clock.install()
    me.open("messaging_reply_changelist")
    Session.objects.all().delete()
    me.page.clock.fast_forward("00:15")
    expect(me.page.locator(".session-bar")).to_be_visible()
    Reply.objects.create(account=house.account, key="k", phone=phone, content="能退吗", replied_at=timezone.now())
    back(me)
    me.page.clock.fast_forward("00:05")
    expect(me.page.locator(".inbox-list")).to_contain_text("能退吗")


def test_polls_alone_do_not_keep_a_session_alive_and_typing_does(come: Any, house: House) -> None:  # noqa: F811
    phone = phones(1)[0]
    Reply.objects.create(account=house.account, key="k", phone=phone, content="能退吗", replied_at=timezone.now())
    me: Somebody = come(roles.SUPPORT)
    me.page.clock.install()
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="能退吗").click()
    expect(me.page.locator("textarea[name=text]")).to_be_visible()
    me.page.wait_for_load_state("load")  # a new page: nothing asks before its scripts stand

    def asked(after: str) -> str | None:
        with me.page.expect_response(lambda one: "mark=" in one.url) as poll:
            me.page.clock.fast_forward(after)
        poll.value.finished()
        return poll.value.request.headers.get("x-background")

    assert asked("00:05") is None
    assert asked("02:00") == "1"
    assert asked("00:15") == "1"
    me.page.locator("textarea[name=text]").press_sequentially("可")
    assert asked("00:15") is None


def test_who_types_on_is_told_before_sending_and_typing_keeps_the_session_alive(
    come: Any,  # noqa: F811
    house: House,
) -> None:
    me: Somebody = come(roles.CAMPAIGNS)
    asked: list[str | None] = []
    me.page.on("request", lambda one: one.url.endswith("/session/") and asked.append(one.headers.get("x-background")))
    me.page.clock.install()
    me.open("campaigns_campaign_add")
    name = me.page.locator('input[name="name"]')
    name.press_sequentially("双")
    assert asked == []
    me.page.clock.fast_forward("03:00")
    name.press_sequentially("十一")
    me.page.wait_for_timeout(300)
    assert asked == [None]
    Session.objects.all().delete()
    me.page.clock.fast_forward("03:00")
    name.press_sequentially("！")
    expect(me.page.locator(".session-bar p:visible")).to_contain_text("登录已失效")


def test_a_form_is_not_sent_into_a_broken_connection(come: Any, house: House) -> None:  # noqa: F811
    me: Somebody = come(roles.CAMPAIGNS)
    me.page.clock.install()
    me.open("campaigns_campaign_add")
    me.page.locator('input[name="name"]').fill("双十一会员周")
    me.page.context.set_offline(True)
    later(me.page)
    me.page.locator("form button.primary").last.click()
    expect(me.page.locator(".session-bar p:visible")).to_contain_text("服务器没有回应")
    expect(me.page.locator('input[name="name"]')).to_have_value("双十一会员周")
    me.page.context.set_offline(False)
    me.page.locator("form button.primary").last.click()
    expect(me.page.locator(".errornote")).to_be_visible()
    expect(me.page.locator(".session-bar")).to_be_hidden()
