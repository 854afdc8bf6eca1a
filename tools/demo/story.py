"""What the demonstration does, step by step, on real processes: each step looks whether it is done already."""

import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns import preflight, roles
from campaigns.audiences import imports
from campaigns.lifecycle import steps
from campaigns.models import Audience, AudienceImport, Campaign
from campaigns.states import CampaignState, ImportState
from messaging import reviews
from messaging.accounts import health
from messaging.deliveries import status as deliveries_status
from messaging.models import Chatbot, Signature, TemplateReview, VendorAccount
from messaging.states import ReviewStatus
from templates_5g.models import TemplateVersion
from tools.demo import seed
from tools.demo.sandbox_client import SandboxClient

RECIPIENTS = Path(__file__).with_name("recipients.csv")
CAMPAIGN = "会员日满减 · 十一月"
Found = TypeVar("Found")


class Story:
    """`say` prints a line; `rest` is called between two looks whether something is so. Raises TimeoutError when a step does not
    end."""

    def __init__(
        self,
        web_url: str,
        sandbox: SandboxClient,
        say: Callable[[str], None],
        rest: Callable[[], object] = lambda: time.sleep(0.3),
    ) -> None:
        self.web_url = web_url
        self.sandbox = sandbox
        self.say = say
        self.rest = rest

    def tell(self) -> Campaign:
        """Everything from an empty database to a campaign with receipts. Returns the campaign."""
        people = seed.people()
        account, sign, bot = self.gateway(people[roles.ADMINISTRATORS])
        seed.suppressions(sign, people[roles.SUPPORT])
        versions = seed.templates(seed.picture(people[roles.MARKETING]), people[roles.MARKETING])
        self._review(versions, account, sign, bot, people[roles.MARKETING])
        audience = self.audience(people[roles.CAMPAIGNS])
        campaign = self._campaign(versions["会员日满减"], audience, account, sign, bot, people[roles.CAMPAIGNS])
        self._receipts(campaign)
        return campaign

    def gateway(self, actor: Any) -> tuple[VendorAccount, Signature, Chatbot]:
        vendor = "rcs_gateway"
        credentials = self.sandbox.ask("state")["vendors"][vendor]["credentials"]
        account, sign, bot = seed.gateway(f"{self.sandbox.url}/{vendor}", credentials)
        self.register(account)
        self.sandbox.set(
            vendor, auto_approve=True, auto_receipt=True, delay=0.5, fail_every=29, fallback_every=7, reply_every=211
        )
        health.try_connection(account, actor)
        account.refresh_from_db()
        self.say(f"Account {account.name}: connection tested, balance {account.balance}")
        return account, sign, bot

    def register(self, account: VendorAccount) -> None:
        """Tell the sandbox where this account's pushes go."""
        base = f"{self.web_url}/callbacks/{account.vendor}/{account.callback_token}"
        kinds = ("review", "receipt", "reply", "click")
        self.sandbox.register(account.vendor, {kind: f"{base}/{kind}/" for kind in kinds})

    def _review(
        self,
        versions: dict[str, TemplateVersion],
        account: VendorAccount,
        sign: Signature,
        bot: Chatbot,
        actor: Any,
    ) -> None:
        for version in versions.values():
            if not TemplateReview.objects.filter(version=version, account=account, live=True).exists():
                reviews.submit(version, account, signature=sign, chatbot=bot, options={"autoRenew": True}, actor=actor)
        self.say(f"Templates {'、'.join(versions)}: submitted for review")
        mine = TemplateReview.objects.filter(account=account, version__in=versions.values(), live=True)
        waiting = mine.exclude(status=ReviewStatus.APPROVED)
        self.wait("the vendor's push approves the templates", lambda: not waiting.exists())
        self.say("Templates: approved by the vendor's push")

    def audience(self, actor: Any) -> Audience:
        audience, _ = Audience.objects.get_or_create(
            name="十一月会员",
            defaults={"consent_source": "门店会员登记表", "consent_on": date(2026, 1, 8), "created_by": actor},
        )
        source = self.take_in(audience, RECIPIENTS.name, RECIPIENTS.read_bytes, actor)
        done = (ImportState.READY, ImportState.DONE, ImportState.FAILED)
        self.wait("the file is checked", lambda: self._reload(source).state in done)
        if source.state == ImportState.READY:
            imports.confirm(source, actor)
            source.refresh_from_db()
        self._tell_import(source)
        audience.refresh_from_db()
        return audience

    @staticmethod
    def take_in(audience: Audience, name: str, data: Callable[[], bytes], actor: Any) -> AudienceImport:
        """The demonstration's own file, among those that people have added since."""
        source = audience.imports.filter(file_name=name).order_by("pk").first()
        if source is None:
            source = imports.start_import(audience, SimpleUploadedFile(name, data(), "text/csv"), actor)
        if source.state == ImportState.UPLOADED:
            imports.choose_columns(source, source.mapping, actor)
        return source

    def _tell_import(self, source: AudienceImport) -> None:
        parts = f"{source.stored} stored + {source.invalid} invalid + {source.duplicate} duplicate"
        self.say(f"Recipients {source.file_name}: {source.rows} rows = {parts}")

    def _campaign(
        self,
        version: TemplateVersion,
        audience: Audience,
        account: VendorAccount,
        sign: Signature,
        bot: Chatbot,
        actor: Any,
    ) -> Campaign:
        values = {
            "version": version,
            "audience": audience,
            "account": account,
            "signature": sign,
            "chatbot": bot,
            "created_by": actor,
        }
        campaign, _ = Campaign.objects.get_or_create(name=CAMPAIGN, defaults=values)
        if campaign.state == CampaignState.DRAFT and preflight.begin_check(campaign):
            preflight.check(campaign)
        self.wait("the list is checked", lambda: self._reload(campaign).state != CampaignState.CHECKING)
        if campaign.state == CampaignState.CHECKED:
            self.say(f"Check: {campaign.report.rows} rows, {campaign.report.to_send} will be sent")
            if seed.have_approved(campaign, actor):
                self.say("A colleague approved it: the template is new")
            again = str(steps.people_again(campaign))
            steps.confirm_and_start(campaign, str(campaign.report.to_send), actor, typed_again=again)
            self.say("Campaign started; batches of 100 over HTTP")
        return campaign

    def _receipts(self, campaign: Campaign) -> None:
        def heard() -> bool:
            counts = self.counts(campaign)
            return bool(counts) and not (counts.keys() & {"queued", "sending", "submitted"})

        self.wait("every receipt has come", heard, seconds=180)
        for status, people in self.counts(campaign).items():
            self.say(f"  {status:<11} {people:>6}")

    def counts(self, campaign: Campaign) -> Mapping[str, int]:
        campaign.refresh_from_db()
        return deliveries_status.dispatch_counts([campaign.dispatch_id]) if campaign.dispatch_id else {}

    def wait(self, what: str, done: Callable[[], bool], seconds: float = 90) -> None:
        """Until it is so. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(
                    f"Waited {seconds:.0f} s in vain until {what}. The logs are in {settings.DATA_DIR / 'logs'}."
                )
            self.rest()

    @staticmethod
    def _reload(row: Found) -> Found:
        row.refresh_from_db()  # type: ignore[attr-defined]
        return row
