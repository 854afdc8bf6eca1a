"""Raw bodies that vendors pushed or gave when asked: stored, read, set aside, deleted."""
