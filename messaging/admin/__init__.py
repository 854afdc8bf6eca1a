"""The admin pages of messaging. Each view is a thin door: it asks, calls one service, and says what came of it."""

from messaging.admin import (  # noqa: F401 - importing registers the pages
    accounts,
    calls,
    dispatches,
    keywords,
    lookup,
    receipts,
    replies,
    reviews,
    signatures,
    suppressions,
    unknowns,
)
