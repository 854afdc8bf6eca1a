"""The door: which interface, which operation, and how a refusal is said there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from messaging.sandbox.base import SandboxReply, SandboxRequest, World
from messaging.vendors.emay.sandbox import desk, plain_forms, safe, wire
from messaging.vendors.emay.sandbox.rules import Asked


class Sandbox:
    code: ClassVar[str] = "emay"
    credentials: ClassVar[Mapping[str, str]] = {"app_id": "EUCP-EMY-SMS1-SANDB", "secret_key": "5A9F81C4D2E6B370"}

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        folder, _slash, name = request.path.strip("/").partition("/")
        if folder == "inter" and name in safe.OPERATIONS:
            return self._safe(request, name, world) if request.method == "POST" else SandboxReply(b"", 405)
        if request.method not in ("POST", "GET"):
            return SandboxReply(b"", 405)
        if folder == "simpleinter" and name in plain_forms.OPERATIONS:
            return self._plain(request, name, world)
        if folder == "report" and name == "retrieveReport":
            return self._retrieve(request, world)
        return SandboxReply(b"", 404)

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """There is no push of audits: the next query shows it."""
        world.store.setdefault("templates", {})[template_id]["status"] = "1" if approved else "2"

    def reply(self, world: World, phone: str, content: str) -> None:
        desk.reply(world, phone, content, datetime.now(UTC), self.credentials)

    def click(self, world: World, phone: str) -> None:
        """Somebody taps the newest short link that this number was sent."""
        desk.click(world, phone, datetime.now(UTC), self.credentials)

    def acknowledged(self, kind: str, status: int, body: bytes) -> bool:
        return status == 200 and body == b"success"

    def _safe(self, request: SandboxRequest, name: str, world: World) -> SandboxReply:
        secret = self.credentials["secret_key"]
        try:
            body = wire.open_safe(request, self.credentials["app_id"], secret)
            data = safe.OPERATIONS[name](Asked(body, request.now, world, self.credentials))
        except wire.Refused as refused:
            return wire.refuse_safe(refused.code)
        return wire.seal_answer(request, secret, data)

    def _plain(self, request: SandboxRequest, name: str, world: World) -> SandboxReply:
        try:
            asked = Asked(self._fields(request), request.now, world, self.credentials)
            return wire.answer_plain("SUCCESS", plain_forms.OPERATIONS[name](asked))
        except wire.Refused as refused:
            return wire.answer_plain(refused.code)

    def _retrieve(self, request: SandboxRequest, world: World) -> SandboxReply:
        try:
            plain_forms.retrieve(Asked(self._fields(request), request.now, world, self.credentials))
        except wire.Refused as refused:
            return SandboxReply(refused.code.encode())
        return SandboxReply(b"SUCCESS")

    def _fields(self, request: SandboxRequest) -> dict[str, str]:
        return wire.open_plain(request, self.credentials["app_id"], self.credentials["secret_key"])
