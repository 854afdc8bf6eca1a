"""What a run stands on: one gateway account at the sink, a signature, a sender, and an approved template with variables."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import File
from django.utils import timezone

from campaigns.audiences import imports
from campaigns.models import Audience, AudienceImport, Campaign
from messaging import reviews
from messaging.models import Chatbot, Dispatch, Signature, VendorAccount
from messaging.sending.create import Part, create
from messaging.sending.recipients import Rows
from messaging.sending.spec import DispatchSpec, Message, Origin
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion
from templates_5g.services import create_template
from tools.bench.sink import CREDENTIALS

# Wide open: the pace must not be what is measured.
FASTEST = Decimal("999999.99")
CARD = {
    "kind": "card",
    "orientation": "VERTICAL",
    "alignment": "",
    "title_style": [],
    "description_style": [],
    "card": {
        "title": "会员日满 300 减 50",
        "description": "${姓名}，您在${城市}的余额 ${余额} 元 ${到期日} 前可用。拒收请回复R",
        "media": None,
        "suggestions": [],
    },
    "suggestions": [],
}


@dataclass(frozen=True)
class House:
    actor: Any
    account: VendorAccount
    signature: Signature
    chatbot: Chatbot
    version: TemplateVersion


def build(base_url: str, *, batch_size: int = 1000, per_second: Decimal = FASTEST) -> House:
    actor = get_user_model().objects.create_user("bench", is_staff=True)
    credentials: Any = CREDENTIALS
    account = VendorAccount.objects.create(
        name="bench",
        vendor="rcs_gateway",
        base_url=base_url,
        credentials=credentials,
        status="ok",
        per_second=per_second,
        in_flight=64,
        batch_size=batch_size,
    )
    signature = Signature.objects.create(text="示例商城", cmcc="filed", cucc="filed", ctcc="filed")
    chatbot = Chatbot.objects.create(account=account, name="示例商城", signature=signature)
    version = create_template("会员日", "marketing", CARD, {}, actor)
    reviews.register_by_hand(
        version,
        account,
        part="main",
        vendor_template_id="101",
        status=ReviewStatus.APPROVED,
        actor=actor,
        signature=signature,
        chatbot=chatbot,
    )
    return House(actor, account, signature, chatbot, version)


def upload(house: House, path: Path, name: str) -> AudienceImport:
    """The file as a person gives it, up to the moment when a worker takes it over."""
    audience = Audience.objects.create(name=name, consent_source="会员登记", consent_on=timezone.localdate())
    with path.open("rb") as stream:
        uploaded: Any = File(stream, name=path.name)
        source = imports.start_import(audience, uploaded, house.actor)
    if not source.header:
        imports.look_at_import(source.pk)
        source.refresh_from_db()
    imports.choose_columns(source, source.mapping, house.actor)
    return source


def campaign(house: House, audience: Audience, name: str) -> Campaign:
    return Campaign.objects.create(
        name=name,
        version=house.version,
        audience=audience,
        account=house.account,
        signature=house.signature,
        chatbot=house.chatbot,
        created_by=house.actor,
    )


def empty_dispatch(house: House, title: str, **values: object) -> Dispatch:
    """One without people, for rows that a stage stores by itself. `values`: columns that sending would have set by then."""
    message = Message(account=house.account, version=house.version, signature=house.signature)
    origin = Origin(kind=Dispatch.Kind.MAIN, title=title, purpose=house.version.template.purpose)
    (made,) = create([Part(DispatchSpec(message=message, origin=origin), Rows({}))])
    if values:
        Dispatch.objects.filter(pk=made.dispatch.pk).update(**values)
        made.dispatch.refresh_from_db()
    return made.dispatch
