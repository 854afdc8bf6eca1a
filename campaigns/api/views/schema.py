"""GET /api/v1/schema/: OpenAPI. Open to everybody: it tells nothing of this installation."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView

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
    custom_settings = SETTINGS
    urlconf = "campaigns.api.served"
    http_method_names = ["get", "head"]

    def get_exception_handler(self) -> Any:
        return errors.handle
