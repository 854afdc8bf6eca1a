"""Answers to our own requests: the status word, and the data behind it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from messaging.gateway.errors import UnreadableBody
from messaging.gateway.types import WireResponse
from messaging.vendors.emay.envelope import read_json, unseal

Opener = Callable[[], Any]


def safe(response: WireResponse, secret_key: str) -> tuple[str, Opener]:
    """The word in the header `result` and what unseals the body. Raises UnreadableBody without the header."""
    code = response.headers.get("result", "").strip()
    if not code:
        raise UnreadableBody("The answer has no header result")
    return code, lambda: unseal(secret_key, response.body)


def plain(response: WireResponse) -> tuple[str, Opener]:
    """The word in `code` and what gives `data`. Raises UnreadableBody."""
    body = fields(read_json(response.body))
    code = word(body, "code")
    return code, lambda: body.get("data")


def bare_code(body: bytes) -> str:
    """retrieveReport answers with the word alone. Raises UnreadableBody."""
    text = body.decode("utf-8", "replace").strip().strip('"')
    if not re.fullmatch(r"[A-Za-z0-9_]{2,60}", text):
        raise UnreadableBody("The answer is not a status word")
    return text


def message_rows(data: Any) -> list[dict[str, Any]]:
    """One row for each accepted number; a single send answers without the list. Raises UnreadableBody."""
    rows = [fields(row) for row in (data if isinstance(data, list) else [data])]
    if not all(row.get("mobile") for row in rows):
        raise UnreadableBody("The answer has a row without a number")
    return rows


def fields(data: Any) -> dict[str, Any]:
    """An object with its keys free of blanks, which the document's samples have. Raises UnreadableBody."""
    if not isinstance(data, Mapping):
        raise UnreadableBody("The answer is not an object")
    return {str(key).strip(): value for key, value in data.items()}


def word(data: Mapping[str, Any], name: str) -> str:
    """A field as text. Raises UnreadableBody where it is missing."""
    value = data.get(name)
    if value is None or isinstance(value, list | dict):
        raise UnreadableBody(f"The answer has no {name}")
    return str(value).strip()
