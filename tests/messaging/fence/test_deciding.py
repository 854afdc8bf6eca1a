"""What a person decides while sending is held, by `manage.py fence`, and what follows from it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from campaigns.models import AuditEvent
from messaging import fence
from messaging.deliveries import status
from messaging.fence import decisions, doubts, holds
from messaging.models import Attempt, Batch, Fence, FenceHold, Suppression
from messaging.sending.claim import Held
from messaging.states import OwnStatus
from messaging.worker import heartbeats
from tests.builders import phones
from tests.messaging.fence.conftest import manage, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def restored(hosts, queued, monkeypatch, backup, house):
    """Twenty people were sent to; a backup; twenty more were sent to; the backup came back. Twenty were never sent to."""
    host = hosts()
    host.beat()
    first = host.claim(queued, monkeypatch)
    with host.at_work():
        from messaging.sending import hand_over

        hand_over.hand_over(first.batch, first)
        before = backup()
        second = host.claim(queued, monkeypatch)
        hand_over.hand_over(second.batch, second)
    before.restore()
    host.ends()
    assert host.look().hold.rule == 4
    return host


def numbers(first: int, last: int) -> list[str]:
    return phones(60)[first:last]


def listed(tmp_path, *lines: str) -> str:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines))
    return str(path)


def test_status_says_what_is_in_doubt(restored, queued):
    found = manage("status")
    assert found["open"] is False
    (hold,) = found["holds"]
    assert (hold["rule"], hold["account"], hold["opt_outs"], hold["waits_for"]) == (4, None, "", "opt_outs")
    (line,) = hold["dispatches"]
    assert (line["id"], line["batches"], line["people"]) == (queued.pk, 2, 40)
    assert "a" in hold["why"]


def test_status_ends_with_3_while_held_and_0_when_open(restored):
    with pytest.raises(SystemExit) as ended:
        call_command("fence", "status", stdout=StringIO())
    assert ended.value.code == 3
    manage("decide", "--opt-outs", "waive", "--queued", "sent")
    out = StringIO()
    call_command("fence", "status", stdout=out)
    assert "Open: nothing is held." in out.getvalue()


def test_from_the_vendors_list_the_others_are_sent_to_once_and_nobody_twice(
    restored, queued, monkeypatch, house, tmp_path
):
    path = listed(tmp_path, "手机号,时间", *(f"{phone},2026-11-30 10:00" for phone in numbers(0, 40)))
    done = manage("decide", "--opt-outs", "waive", "--sent-from", path, "--queued", "let-go", "--reason", "核对过")
    assert (done["sent"], done["let-go"], done["open"], done["waits_for"]) == (20, 20, True, "")
    assert restored.send(queued, monkeypatch) == "nothing"
    assert house.accepted() == dict.fromkeys(numbers(0, 60), 1)
    assert rule() is None


def test_references_decide_as_well_and_keep_the_receipts_matching(restored, queued, house, tmp_path):
    second = Batch.objects.get(number=2)
    reference = f"s{Fence.objects.get().mark}-{second.pk}-1"
    manage("decide", "--sent-from", listed(tmp_path, reference))
    second.refresh_from_db()
    assert (second.state, second.attempts_made) == ("submitted", 1)
    attempt = Attempt.objects.get(batch=second)
    assert (attempt.reference, attempt.outcome) == (reference, "accepted")
    assert {line.reference for line in house.world.ledger if line.phone in numbers(20, 40)} == {reference}


def test_whoever_of_a_batch_is_not_listed_is_sent_to_under_a_new_number(restored, queued, monkeypatch, house, tmp_path):
    manage("decide", "--opt-outs", "waive", "--sent-from", listed(tmp_path, *numbers(20, 30)), "--queued", "let-go")
    rest = Batch.objects.get(split_from__number=2)
    old = Batch.objects.get(number=2)
    assert (old.size, old.state, rest.size, rest.state) == (10, "submitted", 10, "queued")
    assert rest.pk > old.pk + 10_000_000
    restored.send(queued, monkeypatch)
    counts = house.accepted()
    assert [counts[phone] for phone in numbers(30, 40)] == [2] * 10, "the list was wrong about these, and nobody else"
    assert [counts[phone] for phone in numbers(0, 30) + numbers(40, 60)] == [1] * 50
    assert status.dispatch_counts([queued.pk]) == {"submitted": 60}


def test_nobody_knows_puts_everything_to_unknown_and_receipts_settle_it(restored, queued, monkeypatch, house, client):
    done = manage("decide", "--opt-outs", "waive", "--queued", "unknown")
    assert (done["unknown"], done["open"]) == (40, True)
    assert restored.send(queued, monkeypatch) == "nothing"
    assert status.dispatch_counts([queued.pk]) == {"submitted": 20, "unknown": 40}
    second = Batch.objects.get(number=2)
    attempt = Attempt.objects.get(batch=second)
    pushed = [
        {"taskId": "t", "mobile": phone, "status": "DELIVRD", "type": 4, "callData": attempt.reference}
        for phone in numbers(20, 40)
    ]
    assert house.push("receipt", pushed, client=client).status_code == 200
    from messaging.callbacks import process

    process.apply_new()
    assert status.dispatch_counts([queued.pk]) == {"delivered": 20, "submitted": 20, "unknown": 20}


def test_a_batch_where_nobody_is_left_is_not_in_doubt(restored, queued):
    third = Batch.objects.get(number=3)
    third.deliveries.update(own_status=OwnStatus.SKIPPED)
    Batch.objects.filter(pk=third.pk).update(n_skipped=F("size"))
    (hold,) = manage("status")["holds"]
    assert [(line["batches"], line["people"]) for line in hold["dispatches"]] == [(1, 20)]
    done = manage("decide", "--opt-outs", "waive", "--queued", "sent")
    assert (done["sent"], done["open"]) == (20, True)
    third.refresh_from_db()
    assert third.state == "queued"


@pytest.mark.parametrize("how", ["sent", "unknown"])
def test_a_hundred_batches_are_decided_in_as_few_queries_as_two(restored, queued, house, how):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            decisions.mark_all_sent(hold) if how == "sent" else decisions.mark_unknown(hold)
        return len(queries)

    hold = FenceHold.objects.get()
    few = cost()
    more = house.make_dispatch(phones(1100)[100:], per_batch=10)
    Batch.objects.filter(dispatch=more).update(reason=holds.REASON, split_from=Batch.objects.earliest("pk"))
    assert doubts.batches(hold).count() == 100
    assert cost() <= few + 1  # rows go in by hundreds


def test_what_was_claimed_is_unknown_and_the_sweeper_leaves_it(hosts, queued, monkeypatch, backup, settings):
    from messaging.worker import tasks

    host = hosts()
    host.beat()
    claimed = host.claim(queued, monkeypatch).batch
    before = backup()
    host.beat()
    before.restore()
    host.ends()
    Batch.objects.filter(pk=claimed.pk).update(claimed_at="2020-01-01T00:00Z")
    with host.at_work():
        monkeypatch.setattr(fence.this_thread, "keeper", host.process)
        tasks.tick()
    claimed.refresh_from_db()
    assert (claimed.state, claimed.reason, claimed.attempts_made) == ("unknown", "restored", 1)


def test_marketing_is_not_let_go_before_the_opt_outs_are_decided(restored):
    with pytest.raises(CommandError, match="退订"):
        manage("decide", "--queued", "let-go")
    assert manage("decide", "--queued", "unknown")["waits_for"] == "opt_outs"
    assert manage("decide", "--opt-outs", "waive")["open"] is True


def test_opt_outs_of_the_lost_time_are_imported_and_not_sent_to(restored, queued, monkeypatch, house, tmp_path):
    path = tmp_path / "退订.csv"
    path.write_text("手机号\n" + "\n".join(numbers(50, 60)))
    done = manage(
        "decide", "--opt-outs", str(path), "--sent-from", listed(tmp_path, *numbers(20, 40)), "--queued", "let-go"
    )
    assert (done["open"], done["let-go"]) == (True, 10)
    restored.send(queued, monkeypatch)
    assert Suppression.objects.filter(phone__in=numbers(50, 60)).count() == 10
    assert set(house.accepted()) == set(numbers(0, 50))
    assert FenceHold.objects.get().opt_outs == "imported"


def test_new_notices_go_apart_and_nothing_else(restored, queued, monkeypatch, house):
    early = house.make_dispatch(phones(2, 13900000000), purpose="notice")
    assert restored.send(early, monkeypatch) == "fence"
    manage("decide", "--notices", "let-go")
    new = house.make_dispatch(phones(3, 13900000100), purpose="notice")
    assert [restored.send(one, monkeypatch) for one in (early, new)] == ["nothing", "nothing"]
    assert restored.send(queued, monkeypatch) == "fence"
    assert set(house.accepted()) == {*numbers(0, 40), *phones(2, 13900000000), *phones(3, 13900000100)}
    assert rule() == 4


def test_a_round_can_be_let_go_before_the_others(restored, queued, monkeypatch, house):
    other = house.make_dispatch(phones(4, 13900000000))
    Batch.objects.filter(dispatch=other).update(reason=holds.REASON, split_from=Batch.objects.first())  # of before, too
    assert restored.send(other, monkeypatch) == "fence"
    manage("decide", "--opt-outs", "waive", "--queued", "let-go", "--dispatches", str(other.pk))
    assert restored.send(other, monkeypatch) == "nothing"
    assert restored.send(queued, monkeypatch) == "fence"


def test_ids_of_two_lives_never_meet(restored, queued, house):
    last = Batch.objects.order_by("pk").last().pk
    new = house.make_dispatch(phones(1, 13900000000))
    assert new.batches.get().pk - last > 10_000_000
    hold = FenceHold.objects.get()
    assert hold.last_batch < hold.first_free == new.batches.get().pk


def test_everything_is_recorded(restored, tmp_path, django_user_model):
    django_user_model.objects.create_user("zhang")
    path = listed(tmp_path, *numbers(20, 40))
    manage(
        "decide", "--opt-outs", "waive", "--sent-from", path, "--queued", "let-go", "--by", "zhang", "--reason", "核对过"
    )  # fmt: skip
    trail = AuditEvent.objects.filter(target_type="messaging.fencehold").order_by("pk")
    assert [(event.action, event.actor and event.actor.username) for event in trail] == [
        ("fence.held", None),
        ("fence.opt_outs_decided", "zhang"),
        ("fence.marked_sent", "zhang"),
        ("fence.let_go", "zhang"),
        ("fence.ended", "zhang"),
    ]
    assert trail[2].detail == {"reason": "核对过", "people": 20}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "nobody"], "no active person"),
        (["--dispatches", "x"], "--dispatches takes numbers"),
        (["--sent-from", "/nowhere"], "cannot be read"),
        (["--opt-outs", "/nowhere"], "cannot be read"),
        (["--hold", "999999"], "not open"),
    ],
)
def test_wrong_arguments_are_said(restored, arguments, said):
    with pytest.raises(CommandError, match=said):
        manage("decide", *arguments)


def test_a_list_with_a_line_that_is_nothing_is_refused_whole(restored, tmp_path):
    with pytest.raises(CommandError, match="第 3 行"):
        manage("decide", "--sent-from", listed(tmp_path, "手机号", numbers(20, 21)[0], "很多"))
    assert set(Batch.objects.filter(number__gt=1).values_list("state", flat=True)) == {"queued"}


def test_without_a_hold_there_is_nothing_to_decide(house):
    with pytest.raises(CommandError, match="Nothing is held"):
        manage("decide", "--opt-outs", "waive")


def test_queue_alive_and_verify_and_every_page_say_it(restored, admin_client):
    heartbeats.beat("tick")
    for command in ("queue_alive", "verify"):
        err = StringIO()
        with pytest.raises((CommandError, SystemExit)) as ended:
            call_command(command, stderr=err, stdout=StringIO())
        assert "Sending is held" in err.getvalue() + str(ended.value)
    page = admin_client.get("/admin/messaging/suppression/").content.decode()
    assert "fence-hold" in page
    manage("decide", "--opt-outs", "waive", "--queued", "sent")
    assert "fence-hold" not in admin_client.get("/admin/messaging/suppression/").content.decode()


def test_claims_say_fence_while_held(restored, queued, monkeypatch):
    assert restored.claim(queued, monkeypatch) == Held("fence")
    assert json.loads(json.dumps(FenceHold.objects.get().evidence))["slot"]
