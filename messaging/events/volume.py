"""How much one account's pushes may have stored: far more than any vendor tells, so that whoever learnt an address cannot fill
the disk. Counted in each web process, which costs a push nothing."""

import logging
import threading
import time
from dataclasses import dataclass, field

log = logging.getLogger(__name__)
SAY_EVERY = 60.0


@dataclass
class _Bucket:
    """Runs full at `rate` a second, holds `most`."""

    rate: float
    most: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.most, time.monotonic()

    def take(self, amount: float) -> bool:
        now = time.monotonic()
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        if amount > self.left:
            return False
        self.left -= amount
        return True


class _Allowance:
    """Of one account: audits, which are never dropped as repeats; pushes; and their bytes."""

    def __init__(self) -> None:
        self.audits = _Bucket(rate=1, most=300)
        self.pushes = _Bucket(rate=500, most=5_000)
        self.bytes = _Bucket(rate=16 * 1024 * 1024, most=128 * 1024 * 1024)
        self.refused, self.said_at = 0, float("-inf")

    def take(self, kind: str, size: int) -> bool:
        if kind == "review" and not self.audits.take(1):
            return False
        return self.pushes.take(1) and self.bytes.take(size)


_allowances: dict[int, _Allowance] = {}
_lock = threading.Lock()


def may_store(account_id: int, kind: str, size: int) -> bool:
    """Count one push of so many bytes; False if it is one too many."""
    with _lock:
        allowance = _allowances.get(account_id) or _allowances.setdefault(account_id, _Allowance())
        if allowance.take(kind, size):
            return True
        _say(account_id, allowance)
        return False


def _say(account_id: int, allowance: _Allowance) -> None:
    """Once in a while: the log must not be what fills the disk."""
    allowance.refused += 1
    if time.monotonic() - allowance.said_at > SAY_EVERY:
        allowance.said_at = time.monotonic()
        log.error("A flood of pushes to account %s: %s not stored so far", account_id, allowance.refused)


def forget() -> None:
    """Everybody has the whole allowance again."""
    with _lock:
        _allowances.clear()
