"""Every failure in one shape: {"error": {"code", "message", "path", "details"}}."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

log = logging.getLogger(__name__)

_CODES = {"parse_error": "malformed", "error": "failed"}


class Problem(exceptions.APIException):
    """Nothing was done. `details` are {"code", "message", "path"} of the single reasons."""

    status_code = 409
    default_code = "conflict"

    def __init__(
        self,
        sentence: str,
        code: str = "",
        *,
        path: str = "",
        details: Sequence[dict[str, str]] = (),
        status: int = 0,
        wait: int = 0,
    ) -> None:
        """`wait`: seconds after which it may be tried again."""
        super().__init__(sentence, code or self.default_code)
        self.path, self.details, self.wait = path, list(details), wait
        self.status_code = status or self.status_code


class ScopeMissing(Problem):
    status_code = 403
    default_code = "scope_missing"


class MakerMayNot(Problem):
    """The token has the scope, but the person for whom it acts does not hold the right for it now."""

    status_code = 403
    default_code = "maker_may_not"


class AddressRefused(Problem):
    status_code = 403
    default_code = "address_not_allowed"


class TooLarge(Problem):
    status_code = 413
    default_code = "too_large"


def body(code: str, message: str, path: str = "", details: Sequence[dict[str, str]] = ()) -> Mapping[str, object]:
    error: dict[str, Any] = {"code": code, "message": message, "path": path}
    if details:
        error["details"] = list(details)
    return {"error": error}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to anything that went wrong. What nobody expected is logged and told without its inside."""
    known = _known(error)
    if known is None:
        log.error("A call to the API failed", exc_info=error)
        return Response(body("internal", _("Something went wrong here. It was recorded; try again later.")), 500)
    if isinstance(known, exceptions.ValidationError):
        return Response(_invalid(known), known.status_code)
    code = known.get_codes()
    code = code if isinstance(code, str) else known.default_code
    path, details = (known.path, known.details) if isinstance(known, Problem) else ("", [])
    answer = body(_CODES.get(code, code), str(known.detail), path, details)
    return Response(answer, known.status_code, headers=_headers(known))


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(_("There is nothing at this address."))
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(error.messages)
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError(_("The request cannot be read."))
    if isinstance(error, OperationalError):
        log.warning("The database did not answer in time", exc_info=error)
        return Problem(_("The database is busy. Try again."), "busy", status=503)
    return None


def _headers(error: Any) -> dict[str, str]:
    """Allow (405) is set by the view itself."""
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))
    return headers


def _invalid(error: exceptions.ValidationError) -> Mapping[str, object]:
    found = list(flatten(error.detail))
    first = found[0] if found else {"message": _("The request is not valid."), "path": ""}
    return body("invalid", first["message"], first["path"], found)


def flatten(detail: object, path: str = "") -> Iterator[dict[str, str]]:
    """Nested errors of a serializer as {"code", "message", "path"}; a path is names and positions with dots between."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from flatten(inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            yield from flatten(inner, f"{path}.{position}".lstrip(".") if isinstance(inner, dict | list) else path)
    else:
        yield {"code": str(getattr(detail, "code", "invalid")), "message": str(detail), "path": path}
