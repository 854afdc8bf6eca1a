"""GET /api/v1/schema/: OpenAPI. Open to everybody: it tells nothing of this installation. Making it costs a second, so each
process makes it once for each language and form."""

from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from campaigns.api import errors

SETTINGS = {
    "TITLE": "Songda API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Send messages, run campaigns, look up deliveries. Every failure has one shape; "
    "sentences come in the language of Accept-Language (zh-hans, en).",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}


class Schema(SpectacularAPIView):
    schema = None
    authentication_classes: Any = []
    http_method_names = ["get", "head"]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        answer = HttpResponse(_rendered(get_language() or "", renderer.media_type), content_type=renderer.media_type)
        answer["Content-Disposition"] = f'inline; filename="songda-api.{renderer.format}"'
        return answer

    def get_exception_handler(self) -> Any:
        return errors.handle


@lru_cache(maxsize=16)
def _rendered(language: str, media_type: str) -> bytes:
    renderer = next(found for found in Schema.renderer_classes if found.media_type == media_type)()
    with translation.override(language), patched_settings(SETTINGS):
        generator = SchemaGenerator(urlconf="campaigns.api.served")
        text = renderer.render(generator.get_schema(request=None, public=True), renderer_context={})
    return text.encode() if isinstance(text, str) else text
