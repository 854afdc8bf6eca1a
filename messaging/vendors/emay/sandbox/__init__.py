"""Emay's side of the wire, written from its document: both interfaces, retrieveReport, and the pushes.

World.settings that are read: auto_approve, auto_receipt (True), delay (seconds), fail_every, unknown_every, timeout_every,
black_every, unsubscribe_every, reply_every, click_every (0 = never), duplicate and reorder (of polled rows), pushes
("sealed", the default, "plain" or "none"), balance (100000), longest (characters of a text, 1000), retrieve (True),
answer (a code that every send is answered with instead of being taken).
"""

from messaging.vendors.emay.sandbox.front import Sandbox

SANDBOX = Sandbox

__all__ = ["SANDBOX", "Sandbox"]
