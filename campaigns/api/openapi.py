"""What drf-spectacular is told about each call: its errors in the one shape, its examples."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.serializers import Serializer

from campaigns.api.serializers.shared import Error

# Whatever the call: unreadable, no token, scope missing, not there, wrong method, too fast, our fault, database busy.
_ALWAYS = (400, 401, 403, 404, 405, 429, 500, 503)
_WITH_BODY = (413, 415)

KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 100 printable ASCII characters, one for each message order: the same key never sends twice.",
    pattern="^[!-~]{1,100}$",
)


def call(
    summary: str,
    answers: dict[int, Any],
    *,
    body: Any = None,
    query: type[Serializer] | None = None,
    headers: tuple[OpenApiParameter, ...] = (),
    fails: tuple[int, ...] = (),
    example: Any = None,
    tag: str,
    operation: str,
) -> Callable[[Any], Any]:
    """`fails`: statuses beyond those that every call can have."""
    codes = (*_ALWAYS, *(_WITH_BODY if body is not None else ()), *fails)
    examples = [OpenApiExample("Example", value=example, request_only=True)] if example is not None else []
    return extend_schema(
        summary=summary,
        operation_id=operation,
        tags=[tag],
        request=body,
        parameters=[*headers, *([query] if query else [])],
        responses={**answers, **dict.fromkeys(codes, Error)},
        examples=examples,
    )
