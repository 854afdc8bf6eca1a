"""Somebody else holds what a page needs (a worker that stands still): a sentence within seconds instead of an error."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kit.lock_errors import waited_in_vain

log = logging.getLogger(__name__)


class Busy:
    """Middleware. The page answers 503 with what to do. Nothing was changed: the transaction is gone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Pages alone: the API and callbacks have answers of their own for a database that does not answer."""
        if not waited_in_vain(error) or not request.path.startswith("/admin/"):
            return None
        log.warning("%s %s waited in vain for a lock: %s", request.method, request.path, error)
        answer = render(request, "503.html", status=503)
        answer.headers["Retry-After"] = "20"
        return answer
