"""The inbox in a browser: both panes, news without reload, keys, and one pane at a time on a phone."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from campaigns import roles
from messaging.models import CannedAnswer, Dispatch, Reply
from tests.browser.driver import COPIES
from tests.browser.test_roles import Somebody, come  # noqa: F401 - the fixture
from tests.builders import House, phones
from tests.people import person, person_with

pytestmark = pytest.mark.django_db(transaction=True)


def reply(house: House, phone: str, content: str) -> Reply:
    key = f"k{Reply.objects.count()}"
    return Reply.objects.create(account=house.account, key=key, phone=phone, content=content, replied_at=timezone.now())


@pytest.fixture
def me(come: Any, house: House) -> Somebody:  # noqa: F811
    one, two = phones(2)
    reply(house, one, "请问满减能叠加吗")
    reply(house, two, "什么时候发货")
    CannedAnswer.objects.create(title="满减规则", text="您好，可以叠加。")
    somebody: Somebody = come(roles.SUPPORT)
    return somebody


def test_a_conversation_is_read_answered_and_gone_from_the_unread_by_keys_alone(me: Somebody, house: House) -> None:
    me.open("messaging_reply_changelist")
    keys = me.page.keyboard
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(me.page.locator(".thread-theirs .thread-text")).to_have_text("请问满减能叠加吗")
    keys.press("a")
    keys.type("可以的")
    expect(me.page.locator("[data-counter]")).to_contain_text("9 字")
    keys.press("Control+Enter")
    me.sees("答复已交出，共 1 人")
    expect(me.page.locator(".thread-ours .thread-text")).to_have_text("可以的")
    expect(me.page.locator(".inbox-list a")).to_have_count(1)
    assert Dispatch.objects.get(kind="answer").deliveries.get().phone == phones(1)[0]
    keys.press("Escape")
    expect(me.page.locator("[data-reply]:focus")).to_have_count(1)


def test_news_come_without_a_reload_and_nothing_typed_is_lost(me: Somebody, house: House) -> None:
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="请问满减能叠加吗").click()
    me.page.locator("textarea[name=text]").fill("正在写")
    me.page.evaluate("window.sameage = true")
    late = reply(house, phones(1)[0], "还有一个问题")
    expect(me.page.locator(".thread-theirs .thread-text")).to_have_count(2)
    expect(me.page.locator(".inbox-list")).to_contain_text("还有一个问题")
    expect(me.page.locator("[data-seen]").first).to_have_value(str(late.pk))
    expect(me.page.locator("[data-inbox-say]")).to_have_text("3 条未读回复")
    assert me.page.locator("textarea[name=text]").input_value() == "正在写"
    assert me.page.evaluate("window.sameage")


ANSWER = "可以退，请在七天之内寄回。"


def copies(me: Somebody) -> list[dict[str, Any]]:
    return me.page.evaluate(COPIES)


def typed(me: Somebody, answer: str = ANSWER) -> None:
    """An answer is typed in the first conversation, and a second goes by."""
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="请问满减能叠加吗").click()
    me.page.locator("textarea[name=text]").press_sequentially(answer)
    me.page.wait_for_timeout(1000)
    assert [one["text"] for one in copies(me)] == [answer]


def crash(me: Somebody) -> None:
    """The tab is gone without being asked; another one is opened."""
    context = me.page.context
    me.page.close(run_before_unload=False)
    me.page = context.new_page()
    me.page.set_default_timeout(8000)


def open_again(me: Somebody, words: str = "请问满减能叠加吗") -> Any:
    """The bar that offers what was not sent."""
    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name=words).click()
    expect(me.page.locator("textarea[name=text]")).to_have_value("")
    return me.page.locator("[data-answer-left]")


def test_an_answer_outlives_a_crash_and_is_kept_no_longer_than_until_it_is_sent(me: Somebody) -> None:
    typed(me)
    assert all(phones(2)[n] not in str(copies(me)) for n in range(2)), "no number is kept"
    crash(me)
    bar = open_again(me)
    expect(bar).to_contain_text("这个浏览器里有您没发出的答复，写于 今天 ")
    bar.get_by_role("button", name="恢复").click()
    expect(me.page.locator("textarea[name=text]")).to_have_value(ANSWER)
    expect(bar).to_be_hidden()
    expect(me.page.locator("[data-counter]")).to_contain_text("19 字")
    me.page.get_by_role("button", name="发送答复").click()
    me.sees("答复已交出，共 1 人")
    expect(me.page.locator("textarea[name=text]")).to_have_value("")
    me.page.wait_for_timeout(300)
    assert (copies(me), "sent=" in me.page.url) == ([], False)
    expect(me.page.locator("[data-answer-left]")).to_be_hidden()


def test_an_answer_outlives_a_lost_session(me: Somebody) -> None:
    typed(me)
    Session.objects.all().delete()
    crash(me)
    me.client.force_login(person(roles.SUPPORT))
    me.page.context.add_cookies([{"name": "sessionid", "value": me.client.cookies["sessionid"].value, "url": me.base}])
    bar = open_again(me)
    bar.get_by_role("button", name="恢复").click()
    expect(me.page.locator("textarea[name=text]")).to_have_value(ANSWER)


def test_an_answer_is_offered_in_its_own_conversation_to_its_own_person_until_it_is_thrown_away(me: Somebody) -> None:
    typed(me)
    crash(me)
    expect(open_again(me, "什么时候发货")).to_be_hidden()
    other = Somebody(me.page, me.base, roles.ADMINISTRATORS)
    other.client.force_login(person_with(roles.SUPPORT, name="另一位客服"))
    cookie = {"name": "sessionid", "value": other.client.cookies["sessionid"].value, "url": me.base}
    me.page.context.add_cookies([cookie])
    expect(open_again(me)).to_be_hidden()
    me.page.context.add_cookies([{**cookie, "value": me.client.cookies["sessionid"].value}])
    bar = open_again(me)
    bar.get_by_role("button", name="丢弃").click()
    expect(bar).to_be_hidden()
    me.page.wait_for_timeout(300)
    assert copies(me) == []


def test_an_answer_that_is_not_taken_is_offered_again(me: Somebody) -> None:
    """The form was too old, for one: the page that answers has an empty field."""
    typed(me)
    me.page.evaluate("document.querySelector('#inbox-answer [name=token]').value = 'forged'")
    me.page.get_by_role("button", name="发送答复").click()
    me.sees("页面放得太久")
    bar = me.page.locator("[data-answer-left]")
    bar.get_by_role("button", name="恢复").click()
    expect(me.page.locator("textarea[name=text]")).to_have_value(ANSWER)
    assert not Dispatch.objects.exists()


def test_on_a_phone_the_list_and_the_conversation_are_two_pages(me: Somebody) -> None:
    me.page.set_viewport_size({"width": 390, "height": 844})
    me.open("messaging_reply_changelist")
    expect(me.page.locator(".inbox-main")).to_be_hidden()
    me.page.get_by_role("link", name="请问满减能叠加吗").click()
    expect(me.page.locator(".inbox-side")).to_be_hidden()
    expect(me.page.locator(".thread-theirs")).to_be_visible()
    assert me.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    me.page.locator(".inbox-back").click()
    expect(me.page.locator(".inbox-list")).to_be_visible()


@pytest.mark.parametrize("width", [1400, 390])
def test_a_conversation_is_tagged_by_keys_and_found_by_it(me: Somebody, width: int) -> None:
    page = me.page
    page.set_viewport_size({"width": width, "height": 844})
    me.open("messaging_reply_changelist")
    page.get_by_role("link", name="请问满减能叠加吗").click()
    field = page.get_by_label("要加的标签")
    field.focus()
    page.keyboard.type("投诉")
    page.keyboard.press("Enter")
    me.sees("已加标签“投诉”")
    off = page.get_by_role("button", name="投诉 去掉")
    expect(off).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    me.open("messaging_reply_changelist")
    page.get_by_label("标签", exact=True).select_option("投诉")
    if page.locator("noscript").count():
        page.wait_for_url("**tag=**")
    expect(page.locator(".inbox-list a")).to_have_count(1)
    page.locator(".inbox-list a").click()
    off.focus()
    page.keyboard.press("Enter")
    me.sees("已去掉标签“投诉”")
    expect(off).to_have_count(0)
