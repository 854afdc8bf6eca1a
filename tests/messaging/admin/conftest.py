"""One account of every vendor with something of everything: what the pages show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.gateway.registry import all_vendors
from messaging.models import (
    Attempt,
    Batch,
    Chatbot,
    Delivery,
    Dispatch,
    Receipt,
    Reply,
    Signature,
    Suppression,
    TemplateReview,
    VendorAccount,
    VendorCall,
)
from templates_5g.models import MessageTemplate, TemplateVersion

PHONE = "13812340001"
SECRET = "correct-horse-battery-stapler-32"


@dataclass
class Office:
    account: VendorAccount
    others: list[VendorAccount]
    signature: Signature
    chatbot: Chatbot
    version: TemplateVersion
    review: TemplateReview
    dispatch: Dispatch
    unknown: Batch
    reply: Reply
    suppression: Suppression
    receipt: Receipt
    call: VendorCall


def _accounts() -> list[VendorAccount]:
    return [
        VendorAccount.objects.create(
            name=f"账号 {code}",
            vendor=code,
            base_url="http://127.0.0.1:9/api",
            credentials={field.name: SECRET if field.kind == "secret" else "id-100001" for field in vendor.credentials},
            status="ok",
            prices={"rcs": "0.08", "sms": "0.045"},
        )
        for code, vendor in all_vendors().items()
    ]


def _dispatch(account: VendorAccount, version: TemplateVersion, signature: Signature) -> tuple[Dispatch, Batch]:
    now = timezone.now()
    dispatch = Dispatch.objects.create(
        title="会员日满减",
        version=version,
        account=account,
        signature=signature,
        state="running",
        total=4,
        started_at=now,
    )
    states = ("submitted", "unknown")
    batches = [
        Batch.objects.create(dispatch=dispatch, account=account, number=n, state=state, size=2, claimed_at=now)
        for n, state in enumerate(states, start=1)
    ]
    for n, batch in enumerate(batches):
        Attempt.objects.create(
            batch=batch, account=account, number=1, reference=f"s{batch.pk}-1", started_at=now, outcome="unknown"
        )
        for k in range(2):
            Delivery.objects.create(
                dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=str(13812340001 + 2 * n + k)
            )
    Batch.objects.filter(pk=batches[0].pk).update(submitted_at=now, n_delivered=1)
    Delivery.objects.filter(phone=PHONE).update(own_status=60, channel="sms", reported_at=now, vendor_message="DELIVRD")
    return dispatch, batches[1]


@pytest.fixture
def office(db: None) -> Office:
    accounts = _accounts()
    account = next(one for one in accounts if one.vendor == "rcs_gateway")
    signature = Signature.objects.create(text="示例商城", cmcc="filed")
    chatbot = Chatbot.objects.create(account=account, name="示例商城", signature=signature, operators=["cmcc"])
    template = MessageTemplate.objects.create(name="会员日满减")
    version = TemplateVersion.objects.create(
        template=template,
        number=1,
        kind="text",
        content={"kind": "text", "text": "会员日满300减50，拒收请回复R", "suggestions": []},
    )
    review = TemplateReview.objects.create(
        version=version, account=account, status="approved", approved_until=timezone.now() + timedelta(days=30)
    )
    dispatch, unknown = _dispatch(account, version, signature)
    values: dict[str, Any] = {"account": account, "phone": PHONE}
    now = timezone.now()
    return Office(
        account,
        [one for one in accounts if one != account],
        signature,
        chatbot,
        version,
        review,
        dispatch,
        unknown,
        Reply.objects.create(key="r1", content="能叠加吗", replied_at=now, **values),
        Suppression.objects.create(phone="13812340002", scope="all", source="hand", note="投诉"),
        Receipt.objects.create(key="k1", status="delivered", reference="lost", reported_at=now, **values),
        VendorCall.objects.create(
            account=account, operation="send", digest="0" * 64, outcome="accepted", started_at=now, milliseconds=12
        ),
    )
