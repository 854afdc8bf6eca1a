"""What holds for every request, whichever page it is for."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from kit import client_ip

_PUBLIC_MEDIA = "/m/"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
Answer = Callable[[HttpRequest], HttpResponse]


class ForwardedScheme:
    """X-Forwarded-Proto is believed from a trusted proxy alone: anybody else could claim that a plain request came over TLS."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_X_FORWARDED_PROTO" in request.META and not client_ip.is_trusted(request.META.get("REMOTE_ADDR", "")):
            del request.META["HTTP_X_FORWARDED_PROTO"]
        return self._get_response(request)


class PrintableInput:
    """No NUL in an address or a form (400): PostgreSQL stores none, and no page has a use for one. The API's fields refuse it
    themselves, in the API's shape."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_api(request) and ("\0" in request.path_info or _has_nul(request.GET)):
            return bad_request(request, BadRequest())
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: Any) -> HttpResponse | None:
        """After the check of the CSRF token, which reads the form anyway."""
        if _is_api(request) or request.content_type not in _FORMS or not _has_nul(request.POST):
            return None
        return bad_request(request, BadRequest())


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _has_nul(values: Any) -> bool:
    return any("\0" in name or any("\0" in text for text in texts) for name, texts in values.lists())


class BrowserLimits:
    """Tells browsers what no page of ours uses, and that nothing of ours is embedded elsewhere. Public media alone may be:
    phones and previews of vendors load it."""

    POLICY = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault("Permissions-Policy", self.POLICY)
        anywhere = request.path_info.startswith(_PUBLIC_MEDIA)
        response.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if anywhere else "same-origin")
        return response
