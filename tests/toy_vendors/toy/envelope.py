"""How a request says who it is, a push proves it, and an answer is opened."""

import hashlib
from collections.abc import Mapping
from typing import Any

from messaging.gateway import lenient
from messaging.gateway.outcomes import UnreadableBody


def headers(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"X-App": credentials["app_id"], "Content-Type": "application/json"}


def signature(credentials: Mapping[str, str], body: bytes) -> str:
    return hashlib.sha256(credentials["app_secret"].encode() + body).hexdigest()


def opened(body: bytes) -> dict[str, Any]:
    """The answer's object, which has a code. Raises UnreadableBody."""
    answer = lenient.json_object(body)
    if not lenient.word(answer.get("code")):
        raise UnreadableBody("The answer has no code")
    return answer
