"""One claim takes several batches only where that takes nothing from others and the pace has room for them."""

import time
from decimal import Decimal

import pytest
from django.utils import timezone

from messaging.models import AccountRateLimit, Batch, Dispatch, Suppression, VendorAccount
from messaging.sending import claim, dispatches, hand_over
from messaging.sending.claim import Claimed, Held
from tests.builders import phones

pytestmark = pytest.mark.django_db


@pytest.fixture
def wide(house):
    """An account that may have sixty-four requests on the wire, at any pace."""
    VendorAccount.objects.filter(pk=house.account.pk).update(in_flight=64, per_second=Decimal("999999.99"))
    return house


def test_a_wide_account_gives_several_at_once_in_order(wide):
    dispatch = wide.make_dispatch(phones(200))
    found = claim.claim_next(dispatch.pk, 8)
    assert isinstance(found, Claimed)
    assert [slot.batch.number for slot in found.slots] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert Batch.objects.filter(state="claimed").count() == 8
    assert len({slot.batch.claim for slot in found.slots}) == 1


def test_a_narrow_account_leaves_its_slots_to_others(house):
    dispatch = house.make_dispatch(phones(100))  # two in flight
    found = claim.claim_next(dispatch.pk, 8)
    assert isinstance(found, Claimed)
    assert len(found.slots) == 1
    assert isinstance(claim.claim_next(dispatch.pk, 8), Claimed)
    assert claim.claim_next(dispatch.pk, 8) == Held("in_flight", 0.2)


def test_a_slow_pace_gives_one_at_a_time(wide):
    VendorAccount.objects.filter(pk=wide.account.pk).update(per_second=Decimal("100"))  # 20 people: 0.2 s
    found = claim.claim_next(wide.make_dispatch(phones(100)).pk, 8)
    assert isinstance(found, Claimed)
    assert len(found.slots) == 1


def test_each_of_several_has_its_own_slot_on_the_clock(wide):
    VendorAccount.objects.filter(pk=wide.account.pk).update(per_second=Decimal("2000"))  # 20 people: 10 ms
    found = claim.claim_next(wide.make_dispatch(phones(200)).pk, 8)
    assert isinstance(found, Claimed)
    gaps = [after.at - before.at for before, after in zip(found.slots, found.slots[1:], strict=False)]
    assert gaps == pytest.approx([0.01] * len(gaps))
    assert 2 <= len(found.slots) <= 6  # those within 50 ms


def test_nobody_waits_out_a_booking_of_a_clock_put_back_or_of_a_slower_pace(house):
    VendorAccount.objects.filter(pk=house.account.pk).update(per_second=Decimal("2000"))
    dispatch = house.make_dispatch(phones(20), per_second=4000)
    hour = time.time() + 3600
    AccountRateLimit.objects.update_or_create(account=house.account, defaults={"free_at": hour})
    Dispatch.objects.filter(pk=dispatch.pk).update(free_at=hour)
    held = claim.claim_next(dispatch.pk)
    assert isinstance(held, Held)
    assert held.seconds == pytest.approx(2.5, abs=0.1)  # the longest wait and a thousand people


def test_a_suppressed_person_is_skipped_in_his_batch_alone(wide):
    dispatch = wide.make_dispatch(phones(60))
    Suppression.objects.create(phone=phones(60)[25], scope="all", source="hand")
    found = claim.claim_next(dispatch.pk, 8)
    assert isinstance(found, Claimed)
    assert [slot.batch.n_skipped for slot in found.slots] == [0, 1, 0]
    assert list(Batch.objects.order_by("number").values_list("n_skipped", flat=True)) == [0, 1, 0]


def test_trouble_gives_the_rest_back(wide, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "status": 503, "when": "before", "count": 1}])
    dispatch = wide.make_dispatch(phones(100))
    found = claim.claim_next(dispatch.pk, 8)
    hand_over.hand_over_all(found)
    assert list(Batch.objects.order_by("number").values_list("state", flat=True)) == ["unknown", *["queued"] * 4]


def test_a_pause_stops_what_is_claimed_and_not_yet_sent(wide):
    dispatch = wide.make_dispatch(phones(100))
    found = claim.claim_next(dispatch.pk, 8)
    dispatches.pause(dispatch)
    hand_over.hand_over_all(found)
    assert wide.accepted() == {}
    assert set(Batch.objects.values_list("state", flat=True)) == {"queued"}


def test_an_old_claim_is_asked_anew(wide, monkeypatch):
    monkeypatch.setattr(hand_over, "STALE_SECONDS", -1)
    dispatch = wide.make_dispatch(phones(100))
    hand_over.hand_over_all(claim.claim_next(dispatch.pk, 8))
    assert list(Batch.objects.order_by("number").values_list("state", flat=True)) == ["submitted", *["queued"] * 4]
    assert timezone.now() >= Batch.objects.get(number=1).submitted_at
