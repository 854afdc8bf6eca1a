"""POST /messages/ and what became of it."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from campaigns import preflight
from campaigns.api import idempotency, references
from campaigns.api.errors import Problem
from campaigns.api.idempotency import Answer
from campaigns.api.openapi import KEY, call
from campaigns.api.serializers import messages as shapes
from campaigns.api.views.base import View, number, token_of
from campaigns.approvals import api_quota, first_uses
from campaigns.lifecycle import api_orders
from campaigns.models import ApiToken, IdempotentCall
from campaigns.states import Scope
from messaging import sentences
from messaging.deliveries import status
from messaging.models import Dispatch
from messaging.sending import spec
from templates_5g.blocks import variables as names

_KEY = re.compile(r"[!-~]{1,100}")
EXAMPLE = {
    "template": "会员日满减",
    "account": "5G-主账号",
    "signature": "示例商城",
    "recipients": [{"phone": "13800000001", "variables": {"姓名": "张三"}}],
}


class Messages(View):
    scopes = {"POST": Scope.SEND}

    @call(
        "Send a template to 1 to 1000 numbers",
        {201: shapes.Accepted},
        body=shapes.Order,
        headers=(KEY,),
        fails=(409,),
        example=EXAMPLE,
        tag="messages",
        operation="messages_send",
    )
    def post(self, request: Request) -> Response:
        key, digest = _key(request), idempotency.digest("messages", request.data)
        token = token_of(request)
        try:
            answer = idempotency.stored(token, key, digest)
            if answer is None:
                order = _order(self.read(shapes.Order, request.data), token)
                answer = idempotency.once(token, key, digest, lambda: _send(order, request))
        except idempotency.KeyReused as error:
            words = _("This Idempotency-Key belongs to a call with another body. Use a new key.")
            raise Problem(words, "key_reused", path="Idempotency-Key") from error
        except api_orders.CannotSend as error:
            raise Problem(str(error), "cannot_send", details=_details(error)) from error
        except api_quota.NeedsApproval as error:
            if any(one.key == "first_use" for one in error.found):
                first_uses.ask(token, order.version)
            raise _approval_needed(error) from error
        except api_quota.TooManyNotices as error:
            raise Problem(str(error), "too_many_notices", status=429, wait=error.wait) from error
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
        return Response(answer.body, answer.status, headers=headers)


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        words = _("Send the header Idempotency-Key with 1 to 100 printable ASCII characters.")
        raise Problem(words, "key_missing", path="Idempotency-Key", status=400)
    return key


def _approval_needed(error: api_quota.NeedsApproval) -> Problem:
    words = _(
        "A colleague has to approve this first: %(because)s. Nothing was sent. A first use waits in the list of approvals; "
        "send the order again with the same key when it is approved. What is too big goes out as a campaign."
    )
    details = [{"code": one.key, "message": one.sentence, "path": ""} for one in error.found]
    return Problem(words % {"because": error}, "approval_needed", details=details)


def _details(error: api_orders.CannotSend) -> list[dict[str, str]]:
    return [{"code": one.key, "message": preflight.sentence(one), "path": ""} for one in error.found]


def _order(data: Mapping[str, Any], token: ApiToken) -> api_orders.Order:
    account = references.account(data["account"])
    version = references.version(data, account)
    wanted = names.names_of(version.content, version.fallback)
    return api_orders.Order(
        message=spec.Message(
            account=account,
            version=version,
            signature=references.signature(data["signature"]),
            chatbot=references.sender(data.get("sender"), account),
            options=references.options(data.get("options"), account),
        ),
        version=version,
        people=_people(data["recipients"], wanted),
        title=data.get("title") or version.template.name,
        token=token,
        send_until=data.get("send_until"),
    )


def _people(recipients: list[dict[str, Any]], wanted: list[str]) -> dict[str, dict[str, str]]:
    """Number -> variables. A number that stands twice or a variable that is missing, empty or unknown refuses the whole
    order: half an order would have to be found again in the answer."""
    people: dict[str, dict[str, str]] = {}
    problems: Any = {}
    for position, one in enumerate(recipients):
        variables = one.get("variables", {})
        found = _problems(variables, wanted)
        if one["phone"] in people:
            found["phone"] = [_("This number stands in the list already.")]
        if found:
            problems[position] = found
        people[one["phone"]] = variables
    if problems:
        raise ValidationError({"recipients": problems})
    return people


def _problems(variables: dict[str, str], wanted: list[str]) -> dict[str, Any]:
    missing = {name: [_("Give a value for this variable.")] for name in wanted if not variables.get(name)}
    unknown = {name: [_("The template has no such variable.")] for name in variables if name not in wanted}
    return {"variables": {**missing, **unknown}} if missing or unknown else {}


def _send(order: api_orders.Order, request: Request) -> Answer:
    sent = api_orders.send(order, token_of(request).created_by)
    positions = {phone: position for position, phone in enumerate(order.people)}
    reasons = Counter(sent.left_out.values())
    body = {
        "id": sent.dispatch.pk,
        "template": order.version.template.name,
        "version": order.version.number,
        "recipients": len(order.people),
        "queued": len(order.people) - len(sent.left_out),
        **{reason: reasons[reason] for reason in ("suppressed", "no_consent", "over_cap")},
        "held_until": sent.held_until.isoformat() if sent.held_until else None,
        "not_sent": [
            {
                "position": positions[phone],
                "phone": number(request, phone),
                "reason": sent.left_out[phone],
                "message": sentences.label(sent.left_out[phone]),
            }
            for phone in sorted(sent.left_out)
        ],
    }
    return Answer(201, body, sent.dispatch)


class Message(View):
    scopes = {"GET": Scope.SEND}

    @call("How a message order stands", {200: shapes.Dispatch}, tag="messages", operation="messages_read")
    def get(self, request: Request, pk: int) -> Response:
        call = IdempotentCall.objects.filter(token=token_of(request), dispatch=pk).select_related("dispatch").first()
        if call is None or call.dispatch is None:
            raise Problem(_("This token has sent no such message, or too long ago."), "not_found", status=404)
        return Response(_dispatch(call.dispatch))


def _dispatch(dispatch: Dispatch) -> Mapping[str, object]:
    return {
        "id": dispatch.pk,
        "title": dispatch.title,
        "state": dispatch.state,
        "stop_reason": dispatch.stop_reason,
        "total": dispatch.total,
        "counts": status.dispatch_counts([dispatch.pk]),
        "created_at": dispatch.created_at.isoformat(),
        "finished_at": dispatch.finished_at.isoformat() if dispatch.finished_at else None,
    }
