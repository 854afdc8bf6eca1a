"""Veesing MMS, after document 002."""
