"""Somebody at a browser without scripts, over real HTTP."""

import re
from typing import Any

import requests


class Person:
    """`base` is the address of the web process. Every page must be there and without a form error, or an AssertionError
    says what was shown instead."""

    def __init__(self, base: str, name: str, password: str) -> None:
        self.base = f"{base}/admin"
        self.session = requests.Session()
        self.session.trust_env = False
        self.get("/login/")
        answer = self.post("/login/", username=name, password=password, next="/admin/")
        assert answer.url == f"{self.base}/", f"{name} could not log in: {answer.url}"

    def get(self, path: str) -> requests.Response:
        answer = self.session.get(self.base + path, timeout=30)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer

    def post(self, path: str, files: Any = None, **fields: Any) -> requests.Response:
        """Follows the redirect. Fails when the form comes back with errors."""
        data = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"], **fields}
        answer = self.session.post(self.base + path, data=data, files=files, timeout=60)
        assert answer.status_code == 200, f"POST {path}: {answer.status_code}\n{answer.text[:2000]}"
        errors = re.findall(r'class="errorlist[^>]*>(.*?)</ul>', answer.text, re.DOTALL)
        assert not errors, f"POST {path}: {errors}"
        return answer
