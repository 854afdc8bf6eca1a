"""One switch stops everything that goes out, says who turned it, and loses nothing."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.models import Attempt, Batch, SendingStop
from messaging.sending import claim, hand_over, stop_switch, test_sends, unknown
from messaging.sending.claim import Claimed, Held
from tests.builders import phones
from tests.markup import read
from tests.people import person, signed_in, token_on

pytestmark = pytest.mark.django_db

PAGE = "/admin/messaging/sendingstop/switch/"


def states() -> list[str]:
    return list(Batch.objects.order_by("pk").values_list("state", flat=True))


def test_nothing_is_claimed_and_what_is_claimed_is_given_back(house):
    dispatch = house.make_dispatch(phones(40))
    found = claim.claim_next(dispatch.pk)
    assert isinstance(found, Claimed)
    stop_switch.stop("服务商报错")
    assert states() == ["queued", "queued"]
    assert claim.claim_next(dispatch.pk) == Held("stopped")
    assert not hand_over.hand_over(found.batch, found), "its claim is gone"
    assert hand_over.send_some(dispatch.pk) == "stopped"
    assert (house.accepted(), Attempt.objects.count()) == ({}, 0)
    assert stop_switch.resume("已恢复")
    assert hand_over.send_some(dispatch.pk) == "nothing"
    assert house.accepted() == dict.fromkeys(phones(40), 1)


def test_the_step_onto_the_wire_asks_again(house):
    """A claim that the stop did not see, because somebody held its row."""
    dispatch = house.make_dispatch(phones(3))
    found = claim.claim_next(dispatch.pk)
    SendingStop.objects.create(reason="x", stopped_at=timezone.now())
    assert hand_over.begin(found.batch, found.dispatch) is None
    assert states() == ["queued"]


def test_test_sends_and_answers_wait_too(house, run_queue):
    stop_switch.stop("演练")
    test_sends.send_test(house.message(), phones(2))
    run_queue()
    assert (states(), house.accepted()) == (["queued"], {})
    stop_switch.resume("演练结束")
    run_queue()
    assert house.accepted() == dict.fromkeys(phones(2), 1)


def test_no_vendor_is_asked_about_an_unknown_batch_since_that_may_send_it(house, monkeypatch):
    from dataclasses import replace

    from messaging.gateway import registry

    vendor = registry.vendor_class("rcs_gateway")
    monkeypatch.setattr(vendor, "capabilities", replace(vendor.capabilities, repeat_is_safe=True))
    dispatch = house.make_dispatch(phones(3))
    long_ago = timezone.now() - timedelta(minutes=5)
    Batch.objects.update(state="unknown", attempts_made=1, claimed_at=long_ago)
    Attempt.objects.create(
        batch=Batch.objects.get(),
        account=dispatch.account,
        number=1,
        reference="r1",
        outcome="unknown",
        started_at=long_ago,
    )
    stop_switch.stop("服务商报错")
    unknown.ask_vendor(Batch.objects.get().pk)
    assert house.accepted() == {}
    stop_switch.resume("好了")
    unknown.ask_vendor(Batch.objects.get().pk)
    assert house.accepted() == dict.fromkeys(phones(3), 1)


def test_of_two_who_press_one_does_it_and_both_are_told_who(house, caplog):
    zhang = person(roles.CAMPAIGNS)
    with caplog.at_level(logging.WARNING):
        first = stop_switch.stop("投诉", actor=zhang)
        second = stop_switch.stop("另一个原因", name="manage.py (ops)")
    assert (first, second.reason, second.stopped_by) == (second, "投诉", zhang)
    assert "All sending is stopped: 投诉" in caplog.text
    assert [
        (event.action, event.actor, event.detail) for event in AuditEvent.objects.filter(action__startswith="sending.")
    ] == [("sending.stopped", zhang, {"reason": "投诉"})]
    assert stop_switch.resume("解决了", actor=zhang)
    assert not stop_switch.resume("解决了", actor=zhang)
    row = SendingStop.objects.get()
    assert (row.holds, row.resume_reason, row.resumed_by) == (None, "解决了", zhang)


@pytest.mark.parametrize("act", [stop_switch.stop, stop_switch.resume])
def test_without_a_reason_nothing_happens(act):
    with pytest.raises(ValidationError):
        act("  ")
    assert not SendingStop.objects.exists()


def test_the_commands(capsys):
    call_command("stop_sending", reason="机房断电")
    assert "All sending is stopped since" in capsys.readouterr().out
    row = SendingStop.objects.get()
    assert row.holds
    assert row.stopped_name.startswith("manage.py (")
    assert AuditEvent.objects.get(action="sending.stopped").detail["on_host"] == row.stopped_name
    call_command("resume_sending", reason="来电了")
    assert "Sending goes on." in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nothing was stopped"):
        call_command("resume_sending", reason="来电了")
    with pytest.raises(CommandError, match="required: --reason"):
        call_command("stop_sending")


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [roles.CAMPAIGNS, roles.ADMINISTRATORS])
def test_it_is_turned_on_a_page_and_stands_on_every_page(role):
    client = signed_in(role)
    response = client.post(PAGE, {"token": token_on(client, PAGE), "reason": "内容有误"})
    assert response.status_code == 302
    assert stop_switch.current().stopped_by == person(role)
    for somebody in (signed_in(roles.SUPPORT), signed_in(roles.MARKETING), client):
        bar = read(somebody.get("/admin/")).text
        assert f"{role} 在" in bar
        assert "停止了全部发送：内容有误" in bar
    assert "恢复全部发送" in read(client.get("/admin/")).text
    response = client.post(PAGE, {"token": token_on(client, PAGE), "reason": "改好了"})
    assert stop_switch.current() is None
    assert "停止了全部发送" not in read(client.get("/admin/")).text
    history = read(client.get("/admin/messaging/sendingstop/")).text
    assert "内容有误" in history
    assert "改好了" in history


def test_a_form_of_the_other_way_changes_nothing_and_says_who_turned_the_switch():
    client = signed_in(roles.CAMPAIGNS)
    zhang = User.objects.create(username="zhangsan", first_name="张三")
    stale = token_on(client, PAGE)
    stopped = stop_switch.stop("同事先按了", actor=zhang)
    stopped.stopped_at -= timedelta(days=1)
    stopped.save()
    text = read(client.post(PAGE, {"token": stale, "reason": "内容有误"}, follow=True)).text
    at = timezone.localtime(stopped.stopped_at).strftime("%H:%M")
    later = "您的页面是在这之前打开的，所以没有再做任何操作，填写的原因也没有保存。"
    assert f"张三 在 昨天 {at} 已停止全部发送。{later}" in text
    assert text.count("同事先按了") == 1
    stale = token_on(client, PAGE)
    stop_switch.resume("改好了", actor=zhang)
    text = read(client.post(PAGE, {"token": stale, "reason": "我来恢复"}, follow=True)).text
    at = timezone.localtime(SendingStop.objects.get().resumed_at).strftime("%H:%M")
    assert f"张三 在 今天 {at} 已恢复全部发送，原因：改好了。{later}" in text
    assert (stop_switch.current(), SendingStop.objects.get().resume_reason) == (None, "改好了")


def test_the_reason_of_a_stop_stands_once_on_its_page_and_on_others():
    stop_switch.stop("内容有误", actor=person(roles.ADMINISTRATORS))
    client = signed_in(roles.CAMPAIGNS)
    for page in (PAGE, "/admin/", "/admin/campaigns/campaign/"):
        assert read(client.get(page)).text.count("内容有误") == 1, page


def test_without_a_reason_the_page_asks_for_one():
    client = signed_in(roles.CAMPAIGNS)
    response = client.post(PAGE, {"token": token_on(client, PAGE), "reason": ""})
    assert response.status_code == 200
    assert stop_switch.current() is None


@pytest.mark.parametrize("role", [roles.MARKETING, roles.SUPPORT, ""])
def test_others_may_not(role):
    client = signed_in(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"reason": "x"}).status_code == 403
