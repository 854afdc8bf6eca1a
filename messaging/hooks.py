"""What higher apps may listen to. Receivers run in the caller's transaction and must be quick."""

from django.dispatch import Signal

# Every few seconds, from the one tick: start what is due, look at what runs.
ticked = Signal()
# dispatch=: its state changed (started, paused, stopped, done, cancelled).
dispatch_changed = Signal()
# reply=: a customer's reply was stored.
reply_arrived = Signal()
# ids=: a callable that gives the keys of deliveries whose own status a receipt or silence moved. Not called, it costs nothing.
deliveries_moved = Signal()
# review=: a vendor decided.
review_decided = Signal()
