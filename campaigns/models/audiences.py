"""Recipients as they were imported: rows in the file = stored members + problems by reason."""

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.states import ImportState


class Audience(models.Model):
    """A list of people. `columns` are the names of the variables that each member has. Consent is proven for the list, or by each
    number where its file says so."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    columns = models.JSONField(default=list, blank=True)
    consent_source = models.CharField(_("source of consent"), max_length=200, blank=True)
    consent_on = models.DateField(_("date of consent"), null=True, blank=True)
    size = models.PositiveIntegerField(_("recipients"), default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        ordering = ["-id"]
        permissions = [("import_audience", _("Can import recipients"))]

    def __str__(self) -> str:
        return self.name

    def has_consent(self, today: date) -> bool:
        """Whether consent is proven for the list: by its source and a day that has come."""
        return bool(self.consent_source and self.consent_on and self.consent_on <= today)


class AudienceImport(models.Model):
    """One file. `rows` counts data rows (the header and wholly empty lines are none); rows = stored + problems, always.
    `mapping` is {"phone": column index, "variables": {name: column index}}, with "consent_on" and "consent_source" where the
    file has columns of each number's own consent. An empty header: not looked at yet.
    `layout` is a kit.tables.layouts.Layout: where the header stands, which sheet it is. `take_hidden`: whether rows
    that the sheet hides count; None: not said, and then a file with such rows is not checked. `check_at_once`: nobody chooses
    columns, as for the API. `tries`: how often a worker began without getting on.
    `error` is a dumped sentence of audiences/imports. `moved_at`: when the check last got on, so that a dead one shows."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="imports", verbose_name=_("audience"))
    file = models.FileField(_("file"), upload_to="imports/")
    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    header = models.JSONField(default=list)
    preview = models.JSONField(default=list)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=2, blank=True)
    layout = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    take_hidden = models.BooleanField(null=True)
    check_at_once = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(_("status"), max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    error = models.TextField(_("error"), blank=True)
    rows = models.PositiveIntegerField(_("rows in the file"), default=0)
    rows_read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(_("stored"), default=0)
    invalid = models.PositiveIntegerField(_("invalid numbers"), default=0)
    duplicate = models.PositiveIntegerField(_("duplicates"), default=0)
    moved_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recipient file")
        verbose_name_plural = _("recipient files")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def problem_rows(self) -> int:
        return self.invalid + self.duplicate


class AudienceMember(models.Model):
    """One number of an audience. Stored sorted by phone. `operator` is cmcc, cucc, ctcc, cbn or "" by prefix.

    `consent_source` is NULL where the file has no consent of its own for each number: the audience's holds then. Otherwise
    the row's own counts: "" means the audience's source, and without `consent_on`, or with one that is still to come, there
    is no consent (audiences/consent.py).

    The foreign keys are not checked by the database: that costs as much again as storing a million rows, and rows are
    written by one statement alone, with the audience locked. A member is found by its audience and number: on PostgreSQL `id`
    has no index, which was a quarter of storing one."""

    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="members", db_index=False, db_constraint=False
    )
    phone = models.CharField(max_length=20)
    variables = models.JSONField(default=dict, blank=True)
    operator = models.CharField(max_length=4, blank=True, default="")
    line = models.PositiveIntegerField()
    source = models.ForeignKey(
        AudienceImport, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    consent_source = models.CharField(max_length=200, null=True)
    consent_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "phone"], name="member_once_per_audience")]

    @property
    def consent(self) -> tuple[str, date | None]:
        """(source, date) that hold for this number: its own where its file has such, else the audience's."""
        if self.consent_source is None:
            return self.audience.consent_source, self.audience.consent_on
        if self.consent_on is None:
            return "", None
        return self.consent_source or self.audience.consent_source, self.consent_on

    @property
    def has_own_consent(self) -> bool:
        return self.consent_source is not None


class ImportProblem(models.Model):
    """A bad row: `line` as in the file (the header is line 1), `column` its name, `reason` a key, `value` masked. `cells`: what
    else stands in the row, by column and masked, so that somebody can find it; none of a repeated number."""

    source = models.ForeignKey(AudienceImport, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=24)
    value = models.CharField(max_length=80, blank=True)
    cells = models.JSONField(default=dict, blank=True)
    first_line = models.PositiveIntegerField(null=True)
