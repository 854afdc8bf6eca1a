"""Telling the sandbox what to do and reading its ledger, over its control API."""

import json
import urllib.request
from typing import Any


class SandboxClient:
    """`url` is where the sandbox listens."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """GET without data, POST with. Raises urllib.error.HTTPError with the sandbox's sentence."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=body)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())

    def counts(self, vendor: str) -> dict[str, int]:
        """phone -> how often this vendor really accepted it."""
        return dict(self.ask(f"ledger/counts?vendor={vendor}"))

    def set(self, vendor: str, **settings: Any) -> None:
        self.ask("settings", {"vendor": vendor, **settings})

    def register(self, vendor: str, urls: dict[str, str]) -> None:
        self.ask("callbacks", {"vendor": vendor, "urls": urls})
