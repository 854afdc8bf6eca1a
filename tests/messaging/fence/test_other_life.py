"""Rule 10: a receipt under our own mark, for a request that was never made here, proves another life of this database."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from messaging import fence
from messaging.callbacks import process
from messaging.deliveries import status
from messaging.fence import decisions
from messaging.gateway.types import ReceiptEvent, ReceiptStatus
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, FenceHold, Receipt, TemplateReview, VendorAccount
from messaging.receipts import apply
from messaging.sending.claim import Claimed, Held
from tests.builders import phones
from tests.messaging.fence.conftest import manage
from tests.messaging.stage import Stage

pytestmark = pytest.mark.django_db


def told(house, client, reference, numbers):
    rows = [{"taskId": "t1", "mobile": one, "status": "DELIVRD", "type": 4, "callData": reference} for one in numbers]
    assert house.push("receipt", rows, client=client).status_code == 200
    process.apply_new()


def never_begun(queued):
    return f"s{fence.mark()}-{queued.batches.get(number=3).pk}-1"


def test_a_batch_that_was_never_begun_holds_its_account_alone(hosts, queued, monkeypatch, house, client):
    other = house.make_account("另一个账号")
    TemplateReview.objects.create(version=house.version, account=other, part="main", status="approved", live=True)
    elsewhere = house.make_dispatch(phones(4, 13700000000), account=other)
    told(house, client, never_begun(queued), phones(60)[40:60])
    (hold,) = FenceHold.objects.all()
    assert (hold.rule, hold.account) == (10, house.account)
    assert hosts().claim(queued, monkeypatch) == Held("fence")
    assert isinstance(hosts().claim(elsewhere, monkeypatch), Claimed)
    assert fence.everywhere() is None


def test_a_number_that_was_never_given_out_holds_too(hosts, queued, monkeypatch, house, client):
    told(house, client, f"s{fence.mark()}-99999999-1", ["13800000000"])
    assert FenceHold.objects.get().evidence["reference"] == f"s{fence.mark()}-99999999-1"
    assert Receipt.objects.get().state == "unmatched", "it is kept, too"


@pytest.mark.parametrize("reference", ["szzzzz-1-1", "s12-1", "", "other-system", "90000000000000010001"])
def test_a_foreign_or_missing_mark_is_only_set_aside(hosts, queued, monkeypatch, house, client, reference):
    told(house, client, reference, ["13900000000"])
    assert not FenceHold.objects.exists()
    assert Receipt.objects.get().state == "unmatched"
    assert isinstance(hosts().claim(queued, monkeypatch), Claimed)


def test_what_was_sent_here_holds_nothing(hosts, queued, monkeypatch, house, client):
    hosts().send(queued, monkeypatch)
    for attempt in Attempt.objects.all():
        told(house, client, attempt.reference, [attempt.batch.deliveries.first().phone, "13999999999"])
    assert not FenceHold.objects.exists()


@pytest.mark.parametrize(
    ("pushes", "polled", "holds"),
    [("either", False, 0), ("either", True, 1), ("sealed", False, 1), ("plain", False, 0)],
)
def test_a_push_that_anybody_could_forge_stops_nobody(sandbox, db, pushes, polled, holds):
    stage = Stage(sandbox, "emay", pushes=pushes)
    vendor = process.vendor_class("emay")(stage.account.config)
    event = CallbackEvent.objects.create(account=stage.account, kind="receipt", body=b"x", polled=polled)
    lost = ReceiptEvent("k", "13800000000", ReceiptStatus.DELIVERED, reference=vendor.reference(77, 1, fence.mark()))
    with transaction.atomic():
        apply.apply_receipts(stage.account, [(lost, event)])
    assert FenceHold.objects.count() == holds


def test_an_old_serial_number_of_another_system_stops_nobody(sandbox, db):
    stage = Stage(sandbox, "yixintong")
    event = CallbackEvent.objects.create(account=stage.account, kind="receipt", body=b"x", polled=True)
    lost = ReceiptEvent("k", "13800000000", ReceiptStatus.DELIVERED, reference="90000000000000770001")
    with transaction.atomic():
        apply.apply_receipts(stage.account, [(lost, event)])
    assert not FenceHold.objects.exists()


def test_it_is_decided_as_any_other_and_the_waiting_receipt_counts(hosts, queued, monkeypatch, house, client):
    told(house, client, never_begun(queued), phones(60)[40:60])
    done = manage("decide", "--opt-outs", "waive", "--queued", "let-go")
    assert done["open"] is True
    assert queued.batches.get(number=3).state == "submitted", "receipts prove it, whatever was answered"
    from messaging.worker import sweep

    sweep.rematch_waiting()
    assert status.dispatch_counts([queued.pk]) == {"delivered": 20, "queued": 40}
    hosts().send(queued, monkeypatch)
    assert sorted(house.accepted()) == phones(60)[:40]


def test_numbers_left_to_the_other_life_hold_nothing_again(hosts, queued, monkeypatch, house, client, backup):
    host = hosts()
    host.beat()
    before = backup()
    host.beat()
    before.restore()
    host.ends()
    hold = host.look().hold
    decisions.opt_outs(hold, "waived")
    decisions.mark_all_sent(hold)
    assert decisions.finish(hold)
    told(house, client, f"s{fence.mark()}-{hold.last_batch + 5}-1", ["13900000000"])
    assert fence.open_holds().count() == 0


def test_one_that_comes_while_everything_is_held_opens_no_second_hold(hosts, queued, house, client, backup):
    host = hosts()
    host.beat()
    before = backup()
    host.beat()
    before.restore()
    host.ends()
    host.look()
    told(house, client, never_begun(queued), phones(60)[40:60])
    assert [hold.rule for hold in fence.open_holds()] == [4]


def test_the_hold_of_everything_takes_that_of_an_account_over(hosts, queued, house, client, backup):
    host = hosts()
    host.beat()
    before = backup()
    host.beat()
    before.restore()
    told(house, client, never_begun(queued), phones(60)[40:60])
    host.ends()
    host.look()
    assert [hold.rule for hold in fence.open_holds()] == [4]
    assert FenceHold.objects.count() == 2


def test_two_installations_on_one_account_never_make_the_same_reference(sandbox, db):
    """The same batch, the same attempt, another installation: for every vendor."""
    from messaging.gateway.registry import all_vendors

    for code, vendor in all_vendors().items():
        config = VendorAccount(name="x", vendor=code, base_url="https://x.example", credentials={}, settings={}).config
        adapter = vendor(config)
        ours, theirs = adapter.reference(12, 1, "a1b2c"), adapter.reference(12, 1, "zz9zz")
        assert ours != theirs, code
        assert (adapter.own_reference(ours, "a1b2c"), adapter.own_reference(theirs, "a1b2c")) == ((12, 1), None), code


def test_receipts_before_2026_of_attempts_without_a_mark_still_match(hosts, queued, monkeypatch, house, client):
    """An installation that was upgraded has attempts with references of the old form on their way."""
    hosts().send(queued, monkeypatch)
    attempt = Attempt.objects.order_by("pk").first()
    Attempt.objects.filter(pk=attempt.pk).update(reference="s12-1", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    told(house, client, "s12-1", list(attempt.batch.deliveries.values_list("phone", flat=True)))
    assert Delivery.objects.filter(batch=attempt.batch_id, own_status=60).count() == 20
    assert Batch.objects.get(pk=attempt.batch_id).n_delivered == 20
