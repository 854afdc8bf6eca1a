"""Shapes that several answers use."""

from typing import Any

from rest_framework import serializers

from campaigns.api.fields import Text, Whole
from messaging.deliveries import status as deliveries_status
from messaging.states import Channel


class ErrorDetail(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    path = serializers.CharField(help_text="Names and positions with dots between: recipients.3.phone")


class ErrorBody(ErrorDetail):
    details = ErrorDetail(many=True, required=False)


class Error(serializers.Serializer):
    error = ErrorBody()


class Counts(serializers.Serializer):
    """People by status; a status that nobody has is left out."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {status: serializers.IntegerField(min_value=0, required=False) for status in deliveries_status.STATUSES}


class PageQuery(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class Reason(serializers.Serializer):
    reason = Text(max_length=200, help_text="Kept with the entry and in the audit trail.")


STATUS: dict[str, Any] = {"choices": [(status, status) for status in deliveries_status.STATUSES]}
CHANNEL: dict[str, Any] = {"choices": [(channel.value, channel.value) for channel in Channel], "allow_blank": True}

__all__ = ["CHANNEL", "STATUS", "Counts", "Error", "PageQuery", "Reason", "Whole"]
