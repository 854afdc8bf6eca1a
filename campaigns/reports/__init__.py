"""Figures by day, reports, exports, evidence, and the proof that a campaign adds up."""
