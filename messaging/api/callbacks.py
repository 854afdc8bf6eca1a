"""`POST /callbacks/<vendor>/<account token>/<kind>/`: verify raw bytes, store, acknowledge. No parser, no session, no CSRF
(short_way.py): a vendor's Content-Type and Authorization are whatever they are."""

import logging

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.kit import clients
from messaging.bulk import rows
from messaging.gateway.errors import CallbackRefused, UnreadableBody, Unsupported
from messaging.gateway.types import Inbound
from messaging.models import VendorAccount
from messaging.services import receiving

log = logging.getLogger(__name__)
LONGEST_BODY = 16 * 1024 * 1024


@csrf_exempt
@require_http_methods(["POST", "GET"])
def callback(request: HttpRequest, vendor: str, token: str, kind: str) -> HttpResponse:
    """404 for an unknown token or kind (the same words, so that tokens cannot be told apart), 403 for a body that is not the
    vendor's, 413 for a huge one, else the vendor's exact acknowledgement."""
    account = _account(vendor, token)
    if account is None:
        return HttpResponseNotFound(b"not found")
    if int(request.headers.get("Content-Length") or 0) > LONGEST_BODY:
        return HttpResponse(b"too large", status=413)
    inbound = Inbound(
        kind=kind,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        query=request.META.get("QUERY_STRING", ""),
    )
    try:
        reply = receiving.receive(account, inbound, clients.address(request))
    except (CallbackRefused, UnreadableBody) as error:
        log.warning("A push to account %s was refused: %s", account.pk, error)
        return HttpResponseForbidden(b"refused")
    except Unsupported:
        return HttpResponseNotFound(b"not found")
    answer = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
    for name, value in reply.headers.items():
        answer[name] = value
    return answer


def _account(vendor: str, token: str) -> VendorAccount | None:
    """The first question of the request, so it shows as well whether the kept connection lives: Django's own `SELECT 1` before
    it would be a tenth of what a push costs."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return rows.find(VendorAccount, callback_token=token, vendor=vendor)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return rows.find(VendorAccount, callback_token=token, vendor=vendor)
