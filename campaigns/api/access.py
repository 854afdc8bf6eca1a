"""What a token may do, and how often."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from campaigns.api import tokens
from campaigns.api.errors import MakerMayNot, ScopeMissing
from campaigns.models import ApiToken
from campaigns.states import Scope


class HasScope(BasePermission):
    """The view says in `scopes` what each method needs; a method that it does not have is refused elsewhere (405)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        method = "GET" if request.method == "HEAD" else request.method
        scope: Scope | None = view.scopes.get(method)
        if scope is None or request.auth.allows(scope):
            return True
        if scope.value in request.auth.scopes:
            words = _("Who made this token may not do this any more, so the token may not either: “%(scope)s”.")
            raise MakerMayNot(words % {"scope": scope.value})
        raise ScopeMissing(_("This token lacks the scope “%(scope)s”.") % {"scope": scope.value})


class PerMinute(BaseThrottle):
    """So many calls in each minute of the clock, counted on the token's row: exact over all processes and machines."""

    def __init__(self) -> None:
        self._wait = 0

    def allow_request(self, request: Request, view: object) -> bool:
        if isinstance(request.auth, ApiToken):
            self._wait = tokens.count_call(request.auth)
        return self._wait == 0

    def wait(self) -> float:
        return float(self._wait)
