"""One vendor's sandbox as the server runs it: its world, its faults, its pusher and what was counted."""

import copy
import importlib
import logging
import pkgutil
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from messaging.sandbox.base import SandboxReply, SandboxRequest, VendorSandbox, World
from messaging.sandbox.faults import FaultBook
from messaging.sandbox.pusher import Pusher

log = logging.getLogger(__name__)


def discover() -> dict[str, VendorSandbox]:
    """code -> sandbox, from every vendor folder that has a module `sandbox` with SANDBOX (a class)."""
    import messaging.vendors as package

    found: dict[str, VendorSandbox] = {}
    for folder in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{folder.name}.sandbox"
        if folder.ispkg and find_spec(name):
            sandbox = importlib.import_module(name).SANDBOX()
            found[sandbox.code] = sandbox
    return found


class Mount:
    """What stands under /<code>/. A sandbox may have a method `acknowledged(kind, status, body)` that says whether our
    answer to a push is the one its document asks for; without it any 2xx counts."""

    def __init__(self, sandbox: VendorSandbox) -> None:
        self.sandbox = sandbox
        self.code = sandbox.code
        self.world = World()
        self.faults = FaultBook()
        self.pusher = Pusher(self.code, self.world, getattr(sandbox, "acknowledged", None))
        self.requests: Counter[str] = Counter()
        self.last_error = ""

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """A mistake in a sandbox is a 500 that names itself, not a dead connection."""
        try:
            with self.world.lock:
                self.requests[request.path] += 1
                reply = self.sandbox.handle(request, self.world)
        except Exception as error:
            log.exception("sandbox %s broke at %s", self.code, request.path)
            self.last_error = f"{type(error).__name__}: {error}"
            return SandboxReply(f"sandbox error: {self.last_error}".encode(), 500)
        if self.world.pushes:
            self.pusher.wake()
        return reply

    def approve(self, template_id: str, approved: bool, message: str) -> None:
        with self.world.lock:
            self.sandbox.approve(self.world, template_id, approved, message)
        self.pusher.wake()

    def reply(self, phone: str, content: str) -> None:
        with self.world.lock:
            self.sandbox.reply(self.world, phone, content)
        self.pusher.wake()

    def reset(self) -> None:
        """Forget everything but the callback addresses."""
        self.faults.replace([])
        self.world.load({})
        self.pusher.clear()
        self.requests.clear()
        self.last_error = ""

    def state(self) -> dict[str, Any]:
        with self.world.lock:
            accepted, phones = len(self.world.ledger), len(self.world.accepted)
            settings, requests = dict(self.world.settings), dict(self.requests)
        return {
            "credentials": dict(self.sandbox.credentials),
            "accepted": accepted,
            "phones": phones,
            "requests": requests,
            "settings": settings,
            "callbacks": dict(self.pusher.callbacks),
            "faults": self.faults.fired(),
            "pushes": self.pusher.state(),
            "last_error": self.last_error,
        }

    def mark(self) -> object:
        """Changes whenever there is something new to keep."""
        with self.world.lock:
            asked = sum(self.requests.values())
            return asked, dict(self.world.settings), dict(self.pusher.callbacks), dict(self.pusher.counts)

    def dump(self) -> dict[str, Any]:
        with self.world.lock:
            waiting = self.pusher.waiting()
            kept = copy.deepcopy(self.world.dump())
        return {**kept, "pushes": [*waiting, *kept["pushes"]], "callbacks": dict(self.pusher.callbacks)}

    def load(self, kept: Mapping[str, Any]) -> None:
        self.world.load(kept)
        self.pusher.callbacks.update(kept.get("callbacks", {}))
