"""Campaigns: how they are made, what the check found, how they stand."""

from rest_framework import serializers

from campaigns import models, preflight
from campaigns.api.fields import Flag, Moment, Percent, Text, Whole
from campaigns.api.serializers.shared import Counts
from campaigns.states import ApprovalState, CampaignState
from messaging.models.policy import MOST_CANARY_MINUTES
from messaging.states import Operator

_BY_THE_POLICY = "Percent. Left out: as the sending policy says; null: not watched."


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
    start_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="In the future. Left out: as soon as it is confirmed."
    )
    send_until = serializers.DateTimeField(required=False)
    window_from = serializers.TimeField(required=False, help_text="Beijing time.")
    window_until = serializers.TimeField(required=False, help_text="Beijing time.")
    cap_count = Whole(required=False, max_value=1000)
    cap_days = Whole(required=False, default=7, max_value=366)
    skip_same_days = Whole(required=False, default=0, min_value=0, max_value=366)
    needs_consent = Flag(required=False, default=True)
    canary_people = Whole(required=False, allow_null=True, help_text="So many get it first; instead of canary_percent.")
    canary_percent = Percent(
        required=False, allow_null=True, help_text="Left out: as the sending policy says; null: no canary."
    )
    canary_minutes = Whole(
        required=False, max_value=MOST_CANARY_MINUTES, help_text="Left out: as the sending policy says."
    )
    stop_failed = Percent(required=False, allow_null=True, help_text=_BY_THE_POLICY)
    stop_unknown = Percent(required=False, allow_null=True, help_text=_BY_THE_POLICY)
    stop_opted_out = Percent(required=False, allow_null=True, help_text=_BY_THE_POLICY)


class People(serializers.Serializer):
    people = Whole(min_value=0, help_text="to_send of the check, exactly: what is confirmed.")
    again = Whole(
        min_value=0,
        required=False,
        default=0,
        help_text="again of the check: how many get the same content again. Needed while it is not 0.",
    )
    at_once = Flag(required=False, default=False, help_text="Start now although start_at has passed.")


class Resuming(serializers.Serializer):
    at_once = Flag(
        required=False, default=False, help_text="Start now: start_at passed while it was paused before its start."
    )


class Obstacle(serializers.Serializer):
    code = serializers.CharField(source="key")
    blocks = serializers.BooleanField()
    message = serializers.SerializerMethodField()

    def get_message(self, obstacle: models.Obstacle) -> str:
        return preflight.sentence(obstacle)


class Report(serializers.Serializer):
    """rows = to_send + left_out; difference is 0 then."""

    rows = serializers.IntegerField()
    to_send = serializers.IntegerField()
    left_out = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField(), help_text="People by reason.")
    difference = serializers.IntegerField()
    requests = serializers.IntegerField()
    again = serializers.IntegerField(
        source="again.people",
        help_text="Of to_send: got the same content lately, or are in another planned campaign with it.",
    )
    cost_low = serializers.CharField(source="cost.low", allow_null=True, help_text="Yuan.")
    cost_high = serializers.CharField(source="cost.high", allow_null=True, help_text="Yuan.")
    finish_at = Moment(allow_null=True)
    obstacles = Obstacle(many=True)


class Because(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()


class ApprovalOut(serializers.Serializer):
    """state is null where nobody was asked yet; void: it was changed afterwards, ask again."""

    needed = serializers.BooleanField(help_text="Whether the campaign as it stands asks for a colleague's approval.")
    because = Because(many=True)
    state = serializers.ChoiceField(choices=ApprovalState.choices, allow_null=True)
    asked_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


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
    finish_at = Moment(allow_null=True)


class Watch(serializers.Serializer):
    """The canary and the limits at which it stops by itself, in percent; null: none."""

    canary_people = serializers.IntegerField(allow_null=True)
    canary_percent = serializers.FloatField(allow_null=True)
    canary_minutes = serializers.IntegerField()
    stop_failed = serializers.FloatField(allow_null=True)
    stop_unknown = serializers.FloatField(allow_null=True)
    stop_opted_out = serializers.FloatField(allow_null=True)


class CampaignOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=CampaignState.choices)
    note = serializers.CharField(allow_blank=True)
    template = serializers.CharField()
    version = serializers.IntegerField()
    account = serializers.CharField()
    audience = serializers.IntegerField()
    start_at = Moment(allow_null=True)
    send_until = Moment(allow_null=True)
    watch = Watch()
    report = Report(allow_null=True)
    approval = ApprovalOut(allow_null=True)
    progress = Progress(allow_null=True)
