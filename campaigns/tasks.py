"""What workers run. A task gets ids alone, may be lost or doubled, and then does no harm."""

from campaigns.models import Campaign
from campaigns.services import importing, planning, running, webhooks
from campaigns.states import CampaignState
from messaging import queue


def look_at_import(import_id: int) -> None:
    importing.look_at_import(import_id)


def check_import(import_id: int) -> None:
    importing.check_and_store(import_id)


def check_campaign(campaign_id: int) -> None:
    """Count the sheet of a big audience. A campaign that has moved on meanwhile is left alone."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.state == CampaignState.CHECKING:
        planning.check(campaign)
    queue.nudge_taken(f"count:{campaign_id}")


def launch_campaign(campaign_id: int) -> None:
    running.launch(campaign_id)
    queue.nudge_taken(f"launch:{campaign_id}")


def send_webhooks() -> None:
    queue.nudge_taken("webhooks")
    webhooks.send_due()
    webhooks.wake()
