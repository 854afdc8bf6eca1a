"""From a confirmed sheet to a dispatch with its batches and one row for each member, sent to or not."""

from django.db import transaction
from django.utils import timezone

from campaigns.bulk import plan
from campaigns.models import Campaign
from campaigns.services.planning.rules import batch_size, rules_for
from messaging.models import Dispatch
from templates_5g.services import freeze


class MoreThanConfirmed(Exception):
    """More people would get it than were confirmed (a suppression was lifted meanwhile)."""


@transaction.atomic
def lay_out(campaign: Campaign) -> Dispatch:
    """Store the whole plan in one transaction, a few statements whatever the number of people. The rules are asked again,
    so who opted out since the check is left out. Raises MoreThanConfirmed, and then nothing is stored."""
    freeze(campaign.version)
    dispatch = Dispatch.objects.create(
        run=campaign.run,
        leg="main",
        kind=Dispatch.Kind.MAIN,
        title=campaign.name,
        source=str(campaign.audience)[:120],
        version=campaign.version,
        account=campaign.account,
        signature=campaign.signature,
        chatbot=campaign.chatbot,
        purpose=campaign.version.template.purpose,
        options=campaign.options,
        queue="notice" if campaign.version.template.purpose == "notice" else "bulk",
        start_at=campaign.start_at,
        useless_after=campaign.useless_after,
        window_from=campaign.window_from,
        window_until=campaign.window_until,
        cap_count=campaign.cap_count if campaign.version.template.purpose == "marketing" else None,
        cap_days=campaign.cap_days,
        created_by=campaign.confirmed_by,
    )
    rules = rules_for(campaign, timezone.now(), campaign.sheet["imports"])
    sent, left_out = plan.lay_out(rules, dispatch, batch_size(campaign))
    if sent > campaign.sheet["to_send"]:
        raise MoreThanConfirmed
    Dispatch.objects.filter(pk=dispatch.pk).update(total=sent + left_out)
    dispatch.total = sent + left_out
    Campaign.objects.filter(pk=campaign.pk).update(dispatch=dispatch)
    campaign.dispatch = dispatch
    return dispatch
