"""Builders of what tests stand on. They go through the services wherever a user would."""

import json
from decimal import Decimal
from typing import Any

import orjson
from django_q.models import OrmQ

from messaging import reviews
from messaging.models import Batch, Chatbot, Delivery, Dispatch, Signature, TemplateReview, VendorAccount
from messaging.sending.spec import Message
from messaging.states import DispatchState, ReviewStatus
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template

TEXT = {"kind": "text", "text": "双十一满 300 减 50，拒收请回复R", "suggestions": []}
CARD = {
    "kind": "card",
    "orientation": "VERTICAL",
    "alignment": "",
    "title_style": [],
    "description_style": [],
    "card": {"title": "会员日", "description": "${姓名}，余额 ${余额}", "media": None, "suggestions": []},
    "suggestions": [],
}


def phones(count: int, start: int = 13800000000) -> list[str]:
    return [str(start + n) for n in range(count)]


def handed_over(version: TemplateVersion, account: VendorAccount, **values: Any) -> list[TemplateReview]:
    """Submitted, and handed to the vendor as a worker would, here and now; the worker's job is taken out of the queue."""
    before = set(OrmQ.objects.values_list("pk", flat=True))
    made = reviews.submit(version, account, **values)
    OrmQ.objects.exclude(pk__in=before).filter(key="notice").delete()
    for review in made:
        reviews.hand_over(review.pk)
        review.refresh_from_db()
    return made


class House:
    """One gateway account at the sandbox, signature, chatbot, and an approved version."""

    def __init__(self, sandbox: Any, vendor: str = "rcs_gateway") -> None:
        self.sandbox = sandbox
        self.world = sandbox.mount(vendor).world
        self.vendor = vendor
        self.signature, _ = Signature.objects.get_or_create(text="示例商城")
        self.account = self.make_account()
        self.chatbot = Chatbot.objects.create(account=self.account, name="示例商城", signature=self.signature)
        self.version = self.make_version()

    def make_account(self, name: str = "5G-主账号", **values: Any) -> VendorAccount:
        credentials = dict(self.sandbox.mount(self.vendor).sandbox.credentials)
        defaults: dict[str, Any] = {
            "vendor": self.vendor,
            "base_url": self.sandbox.base_url(self.vendor),
            "credentials": credentials,
            "status": "ok",
            "per_second": Decimal(100_000),
            "in_flight": 2,
            "batch_size": 20,
        }
        return VendorAccount.objects.create(name=name, **{**defaults, **values})

    def message(self, version: TemplateVersion | None = None) -> Message:
        return Message(
            account=self.account, version=version or self.version, signature=self.signature, chatbot=self.chatbot
        )

    def make_version(self, content: dict[str, Any] | None = None, name: str = "双十一") -> TemplateVersion:
        """A version that the sandbox has approved, registered here as its own push would."""
        version = create_template(name, "marketing", content or TEXT, {}, None)
        self.world.settings["auto_approve"] = True
        (review,) = handed_over(version, self.account, signature=self.signature, chatbot=self.chatbot)
        type(review).objects.filter(pk=review.pk).update(status=ReviewStatus.APPROVED)
        self.world.take_pushes()
        version.refresh_from_db()
        return version

    def make_dispatch(
        self, numbers: list[str], *, per_batch: int = 20, variables: dict[str, str] | None = None, **values: Any
    ) -> Dispatch:
        """A running dispatch to these numbers, cut into batches."""
        defaults: dict[str, Any] = {
            "title": "会员日满减",
            "version": self.version,
            "account": self.account,
            "signature": self.signature,
            "chatbot": self.chatbot,
            "state": DispatchState.RUNNING,
            "total": len(numbers),
        }
        dispatch = Dispatch.objects.create(**{**defaults, **values})
        for n, start in enumerate(range(0, len(numbers), per_batch), start=1):
            part = numbers[start : start + per_batch]
            batch = Batch.objects.create(dispatch=dispatch, account=dispatch.account, number=n, size=len(part))
            Delivery.objects.bulk_create(
                Delivery(
                    dispatch=dispatch,
                    batch=batch,
                    run_id=dispatch.run_id,
                    leg=dispatch.leg,
                    phone=phone,
                    variables=variables or {},
                )
                for phone in part
            )
        return dispatch

    def accepted(self) -> dict[str, int]:
        """phone -> how often the vendor really accepted it."""
        return dict(self.world.accepted)

    def push(self, kind: str, data: Any, *, client: Any, age: float = 0) -> Any:
        """Push a sealed body to the account's callback as the gateway would; returns the HTTP response."""
        return self.push_bytes(kind, json.dumps(data).encode(), client=client, age=age)

    def push_bytes(self, kind: str, plain: bytes, *, client: Any, age: float = 0) -> Any:
        """The same, of a body that need not be JSON."""
        body, headers = self.sealed_bytes(plain, age)
        path = f"/callbacks/{self.account.vendor}/{self.account.callback_token}/{kind}/"
        return client.post(path, data=body, content_type="text/plain", headers=headers)

    def sealed(self, data: Any, age: float = 0) -> tuple[bytes, dict[str, str]]:
        return self.sealed_bytes(orjson.dumps(data), age)

    def sealed_bytes(self, plain: bytes, age: float = 0) -> tuple[bytes, dict[str, str]]:
        import time

        from messaging.gateway import crypto

        credentials = self.account.credentials
        import base64

        sealed = crypto.aes_ecb_encrypt(credentials["aes_key"].encode(), plain)
        body = base64.b64encode(sealed)
        timestamp = str(int((time.time() - age) * 1000))
        signature = crypto.sha256_hex(credentials["password"].encode(), body, timestamp.encode())
        return body, {"spId": credentials["sp_id"], "timestamp": timestamp, "signature": signature}


def stored(row: Any) -> Any:
    """As the table has it now."""
    return type(row)._default_manager.get(pk=row.pk)
