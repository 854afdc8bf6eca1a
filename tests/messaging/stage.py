"""One vendor's account at its sandbox, and everything that a user, a worker or the vendor does with it.

Requests go over real HTTP; what the vendor pushes is taken from the sandbox and posted to our callback address by hand, so
that a test decides when, how often and in which order.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.test import Client

from campaigns import preflight
from campaigns.lifecycle import steps
from campaigns.models import Campaign
from campaigns.reports import verify
from messaging import reviews
from messaging.callbacks import poll as callbacks_poll
from messaging.callbacks import process
from messaging.deliveries import status
from messaging.gateway.registry import vendor_class
from messaging.models import Batch, Chatbot, Dispatch, Signature, VendorAccount
from messaging.sandbox.base import Push
from messaging.sending import hand_over
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tests.builders import handed_over
from tests.campaigns.conftest import Maker

SMS = {"kind": "sms", "text": "您的余额${余额}元，会员日满300减50。拒收请回复R"}
PLAIN_SMS = {"kind": "sms", "text": "会员日满300减50。拒收请回复R"}
TEXT = {"kind": "text", "text": "您的余额${余额}元，会员日满300减50。拒收请回复R", "suggestions": []}
MMS = {"kind": "mms", "title": "会员日", "frames": [{"seconds": 5, "text": "会员日满300减50", "media": None}]}
CONTENT = {"rcs_gateway": TEXT, "hanwg": TEXT, "veesing": MMS, "yixintong": SMS, "emay": SMS}
# Where each vendor's sandbox takes campaigns of the content above.
SEND_PATH = {
    "rcs_gateway": "/rcs/templateP2P",
    "veesing": "/mmsApi/send",
    "yixintong": "/sms/send",
    "emay": "/inter/send",
}


class Stage:
    """`settings` are the account's. The first template number of Yixintong's sandbox is T1."""

    def __init__(self, sandbox: Any, vendor: str, **settings: Any) -> None:
        self.vendor = vendor
        self.mount = sandbox.mount(vendor)
        self.world = self.mount.world
        self.maker = Maker()
        self.client = Client()
        filed = {"cmcc": "filed", "cucc": "filed", "ctcc": "filed"}
        self.signature, _ = Signature.objects.get_or_create(text="示例商城", defaults=filed)
        self.account = VendorAccount.objects.create(
            name=f"{vendor} 账号",
            vendor=vendor,
            base_url=sandbox.base_url(vendor),
            credentials=dict(self.mount.sandbox.credentials),
            settings=settings,
            status="ok",
            per_second=Decimal(100_000),
            batch_size=3,
        )
        self.chatbot = self._chatbot()

    def _chatbot(self) -> Chatbot | None:
        if self.vendor not in ("rcs_gateway", "hanwg"):
            return None
        sender = getattr(self.mount.sandbox, "chatbot", "")
        return Chatbot.objects.create(account=self.account, name="示例商城", signature=self.signature, vendor_id=sender)

    # --- templates ----------------------------------------------------------------------------------------------

    def version(self, content: dict[str, Any] | None = None) -> TemplateVersion:
        return create_template(self.maker.name("会员日"), "marketing", content or CONTENT[self.vendor], {}, None)

    def approved(self, content: dict[str, Any] | None = None) -> TemplateVersion:
        """A version that this vendor has approved, the way that its document allows: by push, by query, or by hand."""
        version = self.version(content)
        if self.vendor == "yixintong":
            self.register(version, "T1")
            return version
        (review,) = handed_over(version, self.account, signature=self.signature, chatbot=self.chatbot)
        self.deliver()
        if review.status != ReviewStatus.APPROVED and self.vendor == "emay":
            reviews.refresh(review)
        review.refresh_from_db()
        assert review.status == ReviewStatus.APPROVED, review.vendor_message
        version.refresh_from_db()
        return version

    def register(self, version: TemplateVersion, vendor_id: str) -> None:
        reviews.register_by_hand(
            version, self.account, part="main", vendor_template_id=vendor_id, status="approved", actor=None
        )

    # --- campaigns ----------------------------------------------------------------------------------------------

    def campaign(self, people: int = 4, **values: Any) -> Campaign:
        """Imported, checked, confirmed, laid out and started; nothing is sent yet."""
        campaign = self.maker.campaign(
            self.maker.people(people),
            account=self.account,
            version=values.pop("version", None) or self.approved(),
            signature=self.signature,
            chatbot=self.chatbot,
            **values,
        )
        assert preflight.begin_check(campaign)
        report = preflight.check(campaign)
        campaign.refresh_from_db()
        steps.confirm_and_start(campaign, str(report.to_send), None)
        campaign.refresh_from_db()
        return campaign

    def sent(self, people: int = 4, **values: Any) -> Campaign:
        campaign = self.campaign(people, **values)
        assert campaign.dispatch_id
        hand_over.send_some(campaign.dispatch_id)
        return campaign

    def fault(self, **rule: Any) -> None:
        """What goes wrong with the next request that sends."""
        self.mount.faults.replace([{"path": SEND_PATH[self.vendor], "count": 1, **rule}])

    # --- what comes back ----------------------------------------------------------------------------------------

    def pushes(self) -> list[Push]:
        return self.world.take_pushes()

    def deliver(self, pushes: Sequence[Push] | None = None) -> None:
        """Post what the vendor pushes, with its own headers; each must get the vendor's own acknowledgement."""
        for push in self.pushes() if pushes is None else pushes:
            answer = self.client.post(
                f"/callbacks/{self.vendor}/{self.account.callback_token}/{push.kind}/",
                push.body,
                content_type=push.headers.get("Content-Type", "application/octet-stream"),
                headers={name: value for name, value in push.headers.items() if name != "Content-Type"},
            )
            assert answer.status_code == 200, answer.content
            known = getattr(self.mount.sandbox, "acknowledged", None)
            assert known is None or known(push.kind, 200, answer.content), answer.content
        process.apply_new()

    def poll(self) -> None:
        for kind in sorted(callbacks_poll.kinds_of(self.account)):
            callbacks_poll.poll(self.account.pk, kind)

    def hear(self) -> None:
        """Both ways, as far as the vendor has them."""
        self.deliver()
        self.poll()

    # --- what is known ------------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> Any:
        return vendor_class(self.vendor).capabilities

    def accepted(self) -> dict[str, int]:
        """phone -> how often the vendor really accepted it."""
        return dict(self.world.accepted)

    def unknown(self) -> list[Batch]:
        return list(Batch.objects.filter(account=self.account, state="unknown").order_by("pk"))


def counts(campaign: Campaign | Dispatch) -> dict[str, int]:
    dispatch = campaign.dispatch_id if isinstance(campaign, Campaign) else campaign.pk
    return status.dispatch_counts([dispatch])


def sound(campaign: Campaign) -> bool:
    """All seven equations, counted anew."""
    campaign.refresh_from_db()
    wrong = [str(equation) for equation in verify.failed(verify.verify(campaign))]
    assert wrong == []
    return True


@contextmanager
def still(sandbox: Any) -> Iterator[Any]:
    """The sandbox pushes nothing by itself."""
    pushers = [mount.pusher for mount in sandbox.mounts.values()]
    for pusher in pushers:
        pusher.collects = False
    try:
        yield sandbox
    finally:
        for pusher in pushers:
            pusher.collects = True
