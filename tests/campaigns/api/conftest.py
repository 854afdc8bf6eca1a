"""A token of any scopes and a caller with it."""

from typing import Any

import pytest
from django.test import Client

from campaigns.api import tokens
from campaigns.models import ApiToken
from tests.people import integrator

ROOT = "/api/v1"


class Caller:
    """Calls the API as another system does. `post` sends JSON; `order` with a key of its own each time."""

    def __init__(self, *scopes: str, name: str = "商城系统", per_minute: int = 1000) -> None:
        self.token: ApiToken
        self.token, self.plain = tokens.make(name, scopes, integrator(), per_minute)
        self.client = Client(raise_request_exception=False)
        self.keys = 0

    def call(self, method: str, path: str, data: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        given = {"Authorization": f"Bearer {self.plain}", "Accept-Language": "en", **(headers or {})}
        if data is not None and "content_type" not in more:
            more["content_type"] = "application/json"
        return self.client.generic(method, ROOT + path, _bytes(data), headers=given, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        return self.call("POST", path, data, **more)

    def order(self, data: Any, key: str = "", **more: Any) -> Any:
        self.keys += 1
        return self.post("/messages/", data, headers={"Idempotency-Key": key or f"key-{self.keys}"}, **more)

    def upload(self, **fields: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.plain}", "Accept-Language": "en"}
        return self.client.post(f"{ROOT}/audiences/", fields, headers=headers)


def _bytes(data: Any) -> bytes:
    import json

    if data is None or isinstance(data, bytes):
        return data or b""
    return json.dumps(data).encode()


@pytest.fixture
def caller(db: None) -> type[Caller]:
    return Caller
