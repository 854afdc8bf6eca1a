"""What the demonstration stands on: people, an account with its signature and sender, templates, a picture, suppressions.

Everything is found or made, so that a second start goes on from what is there.
"""

import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from PIL import Image, ImageDraw

from campaigns import roles
from campaigns.approvals import campaign_approvals, decide, role_grants
from campaigns.models import Campaign
from messaging.accounts import health
from messaging.eligibility import entries
from messaging.models import Chatbot, Signature, Suppression, VendorAccount
from templates_5g.models import MediaAsset, MessageTemplate, TemplateVersion
from templates_5g.services import create_template
from templates_5g.services.library import add_upload

PASSWORD = "songda-demo-2026"  # noqa: S105 - printed at every start; the demonstration listens on the loopback alone
PEOPLE = (
    ("yingxiao", "小陈", roles.MARKETING),
    ("shenpi", "小周", roles.CAMPAIGNS),
    ("huodong", "小王", roles.CAMPAIGNS),
    ("kefu", "小李", roles.SUPPORT),
    ("admin", "小赵", roles.ADMINISTRATORS),
)
SIGNATURE = "示例商城"
SUPPRESSED = tuple(f"139001{n:05d}" for n in range(0, 2000, 80))


def people() -> dict[str, User]:
    """The demo users, one for each role, and a second campaign manager who approves; the administrator is also a
    superuser, by whose word on the command line the others have their roles."""
    found: dict[str, User] = {}
    root: User | None = None
    for name, first, role in sorted(PEOPLE, key=lambda person: person[2] != roles.ADMINISTRATORS):
        user, created = User.objects.get_or_create(username=name, defaults={"first_name": first, "is_staff": True})
        if created:
            user.set_password(PASSWORD)
            user.is_superuser = role == roles.ADMINISTRATORS
            user.save()
        root = root or user
        role_grants.give_at_once(user, Group.objects.get(name=role), by=root, reason="演示", on_host="demo")
        found[role] = user
    return found


def have_approved(campaign: Campaign, asker: User) -> bool:
    """A colleague approves what the rules want approved. True if there was anything."""
    if not campaign_approvals.missing(campaign):
        return False
    decide.grant(campaign_approvals.ask(campaign, asker), User.objects.get(username="shenpi"), "演示")
    campaign.refresh_from_db()
    return True


def account(vendor: str, name: str, base_url: str, credentials: Mapping[str, str], **values: Any) -> VendorAccount:
    """An account at the sandbox; its address follows the sandbox's port."""
    found = VendorAccount.objects.filter(name=name).first()
    if found is None:
        found = VendorAccount(name=name, vendor=vendor, base_url=base_url, **values)
        return health.save_account(found, credentials=credentials)
    if found.base_url != base_url:
        found.base_url = base_url
        return health.save_account(found, credentials=credentials)
    return found


def gateway(base_url: str, credentials: Mapping[str, str]) -> tuple[VendorAccount, Signature, Chatbot]:
    """The 5G account with its signature and sender."""
    made = account(
        "rcs_gateway",
        "5G-主账号",
        base_url,
        credentials,
        per_second=Decimal(500),
        in_flight=2,
        batch_size=100,
        prices={"rcs": "0.0800", "sms": "0.0450", "mms": "0.1500", "vms": "0.1200", "aim": "0.0900"},
        low_balance=Decimal(1000),
    )
    sign, _ = Signature.objects.get_or_create(
        text=SIGNATURE, defaults={"cmcc": "filed", "cucc": "filed", "ctcc": "filed"}
    )
    bot, _ = Chatbot.objects.get_or_create(
        account=made,
        name=SIGNATURE,
        defaults={"signature": sign, "vendor_id": "sip:10650000@botplatform.rcs.chinamobile.com", "verified": True},
    )
    return made, sign, bot


