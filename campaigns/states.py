"""Statuses of what people plan: audiences, imports, campaigns, approvals."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Choose columns")
    CHECKING = "checking", _("Checking the file")
    READY = "ready", _("To be confirmed")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Not imported")


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Checked")
    AWAITING = "awaiting", _("Awaiting approval")
    SCHEDULED = "scheduled", _("Scheduled")
    CANARY = "canary", _("Watching the canary")
    RUNNING = "running", _("Sending")
    HOLDING = "holding", _("Waiting for the window")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped by itself")
    SETTLING = "settling", _("Waiting for receipts")
    DONE = "done", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class ApprovalState(models.TextChoices):
    PENDING = "pending", _("Awaiting approval")
    GRANTED = "granted", pgettext_lazy("approval", "Approved")
    REFUSED = "refused", pgettext_lazy("approval", "Sent back")
    VOID = "void", _("Void")


class Scope(models.TextChoices):
    """What an API token may be allowed, each by itself."""

    SEND = "send", _("Send messages")
    CAMPAIGNS = "campaigns", _("Create and run campaigns")
    AUDIENCES = "audiences", _("Upload audiences")
    LOOKUP = "lookup", _("Look up deliveries")
    REPLIES = "replies", _("Read replies")
    SUPPRESSIONS = "suppressions", _("Read and change the do-not-send list")
    REVEAL = "reveal", _("See full numbers")

    @property
    def needs(self) -> tuple[str, ...]:
        """The permissions that a person must hold for a token of theirs to have this scope: all of them."""
        return _NEEDS[self]


_NEEDS: dict[Scope, tuple[str, ...]] = {
    Scope.SEND: ("campaigns.send_campaign",),
    Scope.CAMPAIGNS: ("campaigns.send_campaign",),
    Scope.AUDIENCES: ("campaigns.import_audience",),
    Scope.LOOKUP: ("messaging.look_up_delivery",),
    Scope.REPLIES: ("messaging.view_reply",),
    Scope.SUPPRESSIONS: ("messaging.view_suppression", "messaging.add_suppression", "messaging.lift_suppression"),
    Scope.REVEAL: ("messaging.reveal_phone",),
}


class WebhookEvent(models.TextChoices):
    DELIVERY_UPDATED = "delivery.updated", _("Deliveries updated")
    REPLY_RECEIVED = "reply.received", _("Reply received")
    CAMPAIGN_FINISHED = "campaign.finished", _("Campaign finished")
    TEMPLATE_REVIEWED = "template.reviewed", _("Template reviewed")
