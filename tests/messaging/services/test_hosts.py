"""What each host of workers says of itself, what is seen of one that vanished, and due work that nobody begins."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns import roles
from kit import clock
from messaging import queue
from messaging.accounts.admin.calls import QUEUE_WORDS
from messaging.models import CallbackEvent, DueWork, Heartbeat, VendorAccount
from messaging.sending import hand_over, stop_switch
from messaging.states import AccountStatus
from messaging.worker import hosts, overdue, tasks
from tests.builders import phones
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def minutes_ago(n: float):
    return timezone.now() - timedelta(minutes=n)


def alive() -> None:
    hosts.beat("甲机")
    Heartbeat.objects.update_or_create(name="tick", defaults={"beat_at": timezone.now()})


# --- vanished -----------------------------------------------------------------------------------------------------


def test_what_a_vanished_host_had_taken_may_be_asked_for_again_at_once():
    hosts.beat("甲机")
    hosts.beat("乙机")
    Heartbeat.objects.filter(name="host:乙机").update(beat_at=minutes_ago(1))
    assert queue.enqueue_once("send:1:0", "messaging.worker.tasks.send_some", 1, 0)
    assert not queue.enqueue_once("send:1:0", "messaging.worker.tasks.send_some", 1, 0), "it counts as waiting"
    assert hosts.notice_lost() == ["乙机"]
    assert queue.enqueue_once("send:1:0", "messaging.worker.tasks.send_some", 1, 0)
    assert hosts.notice_lost() == [], "told once"
    hosts.beat("乙机")
    Heartbeat.objects.filter(name="host:乙机").update(beat_at=minutes_ago(1))
    assert hosts.notice_lost() == ["乙机"]


def test_a_host_that_stopped_in_order_is_missed_by_nobody():
    hosts.beat("甲机")
    hosts.beat_queue("甲机", "bulk")
    hosts.leave("甲机")
    assert not Heartbeat.objects.filter(name__contains="甲机").exists()
    assert hosts.notice_lost() == []


def test_hosts_of_yesterday_are_forgotten():
    hosts.beat("旧机")
    hosts.beat_queue("旧机", "bulk")
    Heartbeat.objects.update(beat_at=minutes_ago(25 * 60))
    hosts.beat("甲机")
    hosts.forget_old()
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["host:甲机"]


# --- heartbeats ---------------------------------------------------------------------------------------------------


def test_a_heartbeat_speaks_for_its_own_host_alone(monkeypatch):
    monkeypatch.setattr(settings, "WORKER_ID", "乙机")
    hosts.beat_queue("甲机", "bulk")
    before = hosts.queue_beat("甲机", "bulk")
    tasks.heartbeat("bulk", "甲机")
    assert hosts.queue_beat("甲机", "bulk") == before
    assert hosts.queue_beat("乙机", "bulk") is not None
    assert queue.waiting()["bulk"] == 0, "heard of lately: nothing to pass on"


def test_what_a_silent_host_asked_for_is_put_back_for_it_for_a_while(monkeypatch):
    monkeypatch.setattr(settings, "WORKER_ID", "乙机")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    hosts.beat_queue("甲机", "bulk")
    Heartbeat.objects.filter(name="queue:甲机:bulk").update(beat_at=minutes_ago(10))
    tasks.heartbeat("bulk", "甲机")
    assert queue.waiting()["bulk"] == 1
    assert queue.run_waiting() == tasks.MOST_HOPS, "and not for ever"
    monkeypatch.setattr(settings, "WORKER_ID", "甲机")
    tasks.heartbeat("bulk", "甲机", 1)
    assert queue.waiting()["bulk"] == 0
    assert clock.now() - hosts.queue_beat("甲机", "bulk") < timedelta(seconds=5)


# --- due work that nobody begins ----------------------------------------------------------------------------------


def waits(minutes: float) -> None:
    DueWork.objects.update(since=minutes_ago(minutes))


def alarm() -> list[str | None]:
    return [late.account for late in overdue.found()]


def test_due_work_that_nobody_begins_is_told_although_the_tick_goes_on(house):
    alive()
    house.make_dispatch(phones(3))
    overdue.note()
    waits(2)
    overdue.note()
    assert alarm() == [], "two minutes are none"
    waits(4)
    overdue.note()
    assert alarm() == ["5G-主账号"]
    with pytest.raises(CommandError, match="5G-主账号 are due|5G-主账号"):
        call_command("queue_alive")
    assert "账号“5G-主账号”有到点的消息，4 分钟没有人发" in read(signed_in(roles.CAMPAIGNS).get("/admin/")).text
    assert "有到点的消息" not in read(signed_in(roles.MARKETING).get("/admin/")).text


def test_work_that_goes_on_is_no_alarm(house):
    alive()
    dispatch = house.make_dispatch(phones(60))
    overdue.note()
    waits(4)
    hand_over.send_some(dispatch.pk, seconds=0.0001)
    overdue.note()
    assert alarm() == []
    call_command("queue_alive")


@pytest.mark.parametrize("why", ["account", "window", "paused", "rate", "stopped", "sent"])
def test_what_is_held_on_purpose_is_no_alarm(house, why):
    dispatch = house.make_dispatch(phones(3))
    overdue.note()
    waits(10)
    if why == "account":
        VendorAccount.objects.update(status=AccountStatus.OFF)
    elif why == "window":
        dispatch.holidays = [(timezone.localdate() + timedelta(days=n)).isoformat() for n in (0, 1)]
        dispatch.save()
    elif why == "paused":
        dispatch.state = "paused"
        dispatch.save()
    elif why == "rate":
        dispatch.free_at = timezone.now().timestamp() + 600
        dispatch.save()
    elif why == "stopped":
        stop_switch.stop("演练")
    else:
        hand_over.send_some(dispatch.pk)
    overdue.note()
    assert alarm() == []


def test_an_account_with_due_work_in_both_queues_is_told_once(house):
    house.make_dispatch(phones(3))
    house.make_dispatch(phones(3), queue="notice")
    overdue.note()
    waits(4)
    assert DueWork.objects.count() == 2
    assert alarm() == ["5G-主账号"]


def test_receipts_that_nobody_applies_are_told(house):
    alive()
    event = CallbackEvent.objects.create(account=house.account, kind="receipt", body=b"x")
    CallbackEvent.objects.filter(pk=event.pk).update(arrived_at=minutes_ago(5))
    assert alarm() == [None]
    with pytest.raises(CommandError):
        call_command("queue_alive")


# --- clocks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "words"), [(600.0, "快 600 秒"), (-42.0, "慢 42 秒")])
def test_a_wrong_clock_is_told_on_pages_and_to_the_probe(house, off, words):
    alive()
    call_command("queue_alive")
    Heartbeat.objects.filter(name="host:甲机").update(clock_off=off)
    sentence = f"任务机器 甲机 的时钟{words}"
    assert sentence in read(signed_in(roles.ADMINISTRATORS).get("/admin/")).text
    with pytest.raises(CommandError, match="甲机"):
        call_command("queue_alive")
    status = read(signed_in(roles.ADMINISTRATORS).get("/admin/messaging/vendorcall/status/")).text
    assert "不对：不发送" in status


def test_run_status_shows_each_host_and_what_it_said_last(house):
    hosts.beat("甲机")
    hosts.beat_queue("甲机", "bulk")
    hosts.beat_queue("乙机", "bulk")
    Heartbeat.objects.filter(name="queue:乙机:bulk").update(beat_at=minutes_ago(10))
    text = read(signed_in(roles.ADMINISTRATORS).get("/admin/messaging/vendorcall/status/")).text
    rows = text[text.index("bulk") : text.index("任务机器")]
    assert rows.index("乙机") < rows.index("没有心跳") < rows.index("甲机")
    assert QUEUE_WORDS.keys() == set(settings.QUEUES)
    for words in ("通知、答复和回执 notice", "群发 bulk", "名单文件、核对和排批次 import"):
        assert words in text
    assert "差 0 秒" in text
