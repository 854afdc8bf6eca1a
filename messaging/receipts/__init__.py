"""Delivery reports: which attempt each belongs to, and what it changes."""
