"""What every page under one campaign stands on: the campaign itself, and the pages above."""

from django.shortcuts import get_object_or_404
from django.utils.text import capfirst

from campaigns.models import Campaign
from messaging.admin_base import Page


class CampaignPages(Page):
    """Pages under one campaign."""

    def campaign_or_404(self, pk: int) -> Campaign:
        related = ("account", "audience", "version__template", "signature", "chatbot", "dispatch", "confirmed_by")
        more = ("version_b__template", "fallback_account", "fallback_version__template")
        return get_object_or_404(Campaign.objects.select_related(*related, *more), pk=pk)

    def pages_above(self, campaign: Campaign) -> list[tuple[str, str]]:
        """(words, address) of the pages above one of this campaign."""
        above = "check" if campaign.dispatch_id is None else "progress"
        return [
            (capfirst(str(self.opts.verbose_name_plural)), self.address("changelist")),
            (str(campaign), self.address(above, campaign.pk)),
        ]
