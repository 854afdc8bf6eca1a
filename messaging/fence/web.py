"""The mark of a web process. It sends nothing, but it sees more of the database than its own disk forgets: after a restore it
tells, even where every worker host has lost its files."""

import logging
import threading
import time

from django.core.signals import request_finished
from django.db import Error

from messaging.fence.keeper import Keeper
from messaging.models import FenceMark

log = logging.getLogger(__name__)
EVERY = 30.0  # seconds between two signs of life; none while nobody asks for a page


class WebMark:
    def __init__(self) -> None:
        self.keeper = Keeper(FenceMark.Kind.WEB)
        self.lock = threading.Lock()
        self.next = 0.0

    def after_request(self, **_signal: object) -> None:
        """The answer is out already; of several threads one does it."""
        if time.monotonic() < self.next or not self.lock.acquire(blocking=False):
            return
        try:
            self.next = time.monotonic() + EVERY
            self.keeper.beat()
        except (Error, OSError):
            log.warning("The mark of this web process was not written", exc_info=True)
        finally:
            self.lock.release()


def keep() -> None:
    """For the entry point of a web server."""
    request_finished.connect(WebMark().after_request, weak=False, dispatch_uid="messaging.fence.web")
