"""Gathers the pages of every slice: importing them registers them."""

from campaigns.api import admin as tokens
from campaigns.approvals.admin import approvals, first_uses, role_grants
from campaigns.audiences.admin import audiences, prefixes
from campaigns.lifecycle.admin import campaigns
from campaigns.reports.admin import numbers, reports, trail
from campaigns.webhooks import admin as webhooks

__all__ = [
    "approvals",
    "audiences",
    "campaigns",
    "first_uses",
    "numbers",
    "prefixes",
    "reports",
    "role_grants",
    "tokens",
    "trail",
    "webhooks",
]
