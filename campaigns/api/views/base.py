"""What all views share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, ValidationError
from rest_framework.views import APIView

from campaigns.api import errors
from campaigns.api.access import HasScope, PerMinute
from campaigns.api.authentication import BearerToken
from campaigns.api.json_body import AlwaysJson, StrictJson
from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken
from campaigns.states import Scope
from kit import audit, masks


class View(APIView):
    """`scopes`: method -> the scope that it needs."""

    scopes: ClassVar[Mapping[str, Scope]] = {}
    authentication_classes = [BearerToken]
    permission_classes = [HasScope]
    throttle_classes = [PerMinute]
    parser_classes: Any = [StrictJson]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "head", "post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Counted before it is judged: a token that asks for what it may not have is slowed down as well."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)  # type: ignore[attr-defined]
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)

    def get_exception_handler(self) -> Any:
        return errors.handle

    def read_query(self, serializer: type[Serializer], request: Request) -> dict[str, Any]:
        """A misspelt parameter is refused: unseen, it would widen what is answered. So is an empty one."""
        given = request.query_params.dict()
        unknown = sorted(set(given) - set(serializer().fields))
        if unknown:
            raise ValidationError({name: [_("There is no such parameter.")] for name in unknown}, "unknown")
        return self.read(serializer, given)

    def read(self, serializer: type[Serializer], data: object) -> dict[str, Any]:
        found = serializer(data=data)
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)


class Nothing(View):
    """Every address below /api/v1/ that is none."""

    schema = None

    authentication_classes: Any = []
    permission_classes: Any = []
    throttle_classes: Any = []
    http_method_names = [*View.http_method_names, "put", "patch", "delete", "options"]

    def handle_any(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound(_("There is nothing at this address."))

    get = post = put = patch = delete = options = handle_any  # type: ignore[assignment]


def token_of(request: Request) -> ApiToken:
    """Behind HasScope there is always one."""
    if not isinstance(request.auth, ApiToken):
        raise TypeError("a request without a token")
    return request.auth


def number(request: Request, phone: str) -> str:
    """The number as this token may see it."""
    return phone if token_of(request).allows(Scope.REVEAL) else masks.phone(phone)


def words(request: Request, text: str) -> str:
    """What a customer wrote, with the numbers in it as this token may see them."""
    return text if token_of(request).allows(Scope.REVEAL) else masks.numbers(text)


def note_reveal(request: Request, people: int) -> None:
    """Full numbers that leave the house are written down: how many, by which token."""
    token = token_of(request)
    if people and token.allows(Scope.REVEAL):
        audit.record(
            AuditAction.NUMBERS_READ_BY_API,
            actor=token.created_by,
            target=token,
            detail={"people": people},
        )


def page(rows: list[dict[str, Any]], limit: int) -> Mapping[str, object]:
    """One page of a list that is read on with a cursor. `rows` holds one more than `limit` where there is more."""
    shown = rows[:limit]
    return {"results": shown, "next": shown[-1]["id"] if len(rows) > limit else None}
