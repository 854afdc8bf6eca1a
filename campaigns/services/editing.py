"""Saving a campaign as a person filled it in. Any change voids the check."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from campaigns.models import Campaign
from campaigns.services import approving
from campaigns.services.planning import NotNow
from campaigns.states import CampaignState
from config.kit import audit

_OPEN = (CampaignState.DRAFT, CampaignState.CHECKED)


@transaction.atomic
def save(form: Any, actor: Any) -> Campaign:
    """`form` is a valid model form. The campaign goes back to DRAFT without a sheet. Raises NotNow when it was confirmed
    while the form was open."""
    campaign: Campaign = form.save(commit=False)
    is_new = campaign.pk is None
    if is_new:
        campaign.created_by = actor
    else:
        stored = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if stored.state not in _OPEN:
            raise NotNow(stored.get_state_display())
    campaign.state, campaign.sheet, campaign.checked_at, campaign.state_note = CampaignState.DRAFT, {}, None, ""
    campaign.save()
    approving.void_changed(campaign)
    audit.record(
        _("Made a campaign") if is_new else _("Changed a campaign"),
        actor=actor,
        target=campaign,
        detail={} if is_new else {"fields": form.changed_data},
    )
    return campaign
