"""`POST /callbacks/<vendor>/<account token>/<kind>/`: verify raw bytes, store, acknowledge. No parser, no session, no CSRF
(middleware.py): a vendor's Content-Type and Authorization are whatever they are."""

import logging

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt

from kit import client_ip
from messaging.accounts import callback_addresses
from messaging.events import store
from messaging.gateway.outcomes import CallbackRefused, TooManyPushes, UnreadableBody, Unsupported
from messaging.gateway.registry import all_vendors
from messaging.gateway.types import Inbound
from messaging.models import VendorAccount

log = logging.getLogger(__name__)


@csrf_exempt
def callback(request: HttpRequest, vendor: str, token: str, kind: str) -> HttpResponse:
    """404 for an unknown token or a kind that the vendor does not push (the same words, so that tokens cannot be told apart), 405
    for anything but POST, 413 for a body that is too long, all of these unread; 403 for a body that is
    not the vendor's or not of this kind, 429 in a flood, else the vendor's exact acknowledgement."""
    account = _account(vendor, token)
    told = all_vendors().get(vendor)
    if account is None or told is None or kind not in told.capabilities.callbacks:
        return HttpResponseNotFound(b"not found")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if int(request.headers.get("Content-Length") or 0) > told.longest_push(kind):
        return HttpResponse(b"too large", status=413)
    inbound = Inbound(
        kind=kind,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        query=request.META.get("QUERY_STRING", ""),
    )
    return _answer(account, inbound, client_ip.address(request))


def _answer(account: VendorAccount, inbound: Inbound, address: str) -> HttpResponse:
    try:
        reply = store.receive(account, inbound, address)
    except (CallbackRefused, UnreadableBody) as error:
        log.warning("A push to account %s was refused: %s", account.pk, error)
        return HttpResponseForbidden(b"refused")
    except TooManyPushes:
        return HttpResponse(b"too many", status=429, headers={"Retry-After": "10"})
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
        return callback_addresses.find(vendor, token)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return callback_addresses.find(vendor, token)
