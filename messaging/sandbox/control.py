"""The sandbox's own API under /_sandbox/: JSON in, JSON out. It never looks like a vendor's.

    GET  ledger?vendor=&phone=&limit=   {"total": n, "lines": [{vendor, phone, task_id, reference, operation, content}]}
    GET  ledger/counts?vendor=          {phone: times accepted}
    GET  state                          {"vendors": {code: …}, "redirects_followed": n}
    POST settings   {vendor, …}         merged into the world's settings (null removes); answers them
    POST callbacks  {vendor, urls: {review, receipt, reply, click}}
    POST approve    {vendor, template_id, approved, message}
    POST reply      {vendor, phone, content}
    POST faults     {vendor, rules: […], seed}   in place of the former rules (see sandbox_faults)
    POST again      {vendor}            what was given up is pushed once more; answers {"pushes": n}
    POST reset      {vendor}            forgets all but the callback addresses

`vendor` may be "*" in settings, faults, again and reset. Mistakes are answered 400 with {"error": sentence}.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

import orjson

from messaging.sandbox.faults import BadRule
from messaging.sandbox.mounts import Mount

LEDGER_LINES = 1000
KINDS = ("review", "receipt", "reply", "click")


class BadCommand(ValueError):
    """A command that cannot be carried out: its text says why."""


Data = Mapping[str, Any]


class Control:
    """Answers the control API for these mounts."""

    def __init__(self, mounts: Mapping[str, Mount]) -> None:
        self._mounts = mounts
        self.redirects_followed = 0
        self._commands: dict[tuple[str, str], Callable[[Data], Any]] = {
            ("GET", "ledger"): self._ledger,
            ("GET", "ledger/counts"): self._counts,
            ("GET", "state"): self._state,
            ("POST", "settings"): self._settings,
            ("POST", "callbacks"): self._callbacks,
            ("POST", "approve"): self._approve,
            ("POST", "reply"): self._reply,
            ("POST", "faults"): self._faults,
            ("POST", "again"): self._again,
            ("POST", "reset"): self._reset,
        }

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
        """HTTP status and JSON for one command; `path` is what follows /_sandbox/."""
        path = path.strip("/")
        if path == "followed":
            self.redirects_followed += 1
            return 200, b"{}"
        command = self._commands.get((method, path))
        if command is None:
            return 404, orjson.dumps({"error": f"no command {method} {path}"})
        try:
            return 200, orjson.dumps(command(self._read(method, query, body)))
        except (BadCommand, BadRule, LookupError, TypeError, orjson.JSONDecodeError) as error:
            return 400, orjson.dumps({"error": f"{type(error).__name__}: {error}"})

    @staticmethod
    def _read(method: str, query: str, body: bytes) -> Data:
        data = orjson.loads(body or b"{}") if method == "POST" else dict(parse_qsl(query))
        if not isinstance(data, dict):
            raise BadCommand("the body must be a JSON object")
        return data

    def _mount(self, data: Data) -> Mount:
        code = data.get("vendor", "")
        if code not in self._mounts:
            raise BadCommand(f"no sandbox of the vendor {code!r}; there are {', '.join(sorted(self._mounts))}")
        return self._mounts[code]

    def _several(self, data: Data) -> list[Mount]:
        return list(self._mounts.values()) if data.get("vendor", "*") in ("", "*") else [self._mount(data)]

    def _ledger(self, data: Data) -> dict[str, Any]:
        phone, limit = data.get("phone", ""), int(data.get("limit", LEDGER_LINES))
        lines = []
        for mount in self._several(data):
            with mount.world.lock:
                lines += [line for line in mount.world.ledger if not phone or line.phone == phone]
        return {"total": len(lines), "lines": [asdict(line) for line in lines[:limit]]}

    def _counts(self, data: Data) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for mount in self._several(data):
            with mount.world.lock:
                counts.update(mount.world.accepted)
        return dict(counts)

    def _state(self, data: Data) -> dict[str, Any]:
        return {
            "vendors": {code: mount.state() for code, mount in self._mounts.items()},
            "redirects_followed": self.redirects_followed,
        }

    def _settings(self, data: Data) -> dict[str, Any]:
        answer = {}
        for mount in self._several(data):
            with mount.world.lock:
                settings = mount.world.settings
                settings.update({name: value for name, value in data.items() if name != "vendor"})
                for name in [name for name, value in settings.items() if value is None]:
                    del settings[name]
                answer[mount.code] = dict(settings)
            mount.pusher.wake()
        return answer

    def _callbacks(self, data: Data) -> dict[str, str]:
        mount, urls = self._mount(data), data["urls"]
        strange = set(urls) - set(KINDS)
        if strange:
            raise BadCommand(f"no push of the kind {', '.join(sorted(strange))}")
        mount.pusher.callbacks.update(urls)
        mount.pusher.wake()
        return dict(mount.pusher.callbacks)

    def _approve(self, data: Data) -> dict[str, Any]:
        approved = data.get("approved", True)
        self._mount(data).approve(str(data["template_id"]), bool(approved), str(data.get("message", "")))
        return {}

    def _reply(self, data: Data) -> dict[str, Any]:
        self._mount(data).reply(str(data["phone"]), str(data["content"]))
        return {}

    def _faults(self, data: Data) -> dict[str, int]:
        for mount in self._several(data):
            mount.faults.replace(data["rules"], int(data.get("seed", 1)))
        return {"rules": len(data["rules"])}

    def _again(self, data: Data) -> dict[str, int]:
        return {"pushes": sum(mount.pusher.again() for mount in self._several(data))}

    def _reset(self, data: Data) -> dict[str, Any]:
        for mount in self._several(data):
            mount.reset()
        return {}
