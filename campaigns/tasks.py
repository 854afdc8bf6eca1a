"""What workers run. A task gets ids alone, may be lost or doubled, and then does no harm."""

from campaigns import preflight, webhooks
from campaigns.audiences import imports
from campaigns.lifecycle import steps
from campaigns.models import Campaign
from campaigns.states import CampaignState
from messaging import fence, queue


def look_at_import(import_id: int) -> None:
    imports.look_at_import(import_id)


def check_import(import_id: int) -> None:
    imports.check_and_store(import_id)


def check_campaign(campaign_id: int) -> None:
    """Count the report of a big audience. A campaign that has moved on meanwhile is left alone."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.state == CampaignState.CHECKING:
        preflight.check(campaign)
    queue.mark_started(f"count:{campaign_id}")


def launch_campaign(campaign_id: int) -> None:
    steps.launch(campaign_id)
    queue.mark_started(f"launch:{campaign_id}")


def send_webhooks() -> None:
    queue.mark_started("webhooks")
    if fence.nobody_asks():  # a copy tells the customers' systems nothing
        return
    webhooks.send_due()
    webhooks.wake()
