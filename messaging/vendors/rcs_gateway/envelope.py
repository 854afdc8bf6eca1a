"""The sealed form of everything that is said here in either direction (document §1.2–1.3).

Body: Base64(AES-256-ECB(JSON)). Headers: spId, timestamp in milliseconds, and
signature = SHA-256(password + body + timestamp) in hex.
The document's "256-bit blocks" is wrong: its own examples have AES's 16-byte blocks and a 32-byte key.
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from messaging.gateway import crypto, lenient, times
from messaging.gateway.outcomes import UnreadableBody

CONTENT_TYPE = "text/plain; charset=utf-8"
FURTHEST_AHEAD = 60_000  # milliseconds
HEAD = 768  # of these the Base64 text is a whole number of fours


class Envelope:
    """Seals and opens for one account. No timestamp is given twice: a repeated (timestamp, body) counts as a replay."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._sp_id = credentials["sp_id"]
        self._password = credentials["password"].encode()
        self._key = credentials["aes_key"].encode()
        self._last = 0

    def seal(self, payload: Any) -> tuple[bytes, dict[str, str]]:
        """A JSON value -> (body, headers), signed for now. None stands for an empty body (§10.2)."""
        return self.seal_bytes(b"" if payload is None else orjson.dumps(payload), self._now())

    def seal_bytes(self, plain: bytes, timestamp: str) -> tuple[bytes, dict[str, str]]:
        body = base64.b64encode(crypto.aes_ecb_encrypt(self._key, plain)) if plain else b""
        return body, {
            "Content-Type": CONTENT_TYPE,
            "spId": self._sp_id,
            "timestamp": timestamp,
            "signature": crypto.sha256_hex(self._password, body, timestamp.encode()),
        }

    def sign(self, body: bytes, timestamp: str) -> str:
        """The signature covers the Base64 text without its line breaks."""
        return crypto.sha256_hex(self._password, b"".join(body.split()), timestamp.encode())

    def is_mine(self, sp_id: str) -> bool:
        return crypto.same(sp_id, self._sp_id)

    def open(self, body: bytes) -> Any:
        """Body -> JSON value. Raises UnreadableBody."""
        return read_json(crypto.aes_ecb_decrypt(self._key, crypto.b64decode(body)))

    def beginning(self, body: bytes) -> str:
        """The first HEAD bytes of what is sealed, as text: enough to see what it is, whatever the length of the body. ""
        for what is not sealed so."""
        head = b"".join(body[: 2 * HEAD].split())[: HEAD // 3 * 4]
        try:
            return crypto.aes_ecb_open_blocks(self._key, base64.b64decode(head[: len(head) // 4 * 4])).decode(
                "utf-8", "replace"
            )
        except ValueError:
            return ""

    def _now(self) -> str:
        now = times.milliseconds()
        # Behind a clock that was set back the last one would be refused as too far off.
        self._last = now if self._last > now + FURTHEST_AHEAD else max(now, self._last + 1)
        return str(self._last)


def read_json(plain: bytes) -> Any:
    """The vendor's JSON is sometimes indented with no-break blanks (U+00A0), which JSON does not allow outside texts;
    they are replaced only where reading fails without. Raises UnreadableBody."""
    text = lenient.text_of(plain)
    for attempt in (text, text.replace("\u00a0", " ")):
        try:
            return lenient.load_json(attempt)
        except (ValueError, RecursionError):
            continue
    raise UnreadableBody("The body is not JSON")
