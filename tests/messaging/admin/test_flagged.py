"""Odd receipts: matched again, dismissed with a reason; what a vendor took in part, and who got it twice."""

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.models import Batch, Receipt
from tests.markup import read
from tests.messaging.admin.conftest import PHONE, Office
from tests.people import signed_in

BASE = "/admin/messaging/receipt/"


def test_a_receipt_is_dismissed_with_its_reason(office: Office) -> None:
    client = signed_in(roles.ADMINISTRATORS)
    action = {"action": "dismiss", "_selected_action": [office.receipt.pk]}
    where = client.post(BASE, action).headers["Location"]
    client.post(where, {"reason": ""})
    office.receipt.refresh_from_db()
    assert office.receipt.state == Receipt.State.UNMATCHED
    client.post(where, {"reason": "别家系统的回执"})
    office.receipt.refresh_from_db()
    assert (office.receipt.state, office.receipt.note) == (Receipt.State.DISMISSED, "别家系统的回执")
    assert AuditEvent.objects.get(action="receipts.dismissed").detail == {"count": 1, "reason": "别家系统的回执"}
    assert signed_in(roles.SUPPORT).post(where, {"reason": "x"}).status_code == 403


def test_partly_accepted_and_twice_delivered_are_listed(office: Office) -> None:
    whole = read(signed_in(roles.SUPPORT).get(f"{BASE}flagged/")).text
    assert whole.count("没有。") == 2
    Batch.objects.filter(pk=office.unknown.pk).update(accepted_count=1)
    Batch.objects.exclude(pk=office.unknown.pk).update(accepted_count=2)
    Receipt.objects.create(
        account=office.account, key="k2", phone=PHONE, status="delivered", channel="sms", note="further leg",
        state="matched", vendor_message="SMS OK",
    )  # fmt: skip
    text = read(signed_in(roles.SUPPORT).get(f"{BASE}flagged/")).text
    assert text.count("会员日满减") == 1
    assert "138****0001" in text
    assert "SMS OK" in text
    assert signed_in(roles.MARKETING).get(f"{BASE}flagged/").status_code == 403
