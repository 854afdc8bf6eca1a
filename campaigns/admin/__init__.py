"""Audiences, campaigns, prefixes and the audit trail. Views are thin doors to the services."""

from campaigns.admin import audiences, campaigns, prefixes, trail  # noqa: F401 - importing registers the pages
