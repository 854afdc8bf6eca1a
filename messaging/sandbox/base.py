"""What a vendor's sandbox is made of. The server that runs them is `messaging.sandbox.server`.

A vendor's `sandbox` has one class with `code`, `credentials` and `handle`. It is written from the vendor's document
alone and imports nothing else of its folder and nothing of the gateway, or it would only mirror them.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class SandboxRequest:
    """One request as it came over the socket. `path` is without the vendor's prefix; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True)
class SandboxReply:
    """`headers` keep their case on the wire (one vendor's clients depend on it)."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One number accepted in one request: a line of the ledger. Slots: a benchmark makes millions of them."""

    vendor: str
    phone: str
    task_id: str
    reference: str = ""
    operation: str = ""
    content: str = ""


@dataclass(frozen=True)
class Push:
    """One request that the vendor makes to us: `kind` is review, receipt, reply or click; `after` is seconds from
    now."""

    kind: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


class World:
    """What a sandbox remembers: its ledger, its pushes to make and a dictionary of its own. One for each vendor.

    `settings` is what was asked for from outside: {"auto_approve": True, "auto_receipt": True, "delay": 0.2,
    "fail_every": 0, "reply_every": 0, "fallback_every": 0, …}; a vendor's sandbox reads what it knows. The server keeps
    `store` between two runs if it was told to, so it may hold only what pickle takes.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.ledger: list[Acceptance] = []
        self.accepted: Counter[str] = Counter()  # phone -> times accepted, so that asking does not read the ledger
        self.store: dict[str, Any] = {}
        self.pushes: list[Push] = []
        self.settings: dict[str, Any] = {}
        self._ids = 0

    def next_id(self) -> int:
        with self.lock:
            self._ids += 1
            return self._ids

    def accept(self, acceptance: Acceptance) -> None:
        with self.lock:
            self.ledger.append(acceptance)
            self.accepted[acceptance.phone] += 1

    def push(self, push: Push) -> None:
        with self.lock:
            self.pushes.append(push)

    def take_pushes(self) -> list[Push]:
        with self.lock:
            taken, self.pushes = self.pushes, []
            return taken

    def dump(self) -> dict[str, Any]:
        """What must outlive a restart."""
        with self.lock:
            return {
                "ledger": list(self.ledger),
                "store": dict(self.store),
                "settings": dict(self.settings),
                "pushes": list(self.pushes),
                "ids": self._ids,
            }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Put in place of everything what `dump` gave; an empty mapping empties the world."""
        with self.lock:
            self.ledger = list(kept.get("ledger", ()))
            self.accepted = Counter(line.phone for line in self.ledger)
            self.store = dict(kept.get("store", {}))
            self.settings = dict(kept.get("settings", {}))
            self.pushes = list(kept.get("pushes", ()))
            self._ids = int(kept.get("ids", 0))


class VendorSandbox(Protocol):
    """`credentials` are those of the sandbox's one account. `handle` is called under world.lock and must be pure but
    for `world`; it refuses whatever the document does not allow, with the document's own code. It may also have
    `acknowledged(kind, status, body) -> bool`: is our answer to a push the one that the document asks for?"""

    code: str
    credentials: Mapping[str, str]

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply: ...

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """Decide an audit from outside; pushes the decision where the document has a push."""
        ...

    def reply(self, world: World, phone: str, content: str) -> None:
        """A customer writes back to the newest message that this phone was sent."""
        ...
