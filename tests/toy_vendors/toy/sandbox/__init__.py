"""The toy's protocol as its imaginary document has it: JSON, a key in a header, pushes signed with SHA-256."""

import hashlib
import json

from messaging.sandbox.base import Acceptance, Push, SandboxReply, SandboxRequest, World


def _json(status: int = 200, **data: object) -> SandboxReply:
    return SandboxReply(json.dumps(data).encode(), status, {"Content-Type": "application/json", "xToyCase": "kept"})


class Sandbox:
    code = "toy"
    credentials = {"app_id": "toy-application", "app_secret": "toy-secret-0123456789"}

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        if request.headers.get("x-app") != self.credentials["app_id"]:
            return _json(code=1, words="who are you")
        action = {"/send": self._send, "/templates": self._submit, "/balance": self._balance}.get(request.path)
        return action(json.loads(request.body or b"{}"), world) if action else _json(404)

    def _send(self, data: dict, world: World) -> SandboxReply:
        if any(len(number) != 11 for number in data["numbers"]):
            return _json(code=2, words="bad number")
        task = f"t{world.next_id()}"
        for number in data["numbers"]:
            world.accept(Acceptance(self.code, number, task, data["ref"], "send", data["text"]))
        if world.settings.get("auto_receipt"):
            rows = [{"to": number, "ref": data["ref"], "task": task, "word": "OK"} for number in data["numbers"]]
            self._push(world, "receipt", {"rows": rows})
        return _json(code=0, task=task)

    def _submit(self, data: dict, world: World) -> SandboxReply:
        template = f"m{world.next_id()}"
        world.store[template] = "waiting"
        return _json(code=0, template=template)

    def _balance(self, data: dict, world: World) -> SandboxReply:
        return _json(code=0, left="12.50")

    def _push(self, world: World, kind: str, data: dict) -> None:
        body = json.dumps(data).encode()
        sign = hashlib.sha256(self.credentials["app_secret"].encode() + body).hexdigest()
        delay = float(world.settings.get("delay", 0))
        world.push(Push(kind, body, {"X-Toy-Sign": sign, "Content-Type": "application/json"}, delay))

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        world.store[template_id] = "approved" if approved else "refused"
        self._push(world, "review", {"template": template_id, "approved": approved, "words": message})

    def reply(self, world: World, phone: str, content: str) -> None:
        self._push(world, "reply", {"rows": [{"from": phone, "says": content, "id": world.next_id()}]})

    def acknowledged(self, kind: str, status: int, body: bytes) -> bool:
        return body == b"thanks"


SANDBOX = Sandbox
