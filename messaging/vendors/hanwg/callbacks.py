"""Nothing comes in from this vendor: its document has neither a push nor a poll. Decisions are registered by hand."""
