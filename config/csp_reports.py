"""What browsers report about our content policy: a line in the log, so that the page that breaks it is mended."""

import hashlib
import json
import logging
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)
MOST_BYTES = 8 << 10
ONCE_IN = 3600  # seconds: the same complaint about the same page


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 whatever it says. Of people who are not signed in nothing is written: anybody could fill the log."""
    if request.user.is_authenticated:
        found = _read(request)
        if found is not None and cache.add(f"csp-{_digest(found)}", 1, ONCE_IN):
            log.warning("Content policy: %s blocked %s on %s", *found)
    return HttpResponse(status=204)


def _read(request: HttpRequest) -> tuple[str, str, str] | None:
    """(directive, what was blocked, path of the page); None for what is no report, or is about an extension of the browser."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return None
        report: Any = json.loads(request.body)["csp-report"]
        directive = report.get("effective-directive") or report["violated-directive"]
        parts = (directive, report["blocked-uri"], urlsplit(report["document-uri"]).path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not all(isinstance(one, str) for one in parts) or parts[1].partition(":")[0].endswith("-extension"):
        return None
    directive, blocked, page = (one[:200].replace("\n", " ").replace("\r", " ") for one in parts)
    return directive, blocked, page


def _digest(found: tuple[str, str, str]) -> str:
    return hashlib.sha256("\n".join(found).encode()).hexdigest()
