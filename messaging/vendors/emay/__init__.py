"""Emay SMS (vendor document 004): the safe and the plain interface, pushes, polls, templates, short links."""
