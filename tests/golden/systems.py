"""How the golden tests get at the product: as another system over HTTP, and at its rows through Django's registry of models, so
that code may move without them."""

import json
import re
from typing import Any

from django.apps import apps
from django.test import Client

from tests.people import integrator, signed_in

API = "/api/v1"


def rows(name: str) -> Any:
    """The manager of a model, by its name alone: it may move from one app to another."""
    (found,) = [model for model in apps.get_models() if model.__name__ == name]
    return found._default_manager


def set_rules(**values: Any) -> None:
    """The sending policy. What is not given asks for nothing and allows everything, or is the default of a new installation."""
    free = {
        "approve_people": None,
        "approve_cost": None,
        "approve_first_use": False,
        "approve_outside_hours": False,
        "marketing_from": None,
        "marketing_until": None,
        "notice_from": None,
        "notice_until": None,
        "same_content_days": 0,
        "notice_same_content_days": 0,
    }
    rows("SendingPolicy").all().delete()
    rows("SendingPolicy").create(**{**free, **values})


def new_token(*scopes: str, name: str, per_minute: int = 1000, networks: str = "") -> str:
    """The secret of a token, made on its page."""
    form = {"name": name, "scopes": scopes, "per_minute": per_minute, "days": 90, "holder": integrator().pk}
    page = signed_in(user=integrator()).post("/admin/campaigns/apitoken/add/", {**form, "networks": networks})
    return re.search(r'value="(sd_[\w-]{43})"', page.content.decode())[1]


class System:
    """Another system that calls the API with a token of its own."""

    def __init__(self, *scopes: str, name: str = "商城系统", **token: Any) -> None:
        self.secret = new_token(*scopes, name=name, **token)
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        given = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **(headers or {})}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method, API + path, data, headers=given, **{"content_type": "application/json", **more}
        )

    def upload(self, **fields: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en"}
        return self.client.post(f"{API}/audiences/", fields, headers=headers)
