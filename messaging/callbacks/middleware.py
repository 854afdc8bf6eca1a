"""Vendors' pushes go past what only people need: sessions, languages, policies for browsers. Hundreds come in a second, and that
would be a quarter of what each of them costs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import Resolver404, resolve

PREFIX = "/callbacks/"


class CallbackFastPathMiddleware:
    """Middleware. After SecurityMiddleware, which may insist on TLS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self._get_response(request)
        try:
            request.resolver_match = found = resolve(request.path_info)
        except Resolver404:
            return HttpResponseNotFound(b"not found")  # the words for a wrong token, so that nothing can be told apart
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        response["Content-Length"] = str(len(response.content))
        return response
