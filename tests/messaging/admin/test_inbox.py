"""The inbox: conversations by number, what is unread of them, and what support does with one."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.inbox import answers, threads
from messaging.models import CannedAnswer, Dispatch, KeywordRule, Reply, Suppression
from tests.builders import House, phones
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db
HOME = "/admin/messaging/reply/"


def reply(house: House, phone: str, content: str = "在吗", **values: Any) -> Reply:
    """Each with its own key, in the order made."""
    key = f"k{Reply.objects.count()}"
    return Reply.objects.create(
        account=house.account, key=key, phone=phone, content=content, **{"replied_at": timezone.now(), **values}
    )


def shown(box: str, who: Any = None, **values: Any) -> list[str]:
    return [one.content for one in threads.page(box, who, **values).replies]


def test_a_number_stands_once_with_its_newest_reply_of_the_box(house: House) -> None:
    a, b, c = phones(3)
    me, other = person(roles.SUPPORT), person(superuser=True)
    reply(house, a, "甲一")
    reply(house, b, "乙一", state="assigned", assigned_to=me)
    reply(house, a, "甲二")
    reply(house, a, "甲三", state="answered")
    reply(house, c, "丙一", state="assigned", assigned_to=other, tag="发票")
    reply(house, c, "R", state="auto", is_opt_out=True)
    assert shown("new", me) == ["甲二"]
    assert shown("mine", me) == ["乙一"]
    assert shown("taken", me) == ["丙一", "乙一"]
    assert shown("all", me) == ["R", "甲三", "乙一"]
    assert shown("opt_out", me) == ["R"]
    assert shown("taken", me, tag="发票") == ["丙一"]
    unread = {one.content: one.has_unread for one in threads.page("all", me).replies}  # type: ignore[attr-defined]
    assert unread == {"R": False, "甲三": True, "乙一": False}
    assert threads.counts(me) == {"new": 2, "mine": 1, "opt_out": 1}


def test_opt_outs_of_yesterday_are_not_counted_today(house: House) -> None:
    reply(house, "13800000001", "R", is_opt_out=True, replied_at=timezone.now() - timedelta(days=1))
    assert threads.counts(None)["opt_out"] == 0


def test_pages_follow_each_other_without_gap_or_repeat(house: House) -> None:
    for n, phone in enumerate(phones(7)):
        reply(house, phone, str(n))
    reply(house, phones(1)[0], "again")
    first = threads.page("new", None, limit=3)
    second = threads.page("new", None, before=first.older, limit=3)
    third = threads.page("new", None, before=second.older, limit=3)
    found = [one.content for page in (first, second, third) for one in page.replies]
    assert found == ["again", "6", "5", "4", "3", "2", "1"]
    assert third.older == 0


@pytest.mark.parametrize("chosen", [False, True])
def test_the_queries_do_not_grow_with_the_replies(house: House, chosen: bool) -> None:
    client = signed_in(roles.SUPPORT)
    KeywordRule.objects.create(word="发票", action="tag", tag="发票")
    CannedAnswer.objects.create(title="几点", text="九点")

    def queries() -> int:
        newest = Reply.objects.order_by("-pk").first()
        url = f"{HOME}{newest.pk}/change/?box=all" if chosen and newest else f"{HOME}?box=all"
        client.get(url)
        with CaptureQueriesContext(connection) as context:
            assert client.get(url).status_code == 200
        return len(context)

    def more(n: int) -> None:
        for phone in phones(n):
            dispatch = house.make_dispatch([phone])
            reply(house, phone, state="assigned", assigned_to=person(roles.SUPPORT), delivery=dispatch.deliveries.get())
            reply(house, phones(1)[0])

    more(6)
    few = queries()
    more(12)
    assert queries() == few
    assert few <= 29


def test_the_page_shows_both_sides_masked(house: House) -> None:
    phone = phones(1)[0]
    house.make_dispatch([phone], title="会员日满减")
    first = reply(house, phone, "能叠加吗")
    answers.answer(first, "可以叠加。", house.signature, None)
    html = signed_in(roles.SUPPORT).get(f"{HOME}{first.pk}/change/").content.decode()
    page = read_html(html)
    assert phone not in html
    assert all(words in page for words in ("能叠加吗", "可以叠加。", "会员日满减", "138****0000"))


def read_html(html: str) -> str:
    from tests.markup import Page

    return Page(html).text


def test_an_act_leaves_alone_what_arrived_after_the_page(house: House) -> None:
    phone = phones(1)[0]
    first, second = reply(house, phone, "一"), reply(house, phone, "二")
    client = signed_in(roles.SUPPORT)
    page = read(client.get(f"{HOME}{second.pk}/change/"))
    assert page.inputs["seen"]["value"] == str(second.pk)
    late = reply(house, phone, "三")
    client.post(f"{HOME}{second.pk}/close/", {"seen": page.inputs["seen"]["value"]})
    states = dict(Reply.objects.values_list("content", "state"))
    assert states == {"一": "closed", "二": "closed", "三": "new"}
    client.post(f"{HOME}{late.pk}/take/")
    assert Reply.objects.get(pk=late.pk).assigned_to == person(roles.SUPPORT)
    first.refresh_from_db()
    assert first.state == "closed"


def test_an_answer_settles_the_conversation(house: House) -> None:
    phone = phones(1)[0]
    first, second = reply(house, phone, "一"), reply(house, phone, "二")
    client = signed_in(roles.SUPPORT)
    page = read(client.get(f"{HOME}{first.pk}/change/?box=all"))
    data = {
        "text": "好的", "signature": house.signature.pk, "token": page.inputs["token"]["value"],
        "seen": page.inputs["seen"]["value"],
    }  # fmt: skip
    answered = client.post(f"{HOME}{second.pk}/answer/?box=all", {**data, "copy": "ab12"})
    assert answered["Location"] == f"{HOME}{second.pk}/change/?box=all&sent=ab12", "the browser's copy may go"
    again = client.post(f"{HOME}{second.pk}/answer/?box=all", {**data, "copy": "&x=1"})
    assert again["Location"] == f"{HOME}{second.pk}/change/?box=all"
    assert Dispatch.objects.get(kind="answer").text == "好的"
    assert set(Reply.objects.values_list("state", flat=True)) == {"answered"}


def test_the_copy_of_an_answer_that_is_not_taken_stays(house: House) -> None:
    one = reply(house, phones(1)[0])
    client = signed_in(roles.SUPPORT)
    data = {"text": "好的", "signature": house.signature.pk, "token": "forged", "copy": "ab12"}
    assert client.post(f"{HOME}{one.pk}/answer/", data)["Location"] == f"{HOME}{one.pk}/change/?box=new"
    assert not Dispatch.objects.exists()


def test_a_conversation_has_a_name_for_the_browser_that_says_nothing_of_the_number(house: House) -> None:
    one, other = phones(2)
    client = signed_in(roles.SUPPORT)
    pages = [client.get(f"{HOME}{reply(house, phone).pk}/change/").content.decode() for phone in (one, one, other)]
    names = [re.findall(r'data-answer="([0-9a-f]{20})"', page)[0] for page in pages]
    assert names[0] == names[1] != names[2]


def test_nobody_is_answered_who_stands_on_the_do_not_send_list(house: House) -> None:
    one = reply(house, phones(1)[0])
    client = signed_in(roles.SUPPORT)
    token = read(client.get(f"{HOME}{one.pk}/change/")).inputs["token"]["value"]
    Suppression.objects.create(phone=one.phone, scope="account", account=house.account, source="hand")
    page = read(client.get(f"{HOME}{one.pk}/change/"))
    assert "客户已退订，只能发通知。" in page.text
    assert "text" not in page.inputs
    data = {"text": "好的", "signature": house.signature.pk, "token": token}
    answer = read(client.post(f"{HOME}{one.pk}/answer/", data, follow=True))
    assert "没有发送答复" in answer.text
    assert not Dispatch.objects.exists()
    assert Reply.objects.get().state == "new"


def test_search_finds_the_conversation_and_no_address_holds_the_number(house: House) -> None:
    phone = phones(1)[0]
    one = reply(house, phone)
    client = signed_in(roles.SUPPORT)
    for typed in ("138 0000 0000", "+86 13800000000", "１３８００００００００"):
        found = client.post(f"{HOME}search/", {"phone": typed})
        assert found.headers["Location"] == f"{HOME}{one.pk}/change/?box=all"
    silent = client.post(f"{HOME}search/", {"phone": "13900000009"})
    assert silent.headers["Location"] == f"{HOME}?box=all"
    assert "139****0009 没有回复过。" in read(client.get(silent.headers["Location"])).text
    assert "11 位" in read(client.post(f"{HOME}search/", {"phone": "1380000"}, follow=True)).text


def test_news_come_once_and_only_when_there_are_some(house: House) -> None:
    one = reply(house, phones(1)[0], "第一句")
    client = signed_in(roles.SUPPORT)
    url = f"{reverse('admin:messaging_reply_changes')}?box=new&chosen={one.pk}"
    first = client.get(url).json()
    assert "第一句" in first["list"]
    assert "第一句" in first["thread"]
    assert client.get(f"{url}&mark={first['mark']}").json() == {"mark": first["mark"]}
    two = reply(house, phones(1)[0], "第二句")
    news = client.get(f"{url}&mark={first['mark']}").json()
    assert "第二句" in news["list"]
    assert news["seen"] == two.pk
    assert news["said"] == "2 条未读回复"


def test_who_looks_and_who_acts(house: House) -> None:
    one = reply(house, phones(1)[0])
    manager = signed_in(roles.CAMPAIGNS)
    page = read(manager.get(f"{HOME}{one.pk}/change/"))
    assert not {"text", "person", "seen"} & set(page.inputs)
    Reply.objects.update(tag="发票")
    for act in ("take", "close", "assign", "answer", "tag", "untag"):
        assert manager.post(f"{HOME}{one.pk}/{act}/", {"tag": "发票"}).status_code == 403
    page = read(manager.get(f"{HOME}{one.pk}/change/"))
    assert "标签 发票" in page.text
    assert not any("/tag/" in form["action"] or "/untag/" in form["action"] for form in page.forms if "action" in form)
    assert Reply.objects.get().tag == "发票"
    marketing = signed_in(roles.MARKETING)
    for url in (HOME, f"{HOME}{one.pk}/change/", f"{HOME}changes.json"):
        assert marketing.get(url).status_code == 403
    assert signed_in(roles.SUPPORT).get(f"{HOME}999/change/").status_code == 404


def test_a_page_back_in_time_goes_on_from_where_the_first_ended(house: House) -> None:
    phone, now = phones(1)[0], timezone.now()
    for n in range(threads.SHOWN + 5):
        one = reply(house, phone, f"第{n}句", replied_at=now - timedelta(minutes=100 - n))
    thread = threads.thread(phone)
    earlier = threads.thread(phone, thread.earlier)
    words = [item.row.content for item in (*earlier.items, *thread.items)]
    assert words == [f"第{n}句" for n in range(threads.SHOWN + 5)]
    assert earlier.earlier is None
    assert thread.earlier
    until = urlencode({"until": thread.earlier.isoformat()})
    assert "第0句" in read(signed_in(roles.SUPPORT).get(f"{HOME}{one.pk}/change/?{until}")).text


# --- tags -----------------------------------------------------------------------------------------------------------


def acts(action: str) -> list[dict[str, Any]]:
    rows = AuditEvent.objects.filter(action=action, actor=person(roles.SUPPORT)).order_by("pk")
    return list(rows.values_list("detail", flat=True))


def test_a_conversation_is_tagged_and_untagged_by_hand(house: House) -> None:
    a, b = phones(2)
    old, newest, other = reply(house, a, "一"), reply(house, a, "二"), reply(house, b, "三")
    client = signed_in(roles.SUPPORT)
    page = read(client.post(f"{HOME}{old.pk}/tag/?box=all", {"tag": " 投诉 ", "seen": newest.pk}, follow=True))
    assert "已加标签“投诉”" in page.text
    assert dict(Reply.objects.values_list("content", "tag")) == {"一": "", "二": "投诉", "三": ""}
    assert acts("reply.tagged") == [{"phone": "138****0000", "tag": "投诉"}]
    again = read(client.post(f"{HOME}{old.pk}/tag/", {"tag": "投诉", "seen": newest.pk}, follow=True))
    assert "已有标签" in again.text
    assert len(acts("reply.tagged")) == 1
    page = read(client.post(f"{HOME}{newest.pk}/untag/", {"tag": "投诉", "seen": newest.pk}, follow=True))
    assert "已去掉标签“投诉”" in page.text
    assert not Reply.objects.exclude(tag="").exists()
    assert acts("reply.untagged") == [{"phone": "138****0000", "tag": "投诉"}]
    page = read(client.post(f"{HOME}{other.pk}/untag/", {"tag": "投诉"}, follow=True))
    assert "已没有这个标签" in page.text
    assert len(acts("reply.untagged")) == 1


def test_one_message_has_one_tag_and_which_went_is_said(house: House) -> None:
    one = reply(house, phones(1)[0], tag="发票")
    client = signed_in(roles.SUPPORT)
    page = read(client.post(f"{HOME}{one.pk}/tag/", {"tag": "投诉"}, follow=True))
    assert "标签“发票”换成了“投诉”" in page.text
    assert Reply.objects.get().tag == "投诉"
    assert acts("reply.tagged")[0]["instead_of"] == "发票"


def test_a_tag_leaves_alone_what_arrived_after_the_page(house: House) -> None:
    phone = phones(1)[0]
    seen, late = reply(house, phone, "一"), reply(house, phone, "二", tag="发票")
    answers.tag(seen, "投诉", None, seen.pk)
    assert dict(Reply.objects.values_list("content", "tag")) == {"一": "投诉", "二": "发票"}
    assert not answers.untag(seen, "发票", None, seen.pk)
    assert answers.untag(seen, "发票", None, late.pk)


@pytest.mark.parametrize("word", ["", "   ", "长" * 21])
def test_a_tag_is_a_word_of_at_most_twenty_signs(house: House, word: str) -> None:
    one = reply(house, phones(1)[0])
    answer = signed_in(roles.SUPPORT).post(f"{HOME}{one.pk}/tag/", {"tag": word}, follow=True)
    assert "20" in read(answer).text or "请先写标签" in read(answer).text
    assert Reply.objects.get().tag == ""
    assert not AuditEvent.objects.filter(action="reply.tagged").exists()


def test_the_filter_finds_the_conversation_and_knows_the_tags_of_people(house: House) -> None:
    a, b, c = phones(3)
    me = person(roles.SUPPORT)
    KeywordRule.objects.create(word="发票", action="tag", tag="发票")
    first = reply(house, a, "甲一", state="closed")
    reply(house, b, "乙一", state="assigned", assigned_to=me)
    reply(house, c, "丙一")
    answers.tag(first, "投诉", me)
    # The customer writes again: it is the same conversation, whose older message has the tag.
    reply(house, a, "甲二")
    assert threads.tags() == ["发票", "投诉"]
    assert shown("new", me, tag="投诉") == ["甲二"]
    assert shown("mine", me, tag="投诉") == []
    assert shown("all", me, tag="投诉") == ["甲一"]
    assert shown("new", me, tag="发票") == []
    (found,) = threads.page("new", me, tag="投诉").replies
    assert found.tags == ["投诉"]  # type: ignore[attr-defined]
    page = signed_in(roles.SUPPORT).get(f"{HOME}?box=new&tag=投诉").content.decode()
    assert "<option selected>投诉</option>" in page
    assert "甲二" in page
    assert "丙一" not in page
    answers.untag(first, "投诉", me)
    assert shown("new", me, tag="投诉") == []
    assert threads.tags() == ["发票"]


def test_tags_that_exist_are_suggested(house: House) -> None:
    KeywordRule.objects.create(word="发票", action="tag", tag="发票")
    one = reply(house, phones(1)[0], tag="投诉")
    html = signed_in(roles.SUPPORT).get(f"{HOME}{one.pk}/change/").content.decode()
    suggested = html.split('<datalist id="inbox-tags">')[1].split("</datalist>")[0].strip()
    assert suggested == '<option value="发票"></option><option value="投诉"></option>'


def test_a_link_tags_nothing(house: House) -> None:
    one = reply(house, phones(1)[0], tag="发票")
    client = signed_in(roles.SUPPORT)
    client.get(f"{HOME}{one.pk}/tag/?tag=x")
    client.get(f"{HOME}{one.pk}/untag/?tag=发票")
    assert Reply.objects.get().tag == "发票"
    assert client.post(f"{HOME}999/tag/", {"tag": "x"}).status_code == 404
