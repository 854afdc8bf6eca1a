"""The one address without login: media files, fetched by vendors and phones."""

import uuid

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from templates_5g.models import MediaAsset


@require_safe
def media_file(_request: HttpRequest, key: uuid.UUID, extension: str) -> FileResponse:
    """GET or HEAD of one file with the type found from its bytes. Nothing in it can run: no sniffing, no scripts."""
    asset = get_object_or_404(MediaAsset, key=key, extension=extension)
    try:
        response = FileResponse(asset.file.open("rb"), content_type=asset.mime)
    except FileNotFoundError as error:
        raise Http404("the file is gone from the store") from error
    response["Content-Length"] = str(asset.size)
    response["Content-Disposition"] = "inline"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = f'"{asset.sha256}"'
    return response
