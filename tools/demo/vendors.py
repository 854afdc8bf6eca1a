"""The other vendors' part of the demonstration: a small campaign for each that sends, and an edited template."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns import preflight, roles
from campaigns.audiences import imports
from campaigns.lifecycle import steps
from campaigns.models import Audience, AudienceImport, Campaign
from campaigns.states import CampaignState, ImportState
from messaging import reviews
from messaging.accounts import health
from messaging.callbacks import poll_gaps
from messaging.models import Chatbot, Reply, Signature, TemplateReview, VendorAccount
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion
from tools.demo import seed
from tools.demo.story import CAMPAIGN, Story

PEOPLE = 60
SHOPS = ("人民路店", "解放路店", "中山路店")
NAMES = ("王芳", "李强", "张敏", "刘洋", "陈静", "杨帆")


@dataclass(frozen=True, eq=False)
class Small:
    """One small campaign: the vendor, its account, what is sent, to whom, and how its sandbox behaves."""

    vendor: str
    account: str
    template: str
    purpose: str
    first: int
    sandbox: dict[str, Any]
    channel: str
    price: str

    @property
    def campaign(self) -> str:
        return f"{self.template} · 十一月"


SMALL = (
    Small("veesing", "彩信-门店", "周末露营", "marketing", 13700000001, {"fail_every": 20}, "mms", "0.1500"),
    Small(
        "yixintong",
        "短信-通知",
        "到店提醒",
        "notice",
        13700100001,
        {"fail_every": 30, "reply_every": 25},
        "sms",
        "0.0400",
    ),
    Small(
        "emay",
        "短信-营销",
        "会员专享",
        "marketing",
        13700200001,
        {"fail_every": 15, "reply_every": 30},
        "sms",
        "0.0450",
    ),
)
EDITED = "门店导航"
HANWG_CHATBOT = "a92e43085a0049ba8928b61fa04eeee"
HANWG_TEMPLATE = "f80eae8532f44250be6bbd9e7998792a"


class Others:
    """Told after the gateway's campaign; each step looks whether it is done already."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.say = story.say
        people = seed.people()
        self.admin, self.marketing, self.sender = (
            people[role] for role in (roles.ADMINISTRATORS, roles.MARKETING, roles.CAMPAIGNS)
        )
        self.sign = Signature.objects.get(text=seed.SIGNATURE)

    def tell(self) -> list[Campaign]:
        """Returns the campaigns, with every receipt and reply landed."""
        held = {small: self._account(small.vendor, small.account, small) for small in SMALL}
        versions = {small: self._approved(small, held[small]) for small in SMALL}
        files = {small: self._import(small) for small in SMALL}
        self._edit()
        self.story.wait("the small files are checked", lambda: all(map(self._stored, files.values())))
        campaigns = [self._start(small, held[small], versions[small], files[small].audience) for small in SMALL]
        for small, campaign in zip(SMALL, campaigns, strict=True):
            self._land(small, held[small], campaign)
        return campaigns

    # --- accounts and templates ---------------------------------------------------------------------------------

    def _account(self, vendor: str, name: str, small: Small | None = None) -> VendorAccount:
        sandbox = self.story.sandbox
        credentials = sandbox.ask("state")["vendors"][vendor]["credentials"]
        values: dict[str, Any] = {"per_second": Decimal(200), "batch_size": 20, "callback_addresses": "127.0.0.1"}
        if small:
            values["prices"] = {small.channel: small.price}
            sandbox.set(vendor, auto_approve=True, auto_receipt=True, **small.sandbox)
        account = seed.account(vendor, name, f"{sandbox.url}/{vendor}", credentials, **values)
        self.story.register(account)
        health.try_connection(account, self.admin)
        account.refresh_from_db()
        return account

    def _approved(self, small: Small, account: VendorAccount) -> TemplateVersion:
        version = seed.template(small.template, small.purpose, self._content(small), {}, self.marketing)
        live = TemplateReview.objects.filter(version=version, account=account, live=True)
        if not live.exists():
            self._review(small, version, account)
        self.story.wait(f"{small.account} approves", lambda: live.filter(status=ReviewStatus.APPROVED).exists())
        return version

    def _review(self, small: Small, version: TemplateVersion, account: VendorAccount) -> None:
        """By push, by asking, or by hand, as the vendor's document has it."""
        if small.vendor == "yixintong":
            text = str(version.content["text"])
            number = {"vendor": small.vendor, "template_id": "T2026", "approved": True, "message": text}
            self.story.sandbox.ask("approve", number)
            self._by_hand(version, account, "T2026")
            self.say(f"Template {small.template}: number T2026 registered by hand at {account.name}")
            return
        (review,) = reviews.submit(version, account, signature=self.sign, actor=self.marketing)
        self._handed_over(review)
        if small.vendor == "emay":
            reviews.refresh(review)
        self.say(f"Template {small.template}: submitted to {account.name}")

    def _handed_over(self, review: TemplateReview) -> None:
        """By the worker."""
        waits = TemplateReview.objects.filter(pk=review.pk, status=ReviewStatus.SUBMITTING)
        self.story.wait(f"{review.account} has the template", lambda: not waits.exists())
        review.refresh_from_db()

    def _by_hand(
        self, version: TemplateVersion, account: VendorAccount, number: str, chatbot: Chatbot | None = None
    ) -> None:
        reviews.register_by_hand(
            version,
            account,
            part="main",
            vendor_template_id=number,
            status=ReviewStatus.APPROVED,
            signature=self.sign,
            chatbot=chatbot,
            note="服务商后台",
            actor=self.marketing,
        )

    def _content(self, small: Small) -> dict[str, Any]:
        if small.vendor == "veesing":
            photo = {"asset": str(seed.photo(self.marketing).pk), "height": "", "thumbnail": "", "alt": ""}
            frames = [
                {"seconds": 5, "text": "周末露营，帐篷租一送一。", "media": photo},
                {"seconds": 5, "text": "到店出示本彩信即可。拒收请回复R", "media": None},
            ]
            return {"kind": "mms", "title": "周末露营", "frames": frames}
        if small.vendor == "yixintong":
            return {"kind": "sms", "text": "您预约的服务已安排在${门店}，请按时到店。"}
        return {"kind": "sms", "text": "${姓名}，会员专享满200减30，${门店}本周可用。拒收请回复R"}

    def _edit(self) -> None:
        """The vendor without a way to send: a template that it has is registered by hand, then edited over HTTP."""
        account = self._account("hanwg", "5G-模板")
        bot, _ = Chatbot.objects.get_or_create(
            account=account, name=seed.SIGNATURE, defaults={"signature": self.sign, "vendor_id": HANWG_CHATBOT}
        )
        content = {
            "kind": "text",
            "text": "人民路店已搬至 88 号，到店有礼。拒收请回复R",
            "suggestions": [{"kind": "reply", "label": "营业时间", "data": "hours"}],
        }
        version = seed.template(EDITED, "marketing", content, {}, self.marketing)
        if not TemplateReview.objects.filter(version=version, account=account, live=True).exists():
            self._by_hand(version, account, HANWG_TEMPLATE, bot)
            for opened in reviews.submit(version, account, signature=self.sign, chatbot=bot, actor=self.marketing):
                self._handed_over(opened)
        review = TemplateReview.objects.get(version=version, account=account, live=True)
        self.say(f"Template {EDITED}: registered by hand at {account.name}, edited there: {review.status}")

    # --- people and campaigns -----------------------------------------------------------------------------------

    def _import(self, small: Small) -> AudienceImport:
        audience, _ = Audience.objects.get_or_create(
            name=f"{small.template}名单",
            defaults={"consent_source": "门店会员登记表", "consent_on": date(2026, 1, 8), "created_by": self.sender},
        )
        return self.story.take_in(audience, f"{small.template}.csv", lambda: _people(small.first), self.sender)

    def _stored(self, source: AudienceImport) -> bool:
        source.refresh_from_db()
        if source.state == ImportState.READY:
            imports.confirm(source, self.sender)
            source.refresh_from_db()
        return source.state == ImportState.DONE

    def _start(self, small: Small, account: VendorAccount, version: TemplateVersion, audience: Audience) -> Campaign:
        audience.refresh_from_db()
        values = {"version": version, "audience": audience, "account": account, "signature": self.sign}
        campaign, _ = Campaign.objects.get_or_create(
            name=small.campaign, defaults={**values, "created_by": self.sender}
        )
        if campaign.state == CampaignState.DRAFT and preflight.begin_check(campaign):
            preflight.check(campaign)
            campaign.refresh_from_db()
        if campaign.state == CampaignState.CHECKED:
            report = campaign.report
            seed.have_approved(campaign, self.sender)
            steps.confirm_and_start(
                campaign, str(report.to_send), self.sender, typed_again=str(steps.people_again(campaign))
            )
            self.say(f"Campaign {small.campaign}: {report.to_send} people in {report.requests} requests")
        return campaign

    def _land(self, small: Small, account: VendorAccount, campaign: Campaign) -> None:
        """Every receipt, by push or poll, and every reply."""
        open_words = {"queued", "sending", "submitted", "unknown"}

        def heard() -> bool:
            counts = self.story.counts(campaign)
            return bool(counts) and not (counts.keys() & open_words)

        self.story.wait(f"{small.campaign}: every receipt has come", heard, seconds=120)
        every = int(small.sandbox.get("reply_every") or 0)
        if every:
            poll_gaps.ask_now(account)
            replies = Reply.objects.filter(account=account)
            self.story.wait(f"{small.campaign}: the replies have come", lambda: replies.count() >= PEOPLE // every)
        result = ", ".join(f"{status} {people}" for status, people in self.story.counts(campaign).items())
        found = Reply.objects.filter(account=account).count()
        self.say(f"  {small.campaign} ({account.name}): {result}; replies {found}")


def told() -> bool:
    """Was all of it shown at an earlier start?"""
    names = {CAMPAIGN, *(small.campaign for small in SMALL)}
    return Campaign.objects.filter(name__in=names, started_at__isnull=False).count() == len(names)


def _people(first: int) -> bytes:
    """A CSV of PEOPLE good rows, one number that is none and one that stands twice."""
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(["手机号", "姓名", "门店"])
    for n in range(PEOPLE):
        table.writerow([first + n, NAMES[n % len(NAMES)], SHOPS[n % len(SHOPS)]])
    table.writerow(["1370000", NAMES[0], SHOPS[0]])
    table.writerow([first, NAMES[0], SHOPS[0]])
    return stream.getvalue().encode("utf-8-sig")
