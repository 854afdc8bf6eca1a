"""Audiences, campaigns, numbers, prefixes and the audit trail. Views are thin doors to the services."""

from campaigns.admin import (  # noqa: F401 - importing registers the pages
    approvals,
    audiences,
    campaigns,
    first_uses,
    numbers,
    prefixes,
    reports,
    rules,
    tokens,
    trail,
    webhooks,
)
