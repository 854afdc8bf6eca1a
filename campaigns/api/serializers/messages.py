"""An order of messages and what became of it."""

from rest_framework import serializers

from campaigns.api.fields import Phone, Text, Whole
from campaigns.api.serializers.shared import Counts
from campaigns.preflight.audience_query import LONGEST_VARIABLE
from messaging.states import DispatchState

MOST_RECIPIENTS = 1000


class Recipient(serializers.Serializer):
    phone = Phone()
    variables = serializers.DictField(
        child=Text(max_length=LONGEST_VARIABLE, trim_whitespace=False),
        required=False,
        help_text="A value for each variable of the template, by its name.",
    )


class Order(serializers.Serializer):
    template = Text(max_length=60, help_text="Name of the template.")
    version = Whole(required=False, help_text="Number of the version; left out: the newest approved at the account.")
    account = Text(max_length=60, help_text="Name of the vendor account.")
    signature = Text(max_length=40, help_text="Signature without 【】.")
    sender = Text(max_length=60, required=False, help_text="Name of the 5G sender of this account.")
    recipients = serializers.ListField(child=Recipient(), min_length=1, max_length=MOST_RECIPIENTS)
    options = serializers.DictField(required=False, help_text="Send options as the account's vendor declares them.")
    send_until = serializers.DateTimeField(required=False, help_text="What is not handed over by then is not sent.")
    title = Text(max_length=120, required=False, help_text="Shown in look-ups; left out: the template's name.")


class NotSent(serializers.Serializer):
    position = serializers.IntegerField(min_value=0, help_text="In recipients, from 0.")
    phone = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()


class Accepted(serializers.Serializer):
    """recipients = queued + suppressed + no_consent + over_cap."""

    id = serializers.IntegerField()
    template = serializers.CharField()
    version = serializers.IntegerField()
    recipients = serializers.IntegerField()
    queued = serializers.IntegerField()
    suppressed = serializers.IntegerField(help_text="On the do-not-send list.")
    no_consent = serializers.IntegerField(help_text="Marketing alone: no imported file proves consent.")
    over_cap = serializers.IntegerField(help_text="Has had as many messages as the sending policy allows.")
    held_until = serializers.DateTimeField(
        allow_null=True, help_text="When the window for marketing opens; null: it is open, or this is a notice."
    )
    not_sent = NotSent(many=True)


class Dispatch(serializers.Serializer):
    """counts sum to total."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=DispatchState.choices)
    stop_reason = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    counts = Counts()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
