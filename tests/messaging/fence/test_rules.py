"""What is seen of a database that is behind what was sent, rule by rule; and all that is healthy and must ask nothing."""

import pytest

from messaging.fence import State, identity
from messaging.models import Attempt, Batch, Fence, FenceHold, FenceMark
from messaging.sending.claim import Claimed, Held
from tests.messaging.fence.conftest import age, rule

pytestmark = pytest.mark.django_db


# --- rule 11 and 5: nothing was ever sent, and all as it should be ---------------------------------------------------------


def test_a_new_installation_sends_without_a_question(hosts, queued, monkeypatch, house):
    assert hosts().send(queued, monkeypatch) == "nothing"
    assert house.accepted() == dict.fromkeys((str(13800000000 + n) for n in range(60)), 1)
    assert rule() is None


def test_each_claim_counts_the_mark_up_and_its_file_holds_the_batches(hosts, queued, monkeypatch):
    from messaging.fence import files

    host = hosts()
    found = host.claim(queued, monkeypatch)
    assert isinstance(found, Claimed)
    (record,) = files.all_of(str(identity.row().key)).values()
    (row,) = FenceMark.objects.all()
    assert (record.seq, row.seq, record.batches) == (1, 1, (found.batch.pk,))
    host.claim(queued, monkeypatch)
    (record,) = files.all_of(str(identity.row().key)).values()
    assert (record.seq, FenceMark.objects.get().seq) == (2, 2)


def test_killed_between_the_commit_and_the_file_it_goes_on(hosts, queued, monkeypatch):
    host = hosts()
    host.beat()
    host.claim(queued, monkeypatch)
    FenceMark.objects.filter(slot=host.process.slot.record.slot).update(seq=2)  # committed; the file says 1
    host.ends()
    assert host.beat().is_open
    assert host.send(queued, monkeypatch) in ("nothing", "in_flight", "time")
    assert rule() is None


