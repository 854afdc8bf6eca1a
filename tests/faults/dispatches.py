"""Campaigns on a running installation: laid out through the services, started, waited for, and proven afterwards."""

from collections import Counter
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import close_old_connections

from campaigns import preflight
from campaigns.lifecycle import steps
from campaigns.models import Audience, AudienceImport, AudienceMember, Campaign
from campaigns.reports.verify import verify
from campaigns.states import ImportState
from messaging.accounts import health
from messaging.deliveries import status as deliveries_status
from messaging.models import Attempt, Batch, CallbackEvent, TemplateReview, VendorAccount
from messaging.states import AccountStatus, BatchState, ReviewStatus
from templates_5g.services import create_template
from tests.builders import TEXT, handed_over, stored
from tests.installation import VENDOR, Installation, no_limits
from tools.demo import seed

OPEN = (BatchState.QUEUED, BatchState.CLAIMED, BatchState.SENDING)


class Ground:
    """One account at the installation's sandbox, a sender and an approved text; campaigns stand on it."""

    def __init__(self, place: Installation, **account: object) -> None:
        self.place = place
        no_limits()
        self.actor = User.objects.create_user("张三")
        credentials = place.sandbox.ask("state")["vendors"][VENDOR]["credentials"]
        self.account, self.signature, self.chatbot = seed.gateway(f"{place.sandbox.url}/{VENDOR}", credentials)
        values = {"status": AccountStatus.OK, "batch_size": 20, "in_flight": 2, "per_second": Decimal(100_000)}
        VendorAccount.objects.filter(pk=self.account.pk).update(**{**values, **account})
        self.account.refresh_from_db()
        base = f"{place.stack.web_url}/callbacks/{VENDOR}/{self.account.callback_token}"
        place.sandbox.register(VENDOR, {kind: f"{base}/{kind}/" for kind in ("review", "receipt", "reply")})
        place.sandbox.set(VENDOR, auto_approve=True, auto_receipt=True, delay=0.2, fail_every=17)
        self.version = create_template("双十一", "marketing", TEXT, {}, self.actor)
        handed_over(self.version, self.account, signature=self.signature, chatbot=self.chatbot)
        place.wait("a worker or we handed the template over", self._known_there)
        TemplateReview.objects.update(status=ReviewStatus.APPROVED)
        self.version.refresh_from_db()

    def _known_there(self) -> bool:
        return TemplateReview.objects.exclude(vendor_template_id="").filter(version=self.version).exists()

    def campaign(self, numbers: list[str], name: str) -> Campaign:
        """Checked, not started."""
        audience = Audience.objects.create(
            name=name, consent_source="门店登记", consent_on=date(2026, 1, 8), size=len(numbers)
        )
        source = AudienceImport.objects.create(
            audience=audience,
            file_name="名单.csv",
            sha256="0" * 64,
            state=ImportState.DONE,
            rows=len(numbers),
            stored=len(numbers),
        )
        AudienceMember.objects.bulk_create(
            AudienceMember(audience=audience, source=source, phone=phone, operator="cmcc", line=line)
            for line, phone in enumerate(numbers, 2)
        )
        campaign = Campaign.objects.create(
            name=name,
            version=self.version,
            audience=audience,
            account=self.account,
            signature=self.signature,
            chatbot=self.chatbot,
            created_by=self.actor,
        )
        preflight.check(campaign)
        return campaign

    def start(self, campaign: Campaign) -> None:
        again = str(steps.people_again(campaign))
        steps.confirm_and_start(campaign, str(campaign.report.to_send), self.actor, typed_again=again)

    def mend_account(self) -> None:
        """A person looks at the stopped account and puts it back."""
        self.account.refresh_from_db()
        if self.account.status == AccountStatus.STOPPED:
            health.resume(self.account, self.actor)

    # --- afterwards -------------------------------------------------------------------------------------------------

    def accepted(self, campaign: Campaign) -> dict[str, int]:
        """phone -> how often the sandbox really accepted it, of everybody in the campaign."""
        counts = self.place.sandbox.counts(VENDOR)
        phones = stored(campaign).deliveries.values_list("phone", flat=True)
        return {phone: counts.get(phone, 0) for phone in phones}

    def settled(self, campaign: Campaign) -> bool:
        """Nothing moves any more: nothing open, every push applied, everybody whom the vendor has was heard of."""
        close_old_connections()
        batches = Batch.objects.filter(dispatch=campaign.dispatch_id)
        if batches.filter(state__in=OPEN).exists():
            return False
        if CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).exists():
            return False
        silent = stored(campaign).deliveries.filter(own_status__isnull=True).values_list("phone", "batch__state")
        accepted = self.accepted(campaign)
        return all(state == BatchState.UNKNOWN and not accepted[phone] for phone, state in silent)

    def open_batches(self, campaign: Campaign) -> int:
        return Batch.objects.filter(dispatch=campaign.dispatch_id, state__in=OPEN).count()

    def explain(self, campaign: Campaign) -> str:
        states = Counter(Batch.objects.filter(dispatch=campaign.dispatch_id).values_list("state", flat=True))
        outcomes = Counter(
            Attempt.objects.filter(batch__dispatch=campaign.dispatch_id).values_list("outcome", flat=True)
        )
        campaign.refresh_from_db()
        self.account.refresh_from_db()
        return (
            f"campaign {campaign.state} {campaign.state_note}, round {campaign.dispatch and campaign.dispatch.state}, "
            f"account {self.account.status} {self.account.stop_reason}\nbatches {dict(states)}\n"
            f"attempts {dict(outcomes)}\npeople {deliveries_status.dispatch_counts([campaign.dispatch_id])}\n"
            f"new events {CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).count()}, "
            f"sandbox {self.place.sandbox.ask('state')['vendors'][VENDOR]['pushes']}\n"
            f"processes {sorted(self.place.worker_processes().items())}"
        )

    def prove(self, campaign: Campaign, note: str) -> Counter[str]:
        """No number twice, none lost, counters right, the equations hold. Returns how many people have which status."""
        campaign.refresh_from_db()
        accepted = self.accepted(campaign)
        twice = {phone: n for phone, n in accepted.items() if n > 1}
        assert not twice, f"{note}: accepted twice {twice}\n{self.explain(campaign)}"
        statuses = dict(deliveries_status.with_status(stored(campaign).deliveries).values_list("phone", "status"))
        assert len(statuses) == campaign.report.rows, note
        wrong = {
            phone: (status, accepted[phone])
            for phone, status in statuses.items()
            if status not in (("delivered", "failed") if accepted[phone] else ("unknown",))
        }
        assert not wrong, f"{note}: status and ledger differ {wrong}\n{self.explain(campaign)}"
        counted = Counter(statuses.values())
        assert deliveries_status.dispatch_counts([campaign.dispatch_id]) == dict(counted), note
        broken = [str(equation) for equation in verify(campaign) if not equation.holds]
        assert not broken, f"{note}: {broken}"
        return counted
