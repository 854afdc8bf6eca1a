"""Who may be sent to: the do-not-send list and the frequency cap."""
