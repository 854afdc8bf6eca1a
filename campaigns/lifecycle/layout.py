"""From a confirmed report to a dispatch with its batches and one row for each member, sent to or not."""

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.preflight.audience_query import query_for
from campaigns.preflight.specs import variants
from kit.uuids import shared_uuid7
from messaging.models import Dispatch
from messaging.sending.create import Part, create


@transaction.atomic
def lay_out(campaign: Campaign) -> Dispatch:
    """Store the whole plan in one transaction. Returns the first dispatch; a second version has one of its own, in the same run and
    leg. Raises create.TooManyPeople where more people would get it than were confirmed (a suppression was lifted meanwhile), and
    then nothing is stored."""
    Campaign.objects.filter(pk=campaign.pk, run_id=None).update(run_id=shared_uuid7())
    campaign.refresh_from_db(fields=["run_id"])
    now, imports = timezone.now(), campaign.report.imports
    parts = [Part(variant.spec, query_for(campaign, variant, imports, now)) for variant in variants(campaign)]
    first = create(parts, at_most=campaign.report.to_send)[0].dispatch
    Campaign.objects.filter(pk=campaign.pk).update(dispatch=first)
    campaign.dispatch = first
    return first
