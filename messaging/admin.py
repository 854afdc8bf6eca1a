"""Gathers the pages of every slice: importing them registers them. A view asks, calls one service, and says what came of it."""

from messaging.accounts.admin import accounts, calls, signatures
from messaging.callbacks.admin import pushes
from messaging.eligibility import admin as suppressions
from messaging.fence import admin as fence
from messaging.inbox.admin import inbox, keywords
from messaging.lookup.admin import lookup
from messaging.policy import admin as policy
from messaging.receipts import admin as receipts
from messaging.reviews.admin import reviews
from messaging.sending.admin import dispatches, stop_switch, unknown

__all__ = [
    "accounts",
    "calls",
    "dispatches",
    "fence",
    "inbox",
    "keywords",
    "lookup",
    "policy",
    "pushes",
    "receipts",
    "reviews",
    "signatures",
    "stop_switch",
    "suppressions",
    "unknown",
]