def picture(actor: User) -> MediaAsset:
    """A drawn banner, so that nothing binary lies in the repository."""
    found = MediaAsset.objects.filter(name="会员日.png").first()
    if found:
        return found
    image = Image.new("RGB", (900, 504), "#1d4ed8")
    draw = ImageDraw.Draw(image)
    for n in range(12):
        draw.ellipse((60 * n - 80, 300 - 18 * n, 60 * n + 220, 620 - 18 * n), fill=(29 + 14 * n, 78 + 12 * n, 216))
    draw.rounded_rectangle((90, 120, 520, 384), radius=36, fill="#ffffff")
    draw.rounded_rectangle((130, 168, 420, 216), radius=24, fill="#1d4ed8")
    draw.rounded_rectangle((130, 252, 480, 280), radius=14, fill="#c7d5f5")
    draw.rounded_rectangle((130, 306, 380, 334), radius=14, fill="#c7d5f5")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    stream.seek(0)
    return add_upload(stream, "会员日.png", actor)[0]


def photo(actor: User) -> MediaAsset:
    """A small JPEG for messages that carry their pictures inside."""
    found = MediaAsset.objects.filter(name="露营.jpg").first()
    if found:
        return found
    image = Image.new("RGB", (320, 240), "#0f766e")
    draw = ImageDraw.Draw(image)
    draw.ellipse((226, 24, 286, 84), fill="#fde68a")
    draw.polygon(((60, 200), (160, 70), (260, 200)), fill="#f97316")
    draw.polygon(((130, 200), (160, 120), (190, 200)), fill="#134e4a")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    stream.seek(0)
    return add_upload(stream, "露营.jpg", actor)[0]


def card(asset: MediaAsset, title: str, description: str, buttons: list[dict[str, str]]) -> dict[str, Any]:
    """A card's content with this picture, and two chips below it."""
    media = {"asset": str(asset.pk), "height": "MEDIUM", "thumbnail": "", "alt": ""}
    return {
        "kind": "card",
        "orientation": "VERTICAL",
        "alignment": "",
        "title_style": [],
        "description_style": [],
        "card": {"title": title, "description": description, "media": media, "suggestions": buttons},
        "suggestions": [
            {"kind": "reply", "label": "更多优惠", "data": "more-offers"},
            {"kind": "dial", "label": "联系客服", "data": "call-us", "phone": "4001234567"},
        ],
    }


def templates(asset: MediaAsset, actor: User) -> dict[str, TemplateVersion]:
    """Three templates: text; single card with buttons and chips; variable card with SMS fallback."""
    buy = {
        "kind": "open_url",
        "label": "立即抢购",
        "data": "buy-now",
        "url": "https://shop.example.com/vip",
        "application": "browser",
    }
    later = {"kind": "reply", "label": "稍后提醒", "data": "remind-me"}
    contents = {
        "到货通知": (
            "notice",
            {"kind": "text", "text": "您预订的商品已到货，请于三日内到店领取。", "suggestions": []},
            {},
        ),
        "新品上市": (
            "marketing",
            card(asset, "冬季新品上市", "羽绒、毛呢、针织，会员先逛先得。拒收请回复R", [buy, later]),
            {"sms": {"text": "冬季新品上市，会员先逛先得：shop.example.com/vip 拒收请回复R"}},
        ),
        "会员日满减": (
            "marketing",
            card(asset, "会员日满 300 减 50", "${姓名}，您的余额 ${余额} 元本周可用。拒收请回复R", [buy, later]),
            {"sms": {"text": "${姓名}，会员日满300减50，余额${余额}元本周可用。拒收请回复R"}},
        ),
    }
    return {name: template(name, *parts, actor) for name, parts in contents.items()}


def template(
    name: str, purpose: str, content: dict[str, Any], fallback: dict[str, Any], actor: User
) -> TemplateVersion:
    found = MessageTemplate.objects.filter(name=name).first()
    if found:
        return found.versions.latest("number")
    return create_template(name, purpose, content, fallback, actor)


def suppressions(sign: Signature, actor: User) -> None:
    """Numbers of the demo file that do not want to hear from us."""
    known = set(Suppression.objects.filter(phone__in=SUPPRESSED).values_list("phone", flat=True))
    for phone in SUPPRESSED:
        if phone not in known:
            entries.suppress(phone, source="hand", scope="signature", signature=sign, note="来电要求", actor=actor)
