"""Audiences and their files."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from campaigns.api.fields import Text
from campaigns.models import Audience
from campaigns.states import ImportState


class Upload(serializers.Serializer):
    name = serializers.CharField(max_length=80, help_text="Must not be taken.")
    file = serializers.FileField(help_text="CSV or XLSX; the first line holds the column names.")
    consent_source = serializers.CharField(max_length=200, required=False)
    consent_on = serializers.DateField(required=False)

    def validate_name(self, name: str) -> str:
        if Audience.objects.filter(name=name).exists():
            raise serializers.ValidationError(_("This name is taken."), "taken")
        return name

    def validate(self, attrs: dict) -> dict:
        if bool(attrs.get("consent_source")) != bool(attrs.get("consent_on")):
            missing = "consent_on" if attrs.get("consent_source") else "consent_source"
            words = _("Consent is proven by its source and its date together; fill in both or none.")
            raise serializers.ValidationError({missing: [words]})
        return attrs


class Columns(serializers.Serializer):
    """Left out: as guessed from the names and cells."""

    phone = Text(max_length=80, required=False, help_text="Name of the column that holds the numbers.")
    variables = serializers.ListField(
        child=Text(max_length=80), required=False, max_length=200, help_text="Columns to keep as variables."
    )
    consent_on = Text(
        max_length=80, required=False, allow_null=True, help_text="Column of each number's date of consent; null: none."
    )
    consent_source = Text(
        max_length=80, required=False, allow_null=True, help_text="Column of its source; null: the audience's."
    )


class ProblemCount(serializers.Serializer):
    reason = serializers.CharField()
    rows = serializers.IntegerField()


class Import(serializers.Serializer):
    """rows = stored + invalid + duplicate once the file is checked."""

    id = serializers.IntegerField()
    audience = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ImportState.choices)
    file = serializers.CharField(allow_blank=True)
    header = serializers.ListField(child=serializers.CharField(allow_blank=True))
    phone = serializers.CharField(allow_null=True, help_text="The chosen column.")
    rows = serializers.IntegerField()
    rows_read = serializers.IntegerField()
    stored = serializers.IntegerField()
    invalid = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    problems = ProblemCount(many=True)
    error = serializers.CharField(allow_blank=True)
