"""Replies that rules settle: suppressed, tagged, answered; and what is left to people."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.gateway.types import ReplyEvent
from messaging.inbox import answers, keywords, replies
from messaging.models import Dispatch, KeywordRule, Reply, Suppression
from messaging.sending import claim
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db
PHONE = "13800000001"


def say(house: Any, content: str, key: str = "k1") -> Reply:
    assert replies.store(house.account, ReplyEvent(key=key, phone=PHONE, content=content, at=timezone.now()))
    return Reply.objects.get(key=key)


@pytest.mark.parametrize(
    ("word", "match", "content", "fits"),
    [
        ("人工", "exact", " 人工。", True),
        ("人工", "exact", "转人工", False),
        ("人工", "exact", "人工服务", False),
        ("人工", "prefix", "人工服务", True),
        ("yes", "exact", "ＹＥＳ！", True),
        ("yes", "prefix", "Yes please", True),
        ("yes", "prefix", "oh yes", False),
        ("。", "prefix", "你好", False),
    ],
)
def test_how_a_keyword_fits(house: Any, word: str, match: str, content: str, fits: bool) -> None:
    rule = KeywordRule.objects.create(word=word, match=match, action="tag", tag="x")
    assert keywords.rule_for(house.account, content) == (rule if fits else None)


def test_the_first_by_order_acts_and_those_of_other_accounts_or_switched_off_do_not(house: Any) -> None:
    other = house.make_account("备用")
    KeywordRule.objects.create(word="人工", action="tag", tag="off", order=1, enabled=False)
    KeywordRule.objects.create(word="人工", action="tag", tag="other", order=2, account=other)
    KeywordRule.objects.create(word="人工", match="prefix", action="tag", tag="second", order=20)
    KeywordRule.objects.create(word="人工", match="exact", action="tag", tag="first", order=10, account=house.account)
    reply = say(house, "人工")
    assert (reply.tag, reply.state) == ("first", Reply.State.NEW)


def test_a_rule_suppresses_and_stops_what_is_queued(house: Any) -> None:
    dispatch = house.make_dispatch([PHONE])
    KeywordRule.objects.create(word="别发", match="prefix", action="suppress")
    reply = say(house, "别发了")
    assert (reply.state, reply.is_opt_out) == (Reply.State.AUTO, True)
    assert Suppression.objects.get(phone=PHONE).source == "reply"
    delivery = dispatch.deliveries.get()
    assert (delivery.own_status, delivery.reason) == (20, "opted_out")
    event = AuditEvent.objects.get(action="keyword.applied")
    assert event.detail == {"phone": "138****0001", "reply": reply.pk, "action": "suppress"}


def test_a_rule_answers_once_a_day(house: Any) -> None:
    KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="每天 9 点到 18 点。", tag="时间")
    assert say(house, "几点开门").state == Reply.State.AUTO
    answer = Dispatch.objects.get(kind=Dispatch.Kind.ANSWER)
    assert (answer.text, answer.account, answer.deliveries.get().phone) == ("每天 9 点到 18 点。", house.account, PHONE)
    assert say(house, "几点关门", key="k2").state == Reply.State.NEW
    assert Dispatch.objects.filter(kind=Dispatch.Kind.ANSWER).count() == 1


def test_no_rule_answers_who_wants_nothing(house: Any) -> None:
    KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="每天 9 点到 18 点。")
    Suppression.objects.create(phone=PHONE, scope="all", source="hand")
    assert say(house, "几点开门").state == Reply.State.NEW
    assert not Dispatch.objects.exists()


def test_opt_out_words_come_before_all_rules(house: Any) -> None:
    KeywordRule.objects.create(word="R", action="tag", tag="x", order=1)
    reply = say(house, "r")
    assert (reply.is_opt_out, reply.tag) == (True, "")


def test_a_repeat_applies_no_rule_again(house: Any) -> None:
    KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="每天 9 点到 18 点。")
    say(house, "几点开门")
    event = ReplyEvent(key="k1", phone=PHONE, content="几点开门", at=timezone.now())
    assert not replies.store(house.account, event)
    assert Dispatch.objects.count() == 1


def test_what_a_rule_answered_a_person_may_answer_too(house: Any) -> None:
    KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="每天 9 点到 18 点。")
    reply = say(house, "几点开门")
    answers.answer(reply, "周日不开门。", house.signature, None)
    reply.refresh_from_db()
    assert reply.state == Reply.State.ANSWERED


def test_an_answer_keeps_to_the_hours_of_its_rule_and_is_not_sent_a_day_later(house: Any, monkeypatch: Any) -> None:
    night = datetime(2026, 11, 21, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    KeywordRule.objects.create(word="几点", match="prefix", action="answer", text="每天 9 点到 18 点。")
    assert say(house, "几点开门").state == Reply.State.AUTO
    answer = Dispatch.objects.get(kind=Dispatch.Kind.ANSWER)
    assert (answer.window_from, answer.window_until) == (time(9, 0), time(20, 30))
    assert not claim.in_window(answer, night)
    assert claim.in_window(answer, night + timedelta(hours=10))
    assert answer.send_until is not None
    assert timedelta(hours=23) < answer.send_until - timezone.now() <= timedelta(days=1)


def test_a_rule_without_hours_answers_at_any_hour(house: Any) -> None:
    KeywordRule.objects.create(word="几点", action="answer", text="九点。", answers_from=None, answers_until=None)
    say(house, "几点")
    assert Dispatch.objects.get().window_from is None


def test_a_machine_that_answers_every_answer_gets_one_a_day_whoever_settles_its_replies(house: Any) -> None:
    """Through two accounts, and although a person settles the replies in between."""
    other = house.make_account("备用")
    KeywordRule.objects.create(word="自动", match="prefix", action="answer", text="自动回复：九点。")
    for n in range(4):
        account = other if n % 2 else house.account
        event = ReplyEvent(key=f"loop{n}", phone=PHONE, content="自动回复：不在", at=timezone.now())
        assert replies.store(account, event)
        answers.close(Reply.objects.get(key=f"loop{n}"), None)
        Reply.objects.filter(key=f"loop{n}").update(state=Reply.State.ANSWERED)
    assert Dispatch.objects.filter(kind=Dispatch.Kind.ANSWER).count() == 1
    Dispatch.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    say(house, "自动回复：不在", key="next")
    assert Dispatch.objects.filter(kind=Dispatch.Kind.ANSWER).count() == 2


@pytest.mark.parametrize(("start", "end"), [("09:00", ""), ("", "20:00"), ("20:00", "09:00"), ("09:00", "09:00")])
def test_hours_that_make_no_sense_are_refused_in_words(db: None, start: str, end: str) -> None:
    client = signed_in(roles.SUPPORT)
    data = {"word": "几点", "match": "exact", "action": "answer", "text": "九点", "order": 1, "enabled": "on"}
    page = read(client.post("/admin/messaging/keywordrule/add/", {**data, "answers_from": start, "answers_until": end}))
    assert "时间" in page.text
    assert not KeywordRule.objects.exists()
    done = client.post("/admin/messaging/keywordrule/add/", {**data, "answers_from": "08:00", "answers_until": "22:00"})
    assert done.status_code == 302
    assert KeywordRule.objects.get().answers_until == time(22, 0)
