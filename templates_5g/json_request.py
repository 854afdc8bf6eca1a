"""Reading JSON that a browser posted, without trusting any of it."""

import json
from collections.abc import Mapping
from typing import NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _

from templates_5g.errors import NotPossible

MOST_BYTES = 1024 * 1024


def json_body(request: HttpRequest) -> Mapping[str, object]:
    """The posted JSON object. Raises NotPossible with a sentence for anything else."""
    if len(request.body) > MOST_BYTES:
        raise NotPossible(_("This is more than a message can hold."))
    return json_object(request.body)


def json_object(text: str | bytes) -> Mapping[str, object]:
    """Parse one JSON object; NaN, endless nesting and broken encodings are refused like any other mistake."""
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotPossible(_("This is not valid JSON. Load the page again.")) from error
    if not isinstance(data, dict):
        raise NotPossible(_("This is not valid JSON. Load the page again."))
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def whole(value: object, default: int = -1) -> int:
    """A whole number from JSON or a form field; `default` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return default
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
