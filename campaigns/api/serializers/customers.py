"""Deliveries, replies and the do-not-send list."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from campaigns.api.fields import Phone, Text
from campaigns.api.serializers.shared import CHANNEL, STATUS, PageQuery
from messaging.models import Suppression


class DeliveryQuery(PageQuery):
    phone = Phone()
    before = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class DeliveryOut(serializers.Serializer):
    id = serializers.IntegerField()
    message = serializers.IntegerField(help_text="The dispatch: id of /messages/.")
    phone = serializers.CharField()
    title = serializers.CharField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    account = serializers.CharField()
    status = serializers.ChoiceField(**STATUS)
    channel = serializers.ChoiceField(**CHANNEL)
    reason = serializers.CharField(allow_blank=True)
    reason_words = serializers.CharField(allow_blank=True)
    vendor_message = serializers.CharField(allow_blank=True)
    units = serializers.IntegerField()
    handed_over_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField(allow_null=True)


class DeliveryPage(serializers.Serializer):
    results = DeliveryOut(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="Pass as `before` for older ones.")


class ReplyQuery(PageQuery):
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)


class ReplyOut(serializers.Serializer):
    id = serializers.IntegerField()
    phone = serializers.CharField()
    content = serializers.CharField(allow_blank=True)
    is_opt_out = serializers.BooleanField()
    account = serializers.CharField()
    delivery = serializers.IntegerField(allow_null=True)
    replied_at = serializers.DateTimeField()


class ReplyPage(serializers.Serializer):
    results = ReplyOut(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="Pass as `after` for newer ones; null: none yet.")


class SuppressionQuery(PageQuery):
    phone = Phone(required=False)
    before = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class NewSuppression(serializers.Serializer):
    phone = Phone()
    scope = serializers.ChoiceField(choices=Suppression.Scope.choices, default=Suppression.Scope.ALL.value)
    account = Text(max_length=60, required=False, help_text="Name; with scope account.")
    signature = Text(max_length=40, required=False, help_text="Without 【】; with scope signature.")
    note = Text(max_length=200, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for scope in ("account", "signature"):
            if (attrs["scope"] == scope) != (scope in attrs):
                words = _("Give it exactly when the scope says so.")
                raise serializers.ValidationError({scope: [words]}, "scope")
        return attrs


class SuppressionOut(serializers.Serializer):
    id = serializers.IntegerField()
    phone = serializers.CharField()
    scope = serializers.ChoiceField(choices=Suppression.Scope.choices)
    account = serializers.CharField(allow_null=True)
    signature = serializers.CharField(allow_null=True)
    source = serializers.ChoiceField(choices=Suppression.Source.choices)  # type: ignore[assignment]
    note = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class SuppressionPage(serializers.Serializer):
    results = SuppressionOut(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="Pass as `before` for older ones.")
