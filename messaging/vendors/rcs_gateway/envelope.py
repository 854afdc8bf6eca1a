"""The sealed form of everything that is said here in either direction (document §1.2–1.3).

Body: Base64(AES-256-ECB(JSON)). Headers: spId, timestamp in milliseconds, and
signature = SHA-256(password + body + timestamp) in hex.
The document's "256-bit blocks" is wrong: its own examples have AES's 16-byte blocks and a 32-byte key.
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import orjson

from messaging.gateway import signing
from messaging.gateway.errors import UnreadableBody

CONTENT_TYPE = "text/plain; charset=utf-8"


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
        body = base64.b64encode(signing.aes_ecb_encrypt(self._key, plain)) if plain else b""
        return body, {
            "Content-Type": CONTENT_TYPE,
            "spId": self._sp_id,
            "timestamp": timestamp,
            "signature": signing.sha256_hex(self._password, body, timestamp.encode()),
        }

    def sign(self, body: bytes, timestamp: str) -> str:
        """The signature covers the Base64 text without its line breaks."""
        return signing.sha256_hex(self._password, b"".join(body.split()), timestamp.encode())

    def is_mine(self, sp_id: str) -> bool:
        return signing.same(sp_id, self._sp_id)

    def open(self, body: bytes) -> Any:
        """Body -> JSON value. Raises UnreadableBody."""
        return read_json(signing.aes_ecb_decrypt(self._key, signing.b64decode(body)))

    def _now(self) -> str:
        self._last = max(int(time.time() * 1000), self._last + 1)
        return str(self._last)


def read_json(plain: bytes) -> Any:
    """The vendor's JSON is sometimes indented with no-break blanks (U+00A0), which JSON does not allow outside texts;
    they are replaced only where reading fails without. Raises UnreadableBody."""
    try:
        text = plain.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableBody("The body is not UTF-8") from error
    for attempt in (text, text.replace("\u00a0", " ")):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    raise UnreadableBody("The body is not JSON")
