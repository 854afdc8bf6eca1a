"""The last look at the clock before a request leaves."""

import threading
import time


class TooLate(OSError):
    """Nothing of the request has left, and now nothing may."""


class Departure:
    """When a request was allowed onto the wire, and whether anything of it has left.

    Between the permission and the first byte the process may be stopped (a suspended machine, SIGSTOP) for any time, in which
    somebody pauses, cancels or opts out. What comes back from that must not be sent.
    """

    MOST_SECONDS = 4.0

    def __init__(self) -> None:
        self._steady, self._wall = time.monotonic(), time.time()
        self._lock = threading.Lock()
        self._left = False
        self._called_off = False
        self.refused = ""  # why nothing may leave any more

    @property
    def seconds(self) -> float:
        """Since the permission, by whichever clock says more: the steady one stands still while a machine is suspended."""
        return max(time.monotonic() - self._steady, time.time() - self._wall)

    def leave(self) -> None:
        """Just before the first byte. Raises TooLate."""
        with self._lock:
            if self._left:
                return
            if self._called_off:
                self.refused = "The request was called off before it left"
            elif self.seconds > self.MOST_SECONDS:
                self.refused = f"{self.seconds:.0f} s went by before the request could leave; nothing was sent"
            if self.refused:
                raise TooLate(self.refused)
            self._left = True

    def call_off(self) -> bool:
        """From now on nothing leaves. True if nothing has."""
        with self._lock:
            self._called_off = True
            return not self._left
