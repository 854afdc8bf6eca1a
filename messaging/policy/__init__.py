"""The sending policy: its form and what changing it does."""
