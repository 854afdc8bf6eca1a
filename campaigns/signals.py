"""What happens to campaigns, for whoever wants to know. Receivers run in the caller's transaction and must be quick."""

from django.dispatch import Signal

# campaign=: it is done or cancelled.
campaign_finished = Signal()
