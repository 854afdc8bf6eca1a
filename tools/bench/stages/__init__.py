"""The path in pieces, each measured beside its limit."""
