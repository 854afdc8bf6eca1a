"""Outgoing webhooks: what happened is written down with what it tells of, then handed over, signed, until it is taken."""

from campaigns.webhooks.deliver import forget_old, replay, send_due, wake
from campaigns.webhooks.endpoints import new_secret, switch_all_off
from campaigns.webhooks.events import (
    campaign_finished,
    deliveries_updated,
    reply_data,
    reply_received,
    template_reviewed,
)

__all__ = [
    "campaign_finished",
    "deliveries_updated",
    "forget_old",
    "new_secret",
    "replay",
    "reply_data",
    "reply_received",
    "send_due",
    "switch_all_off",
    "template_reviewed",
    "wake",
]
