"""Vendor accounts: their health, how fast they may send, their adapters over real HTTP."""
