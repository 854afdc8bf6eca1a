"""What PostgreSQL says of itself: another server, another timeline. Not collected on SQLite, which says nothing."""

import pytest

from kit import clock
from messaging.fence import State, identity
from messaging.models import Fence, FenceHold, FenceMark
from messaging.sending.claim import Claimed, Held
from tests.messaging.fence.conftest import rule

pytestmark = pytest.mark.django_db


def test_a_dump_on_another_server_is_held(hosts, queued, monkeypatch):
    host = hosts()
    assert host.beat().is_open
    assert Fence.objects.get().system_identifier == identity.ask().system_identifier != ""
    Fence.objects.update(system_identifier="7000000000000000001")
    host.ends()
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert rule() == 2


def test_after_a_promotion_that_lost_nothing_it_goes_on_and_claims_are_unknown(hosts, queued, monkeypatch):
    a, b = hosts("a"), hosts("b")
    a.beat()
    claimed = a.claim(queued, monkeypatch).batch
    b.beat()
    a.beat()
    assert b.beat().is_open
    Fence.objects.update(timeline=0)
    a.ends()
    assert a.look().state is State.WAIT, "host b has not reported yet"
    assert a.claim(queued, monkeypatch) == Held("fence")
    claimed.refresh_from_db()
    assert (claimed.state, claimed.reason) == ("unknown", "restored")
    b.ends()
    assert b.beat().is_open
    assert a.beat().is_open
    assert isinstance(a.claim(queued, monkeypatch), Claimed)
    assert Fence.objects.get().timeline == identity.ask().timeline
    assert rule() is None


def test_a_promotion_with_a_host_that_says_nothing_is_held(hosts, queued, monkeypatch, at_once):
    a = hosts("a")
    a.beat()
    FenceMark.objects.create(host="gone", slot="0-x", seq=5, beat_at=clock.now())
    Fence.objects.update(timeline=0)
    a.ends()
    a.look()
    a.look()
    assert rule() == 3
    assert FenceHold.objects.get().evidence["absent"] == ["gone"]


def test_a_promotion_that_lost_something_is_held_at_once(hosts, backup):
    a = hosts("a")
    a.beat()
    before = backup()
    a.beat()
    before.restore()
    Fence.objects.update(timeline=0)
    a.ends()
    assert not a.look().is_open
    assert rule() == 3
