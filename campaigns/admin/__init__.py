"""Audiences, campaigns, numbers, prefixes and the audit trail. Views are thin doors to the services."""

from campaigns.admin import approvals, audiences, campaigns, numbers, prefixes, reports, rules, tokens, trail, webhooks  # noqa: F401 - importing registers the pages
