"""Who decides what a colleague asks for: campaigns, follow-ups, a system's first use, roles."""
