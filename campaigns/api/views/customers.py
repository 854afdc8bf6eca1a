"""What happened to a number, what customers wrote, who is not to be sent to."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import webhooks
from campaigns.api import references
from campaigns.api.errors import Problem
from campaigns.api.openapi import call
from campaigns.api.serializers import customers as shapes
from campaigns.api.serializers.shared import Reason
from campaigns.api.views.base import View, note_reveal, number, page, token_of, words
from campaigns.states import Scope
from messaging import sentences
from messaging.deliveries import status
from messaging.eligibility import entries
from messaging.models import Delivery, Reply, Suppression


class Deliveries(View):
    scopes = {"GET": Scope.LOOKUP}

    @call(
        "What reached a number and what did not, newest first",
        {200: shapes.DeliveryPage},
        query=shapes.DeliveryQuery,
        tag="customers",
        operation="deliveries_list",
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(shapes.DeliveryQuery, request)
        rows = Delivery.objects.filter(phone=asked["phone"]).select_related("batch", "dispatch__account")
        if "before" in asked:
            rows = rows.filter(pk__lt=asked["before"])
        found = [_delivery(request, row) for row in rows.order_by("-pk")[: asked["limit"] + 1]]
        note_reveal(request, min(len(found), 1))
        return Response(page(found, asked["limit"]))


def _delivery(request: Request, row: Delivery) -> dict[str, Any]:
    batch = row.batch
    shared = batch if batch and row.own_status is None else None
    reason = row.reason or (shared.reason if shared else "")
    return {
        "id": row.pk,
        "message": row.dispatch_id,
        "phone": number(request, row.phone),
        "title": row.dispatch.title,
        "source": row.dispatch.source,
        "account": row.dispatch.account.name,
        "status": status.delivery_status(row),
        "channel": row.channel,
        "reason": reason,
        "reason_words": sentences.label(reason) if reason else "",
        "vendor_message": row.vendor_message or (shared.vendor_message if shared else ""),
        "units": row.units,
        "handed_over_at": batch.submitted_at.isoformat() if batch and batch.submitted_at else None,
        "reported_at": row.reported_at.isoformat() if row.reported_at else None,
    }


class Replies(View):
    scopes = {"GET": Scope.REPLIES}

    @call(
        "What customers wrote, oldest first from a cursor on",
        {200: shapes.ReplyPage},
        query=shapes.ReplyQuery,
        tag="customers",
        operation="replies_list",
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(shapes.ReplyQuery, request)
        rows = Reply.objects.filter(pk__gt=asked["after"]).select_related("account").order_by("pk")
        data = [webhooks.reply_data(row) for row in rows[: asked["limit"]]]
        note_reveal(request, len(data))
        shown = [
            {**one, "phone": number(request, one["phone"]), "content": words(request, one["content"])} for one in data
        ]
        return Response({"results": shown, "next": shown[-1]["id"] if shown else None})


class Suppressions(View):
    scopes = {"GET": Scope.SUPPRESSIONS, "POST": Scope.SUPPRESSIONS}

    @call(
        "The do-not-send list as it stands, newest first; of one number also what was lifted",
        {200: shapes.SuppressionPage},
        query=shapes.SuppressionQuery,
        tag="customers",
        operation="suppressions_list",
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(shapes.SuppressionQuery, request)
        by_phone = {"phone": asked["phone"]} if "phone" in asked else {"lifted_at__isnull": True}
        rows = Suppression.objects.filter(**by_phone).select_related("account", "signature")
        if "before" in asked:
            rows = rows.filter(pk__lt=asked["before"])
        found = [_suppression(request, row) for row in rows.order_by("-pk")[: asked["limit"] + 1]]
        note_reveal(request, len(found[: asked["limit"]]))
        return Response(page(found, asked["limit"]))

    @call(
        "Enter a number; what is queued for it is not sent. 200 where it stood there already",
        {200: shapes.SuppressionOut, 201: shapes.SuppressionOut},
        body=shapes.NewSuppression,
        example={"phone": "13800000001", "scope": "all", "note": "客户来电"},
        tag="customers",
        operation="suppressions_create",
    )
    def post(self, request: Request) -> Response:
        data = self.read(shapes.NewSuppression, request.data)
        scope: dict[str, Any] = {
            "scope": data["scope"],
            "account": references.account(data["account"]) if "account" in data else None,
            "signature": references.signature(data["signature"]) if "signature" in data else None,
        }
        was_there = status.live_suppressions(data["phone"]).filter(**scope).exists()
        entry = entries.suppress(
            data["phone"],
            **scope,
            source=Suppression.Source.API,
            note=data["note"],
            actor=token_of(request).created_by,
        )
        return Response(_suppression(request, entry), 200 if was_there else 201)


class Lift(View):
    scopes = {"POST": Scope.SUPPRESSIONS}

    @call(
        "Allow sending to it again; the entry stays",
        {200: shapes.SuppressionOut},
        body=Reason,
        fails=(409,),
        example={"reason": "客户要求恢复"},
        tag="customers",
        operation="suppressions_lift",
    )
    def post(self, request: Request, pk: int) -> Response:
        entry = get_object_or_404(Suppression, pk=pk)
        reason = self.read(Reason, request.data)["reason"]
        if not entries.lift(entry, actor=token_of(request).created_by, reason=reason):
            raise Problem(_("This entry was lifted before."), "not_now")
        note_reveal(request, 1)
        return Response(_suppression(request, Suppression.objects.select_related("account", "signature").get(pk=pk)))


def _suppression(request: Request, row: Suppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "phone": number(request, row.phone),
        "scope": row.scope,
        "account": row.account.name if row.account else None,
        "signature": row.signature.text if row.signature else None,
        "source": row.source,
        "note": words(request, row.note),
        "since": row.since.isoformat(),
        "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
    }
