"""Bodies: strict JSON of a bounded size."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser

from campaigns.api.errors import TooLarge

LONGEST_BODY = 4 * 1024 * 1024


class StrictJson(BaseParser):
    """One JSON object. Half surrogates and NaN, which a database cannot keep, are refused with the rest that is no JSON."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(LONGEST_BODY + 1)
        if len(raw) > LONGEST_BODY:
            raise TooLarge(_("The body is longer than %(limit)s MB.") % {"limit": LONGEST_BODY >> 20})
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is no JSON: %(what)s") % {"what": error}) from error


class AlwaysJson(BaseContentNegotiation):
    """Answers are JSON whatever Accept says."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


__all__ = ["LONGEST_BODY", "AlwaysJson", "MultiPartParser", "StrictJson"]
