"""A campaign from its form to its end: lay-out, start, pause, follow-ups, automatic stop, progress."""
