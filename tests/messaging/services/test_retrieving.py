"""A poll's answer that was lost on the way is asked for again, and counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging.accounts import health
from messaging.callbacks import poll, retrieve
from messaging.deliveries import status
from messaging.models import PollState, VendorCall
from messaging.sending import hand_over
from tests.builders import phones

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def at(*minutes):
    return [NOON + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([], []),
        (at(0), [(-1, 9)]),
        (at(0, 3, 8), [(-1, 9)]),
        (at(0, 8.5), [(-1, 9), (7.5, 17.5)]),
        (at(0, 30), [(-1, 9), (29, 39)]),
        (at(58), [(57, 60)]),
        (at(62), []),
    ],
)
def test_few_windows_cover_all_moments_and_end_now(moments, found):
    pieces = retrieve.windows(moments, NOON + timedelta(minutes=60))
    assert pieces == [(NOON + timedelta(minutes=a), NOON + timedelta(minutes=b)) for a, b in found]


@pytest.fixture
def silent(house):
    """An account whose receipts were taken by a poll and lost."""
    mount = house.sandbox.mount("emay")
    mount.world.settings["pushes"] = "none"
    account = house.make_account(
        name="短信",
        vendor="emay",
        base_url=house.sandbox.base_url("emay"),
        credentials=dict(mount.sandbox.credentials),
    )
    dispatch = house.make_dispatch(phones(5), account=account, version=None, chatbot=None, text="您好")
    hand_over.send_some(dispatch.pk)
    lost = health.adapter_for(account).poll("receipt")
    assert not lost.empty
    asked = timezone.now() - timedelta(minutes=5)
    PollState.objects.create(account=account, kind="receipt", asked_at=asked, missing_since=asked)
    return dispatch, mount.world


def test_lost_receipts_come_again_and_the_gap_is_closed(silent):
    dispatch, _world = silent
    assert status.dispatch_counts([dispatch.pk]) == {"submitted": 5}
    assert retrieve.fill_gaps() == 1
    poll.poll(dispatch.account_id, "receipt")
    assert status.dispatch_counts([dispatch.pk]) == {"delivered": 5}
    assert PollState.objects.get(kind="receipt").missing_since is None


def test_a_poll_under_way_is_waited_for(silent):
    PollState.objects.update(asked_at=timezone.now())
    assert retrieve.fill_gaps() == 0
    assert not VendorCall.objects.filter(operation="retrieve").exists()


def test_a_refusal_is_kept_and_not_repeated_within_the_hour(silent):
    dispatch, world = silent
    world.settings["retrieve"] = False
    assert [retrieve.fill_gaps(), retrieve.fill_gaps()] == [0, 0]
    row = PollState.objects.get(kind="receipt")
    assert row.detail == "ERROR_NO_RETRIEVE_SERVICE"
    assert row.missing_since is not None
    assert VendorCall.objects.filter(operation="retrieve").count() == 1
    dispatch.account.refresh_from_db()
    assert dispatch.account.status == "ok"
    PollState.objects.update(retrieved_at=timezone.now() - retrieve.AGAIN_AFTER)
    world.settings["retrieve"] = True
    assert retrieve.fill_gaps() == 1


def test_a_vendor_that_gives_receipts_once_is_left_alone(house):
    PollState.objects.create(account=house.account, kind="receipt", missing_since=timezone.now())
    assert retrieve.fill_gaps() == 0


def test_a_person_may_ask_for_a_span(silent, capsys):
    dispatch, _world = silent
    now = timezone.localtime()
    call_command(
        "retrieve_receipts", "短信", f"{now - timedelta(minutes=25):%Y-%m-%dT%H:%M}", f"{now:%Y-%m-%dT%H:%M:%S}"
    )
    assert "again" in capsys.readouterr().out
    assert VendorCall.objects.filter(operation="retrieve").count() == 3
    poll.poll(dispatch.account_id, "receipt")
    assert status.dispatch_counts([dispatch.pk]) == {"delivered": 5}


@pytest.mark.parametrize("name", ["没有", "5G-主账号"])
def test_the_command_says_why_not(house, name):
    with pytest.raises(CommandError):
        call_command("retrieve_receipts", name, "2026-05-20T10:00", "2026-05-20T10:05")
