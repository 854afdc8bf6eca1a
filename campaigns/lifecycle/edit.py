"""Saving a campaign as a person filled it in. Any change voids the check."""

from django import forms
from django.db import transaction

from campaigns.approvals import campaign_approvals
from campaigns.audit_actions import AuditAction
from campaigns.models import Campaign, PreflightReport
from campaigns.preflight import NotNow
from campaigns.states import CampaignState
from kit import audit
from kit.people import Person

_OPEN = (CampaignState.DRAFT, CampaignState.CHECKED)


@transaction.atomic
def save(form: "forms.ModelForm[Campaign]", actor: Person) -> Campaign:
    """`form` is valid. The campaign goes back to DRAFT without a report. Raises NotNow when it was confirmed
    while the form was open."""
    campaign: Campaign = form.save(commit=False)
    is_new = campaign.pk is None
    if is_new:
        campaign.created_by = actor
    else:
        stored = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if stored.state not in _OPEN:
            raise NotNow(stored.get_state_display())
    campaign.state, campaign.state_note = CampaignState.DRAFT, ""
    campaign.report, campaign.checked_at = PreflightReport(), None
    campaign.save()
    campaign.editors.add(actor)
    campaign_approvals.void_changed(campaign)
    audit.record(
        AuditAction.CAMPAIGN_MADE if is_new else AuditAction.CAMPAIGN_CHANGED,
        actor=actor,
        target=campaign,
        detail={} if is_new else {"fields": form.changed_data},
    )
    return campaign
