"""Audiences and their files."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from campaigns.api.fields import Text
from campaigns.audiences import consent, imports
from campaigns.models import Audience
from campaigns.states import ImportState


class Upload(serializers.Serializer):
    name = serializers.CharField(
        max_length=80, help_text="Must not be taken, unless all files of that audience have failed."
    )
    file = serializers.FileField(
        help_text="CSV or XLSX. A worker opens workbooks: the state is `uploaded` until it has, then `checking` or `failed`."
    )
    consent_source = serializers.CharField(max_length=200, required=False)
    consent_on = serializers.DateField(required=False)

    def validate_name(self, name: str) -> str:
        if Audience.objects.filter(name=name).exists() and not imports.unfilled(name):
            raise serializers.ValidationError(_("This name is taken."), "taken")
        return name

    def validate(self, attrs: dict) -> dict:
        if found := consent.problem(attrs.get("consent_source"), attrs.get("consent_on")):
            raise serializers.ValidationError({found[0]: [found[1]]})
        return attrs


class Columns(serializers.Serializer):
    """Left out: as guessed from the names and cells."""

    hidden_rows = serializers.ChoiceField(
        choices=("take", "leave"),
        required=False,
        help_text="Needed where the sheet hides rows (`hidden_rows` of the import).",
    )

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
    header_line = serializers.IntegerField(help_text="Line of the column names; 0: not looked at yet.")
    sheet = serializers.CharField(allow_blank=True, help_text="Sheet of a workbook that is read.")
    hidden_rows = serializers.IntegerField(
        help_text="Rows that the sheet hides. While it is not 0 the file waits for `check` to say what becomes of them."
    )
    phone = serializers.CharField(allow_null=True, help_text="The chosen column.")
    rows = serializers.IntegerField()
    rows_read = serializers.IntegerField()
    stored = serializers.IntegerField()
    invalid = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    problems = ProblemCount(many=True)
    error = serializers.CharField(allow_blank=True)
