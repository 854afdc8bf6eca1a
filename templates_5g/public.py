"""The one address without login: media files, fetched by vendors and phones."""

import re
import uuid
from typing import IO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from templates_5g.models import MediaAsset

_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})", re.ASCII)


@require_safe
def media_file(request: HttpRequest, key: uuid.UUID, extension: str) -> HttpResponseBase:
    """GET or HEAD of one file with the type found from its bytes. Nothing in it can run: no sniffing, no scripts.

    One range of bytes is answered with 206: players ask for ranges to show the middle of a film, some play nothing
    without. Several ranges, or what is no range at all, get the whole file.
    """
    asset = get_object_or_404(MediaAsset, key=key, extension=extension)
    wanted = _range(request.headers.get("Range", ""), asset.size)
    try:
        file = asset.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("the file is gone from the store") from error
    if wanted is None:
        response: HttpResponseBase = FileResponse(file, content_type=asset.mime)
        response["Content-Length"] = str(asset.size)
    else:
        with file:
            response = _part(file, wanted, asset)
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = f'"{asset.sha256}"'
    return response


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range asked for, first > last where nothing of it exists, None for the whole."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size - 1 if int(last) else -1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last or size - 1), size - 1)


def _part(file: IO[bytes], wanted: tuple[int, int], asset: MediaAsset) -> HttpResponse:
    first, last = wanted
    if first > last:
        response = HttpResponse(status=416, content_type=asset.mime)
        response["Content-Range"] = f"bytes */{asset.size}"
        return response
    file.seek(first)
    response = HttpResponse(file.read(last - first + 1), status=206, content_type=asset.mime)
    response["Content-Range"] = f"bytes {first}-{last}/{asset.size}"
    return response
