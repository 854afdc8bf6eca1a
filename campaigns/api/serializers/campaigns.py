"""Campaigns: how they are made, what the check found, how they stand."""

from rest_framework import serializers

from campaigns.api.fields import Flag, Text, Whole
from campaigns.api.serializers.shared import Counts
from campaigns.states import CampaignState, Operator


class NewCampaign(serializers.Serializer):
    name = Text(max_length=80)
    template = Text(max_length=60)
    version = Whole(required=False, help_text="Left out: the newest approved at the account.")
    audience = Whole(help_text="Its id, as an upload answers it.")
    account = Text(max_length=60)
    signature = Text(max_length=40)
    sender = Text(max_length=60, required=False)
    options = serializers.DictField(required=False)
    operators = serializers.ListField(
        child=serializers.ChoiceField(choices=Operator.choices), required=False, max_length=4
    )
    start_at = serializers.DateTimeField(required=False)
    useless_after = serializers.DateTimeField(required=False)
    window_from = serializers.TimeField(required=False, help_text="Beijing time.")
    window_until = serializers.TimeField(required=False, help_text="Beijing time.")
    cap_count = Whole(required=False, max_value=1000)
    cap_days = Whole(required=False, default=7, max_value=366)
    skip_same_days = Whole(required=False, default=0, min_value=0, max_value=366)
    needs_consent = Flag(required=False, default=True)


class People(serializers.Serializer):
    people = Whole(min_value=0, help_text="to_send of the check, exactly: what is confirmed.")


class Obstacle(serializers.Serializer):
    code = serializers.CharField()
    blocks = serializers.BooleanField()
    message = serializers.CharField()


class Sheet(serializers.Serializer):
    """rows = to_send + left_out; difference is 0 then."""

    rows = serializers.IntegerField()
    to_send = serializers.IntegerField()
    left_out = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField(), help_text="People by reason.")
    difference = serializers.IntegerField()
    requests = serializers.IntegerField()
    cost_low = serializers.CharField(allow_null=True, help_text="Yuan.")
    cost_high = serializers.CharField(allow_null=True, help_text="Yuan.")
    finish_at = serializers.CharField(allow_null=True)
    obstacles = Obstacle(many=True)


class Progress(serializers.Serializer):
    """counts sum to total; closes says so."""

    total = serializers.IntegerField()
    people = serializers.IntegerField()
    left_out = serializers.IntegerField()
    handed_over = serializers.IntegerField()
    without_result = serializers.IntegerField()
    delivered = serializers.IntegerField()
    delivered_of = serializers.IntegerField()
    counts = Counts()
    closes = serializers.BooleanField()
    per_second = serializers.FloatField()
    finish_at = serializers.DateTimeField(allow_null=True)


class CampaignOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=CampaignState.choices)
    note = serializers.CharField(allow_blank=True)
    template = serializers.CharField()
    version = serializers.IntegerField()
    account = serializers.CharField()
    audience = serializers.IntegerField()
    start_at = serializers.DateTimeField(allow_null=True)
    useless_after = serializers.DateTimeField(allow_null=True)
    sheet = Sheet(allow_null=True)
    progress = Progress(allow_null=True)