def test_a_file_that_cannot_be_written_sends_nothing_and_gives_the_batch_back(hosts, queued, monkeypatch, house):
    host = hosts()
    host.look()
    monkeypatch.setattr("os.fdatasync", lambda _descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert set(Batch.objects.values_list("state", flat=True)) == {"queued"}
    assert house.accepted() == {}
    monkeypatch.undo()


@pytest.mark.parametrize("process", range(3))
def test_more_processes_of_a_host_take_slots_of_their_own(hosts, process):
    from messaging import fence

    host = hosts()
    host.beat()
    with host.at_work():
        more = [fence.Keeper() for _n in range(process + 1)]
        assert all(keeper.look().is_open for keeper in more)
        assert FenceMark.objects.count() == process + 2
        for keeper in more:
            keeper.drop()


# --- rule 4: a file is ahead -------------------------------------------------------------------------------------------


def test_an_older_state_put_back_sends_nothing(hosts, queued, monkeypatch, backup, house):
    host = hosts()
    host.beat()
    before = backup()
    assert host.send(queued, monkeypatch) == "nothing"
    sent = dict(house.accepted())
    before.restore()
    host.ends()
    standing = host.look()
    assert (standing.state, standing.hold.rule) == (State.HELD, 4)
    assert host.send(queued, monkeypatch) == "fence"
    assert house.accepted() == sent, "nobody got it twice"
    hold = FenceHold.objects.get()
    assert hold.evidence["host"] == "a"
    assert hold.evidence["file"] > hold.evidence["database"]


def test_a_process_that_lived_through_the_restore_sends_nothing_either(hosts, queued, monkeypatch, backup, house):
    host = hosts()
    host.beat()
    host.claim(queued, monkeypatch)
    before = backup()
    host.claim(queued, monkeypatch)
    before.restore()
    Batch.objects.update(state="queued")
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert rule() == 4


def test_another_host_that_knows_nothing_of_it_is_held_too(hosts, queued, monkeypatch, backup):
    a, b = hosts("a"), hosts("b")
    a.beat()
    before = backup()
    a.beat()
    before.restore()
    a.ends()
    assert not a.beat().is_open
    assert b.look().state is State.HELD
    assert b.claim(queued, monkeypatch) == Held("fence")


def test_a_mark_that_is_gone_from_the_database_holds(hosts, queued):
    host = hosts()
    host.beat()
    host.ends()
    FenceMark.objects.all().delete()
    assert not host.look().is_open
    assert rule() == 4


def test_the_second_restore_of_the_same_backup_is_seen_as_well(hosts, queued, monkeypatch, backup):
    from messaging.fence import decisions

    host = hosts()
    host.beat()
    before = backup()
    host.beat()
    before.restore()
    host.ends()
    hold = host.look().hold
    decisions.opt_outs(hold, "waived")
    decisions.mark_unknown(hold)
    assert decisions.finish(hold)
    assert host.beat().is_open
    before.restore()
    host.ends()
    assert not host.look().is_open
    assert rule() == 4


# --- rule 1: another installation ------------------------------------------------------------------------------------------


def test_a_copy_under_another_name_is_held(hosts, queued, monkeypatch, settings):
    settings.SONGDA_INSTALLATION = "production"
    host = hosts()
    assert host.beat().is_open
    assert Fence.objects.get().installation == "production"
    host.ends()
    settings.SONGDA_INSTALLATION = "staging"
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert rule() == 1


def test_a_running_process_notices_the_name_at_its_next_claim(hosts, queued, monkeypatch, settings):
    host = hosts()
    assert isinstance(host.claim(queued, monkeypatch), Claimed)
    Fence.objects.update(installation="production")
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert rule() == 1


# --- rule 6: a cloned host -------------------------------------------------------------------------------------------------


def test_two_hosts_with_the_same_file_part(hosts, monkeypatch, queued):
    import shutil

    a, b = hosts("a"), hosts("b")
    a.beat()
    shutil.copytree(a.place, b.place)
    for _n in range(3):
        a.beat()
    b.beat()  # sees somebody alive, does not know yet whether he goes on
    a.beat()
    assert b.beat().is_open
    assert b.supervisor.slot.record.slot != a.supervisor.slot.record.slot
    assert {mark.host for mark in FenceMark.objects.all()} == {"a", "b"}
    assert rule() is None


# --- rule 7 and 8: a host without a file --------------------------------------------------------------------------------


def test_scale_out_waits_for_a_sign_of_life_and_goes_on(hosts, monkeypatch, queued):
    a, b = hosts("a"), hosts("b")
    a.beat()
    assert b.look().state is State.WAIT
    assert b.claim(queued, monkeypatch) == Held("fence")
    a.beat()
    assert isinstance(b.claim(queued, monkeypatch), Claimed)
    assert rule() is None


def test_a_young_beat_that_stands_still_is_no_life(hosts, queued, at_once):
    a, b = hosts("a"), hosts("b")
    a.beat()
    b.look()
    b.look()
    assert rule() == 8


def test_a_container_without_its_file_goes_on_after_a_clean_stop(hosts, queued, monkeypatch):
    a = hosts("a")
    a.beat()
    a.send(queued, monkeypatch)
    a.stops()
    a.loses_its_disk()
    age(minutes=14)
    assert a.look().is_open
    assert rule() is None


@pytest.mark.parametrize(("clean", "minutes"), [(True, 16), (False, 1)])
def test_a_container_without_its_file_asks_after_a_kill_or_too_long(
    hosts, queued, monkeypatch, at_once, clean, minutes
):
    a = hosts("a")
    a.beat()
    a.send(queued, monkeypatch)
    if clean:
        a.stops()
    a.loses_its_disk()
    age(minutes=minutes)
    a.look()
    a.look()
    assert rule() == 8


def test_an_upgrade_from_before_the_fence_asks_nothing(hosts, queued, monkeypatch):
    host = hosts()
    host.send(queued, monkeypatch)
    host.loses_its_disk()
    FenceMark.objects.all().delete()
    assert Attempt.objects.exists()
    assert host.look().is_open


# --- rule 9: all agree, and yet ----------------------------------------------------------------------------------------------


def test_hours_of_silence_without_goodbye_and_something_due_ask(hosts, queued):
    host = hosts()
    host.beat()
    host.ends()
    age(hours=7)
    assert not host.look().is_open
    assert rule() == 9


@pytest.mark.parametrize("why", ["nothing is due", "stopped in order", "not so long"])
def test_hours_of_silence_are_fine_if(hosts, queued, why):
    host = hosts()
    host.beat()
    if why == "nothing is due":
        Batch.objects.update(state="submitted")
    if why == "stopped in order":
        host.stops()
    host.ends()
    age(hours=5 if why == "not so long" else 7)
    assert host.look().is_open


# --- healthy -------------------------------------------------------------------------------------------------------------------


def test_restart_and_rolling_restart_ask_nothing(hosts, queued, monkeypatch):
    a, b = hosts("a"), hosts("b")
    a.beat()
    b.beat()
    a.beat()
    assert b.beat().is_open
    for host in (a, b, a):
        host.stops()
        assert host.beat().is_open
        assert isinstance(host.claim(queued, monkeypatch), Claimed)
        Batch.objects.update(state="queued")
        host.ends()
        assert host.beat().is_open
    assert rule() is None


def test_a_torn_write_leaves_the_record_before(hosts, queued, monkeypatch):
    from messaging.fence import files

    host = hosts()
    host.beat()
    host.beat()
    host.ends()
    (path,) = host.place.rglob("*.mark")
    data = bytearray(path.read_bytes())
    newest = files.PAGE * (FenceMark.objects.get().seq % 2)
    data[newest + 20 : newest + 40] = b"\0" * 20
    path.write_bytes(bytes(data))
    assert host.beat().is_open
    assert rule() is None
