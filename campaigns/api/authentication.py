"""`Authorization: Bearer sd_…`."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from campaigns.api import tokens
from campaigns.api.errors import AddressRefused
from campaigns.models import ApiToken
from kit import client_ip


class BearerToken(BaseAuthentication):
    """(the person for whom the token acts, the token). The same words for an unknown, a stopped and an orphaned token; who has a
    token that ended, or uses it from elsewhere, is told so."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        try:
            token = tokens.find(parts[1].decode("latin-1"), client_ip.ip(request._request)) if len(parts) == 2 else None
        except tokens.Expired as error:
            raise AuthenticationFailed(str(error), "token_expired") from error
        except tokens.WrongAddress as error:
            raise AddressRefused(str(error)) from error
        if token is None:
            raise AuthenticationFailed(_("This token is not known or no longer valid."))
        return token.created_by, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerToken
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
