"""Numbers that are not to be sent to. Nothing is deleted: lifting is recorded."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kit import masks
from messaging.models.accounts import Signature, VendorAccount


class Suppression(models.Model):
    """`scope` all, account or signature; the matching foreign key is set for the latter two."""

    class Scope(models.TextChoices):
        ALL = "all", _("Everything")
        ACCOUNT = "account", _("One vendor account")
        SIGNATURE = "signature", _("One signature")

    class Source(models.TextChoices):
        REPLY = "reply", _("Customer's reply")
        HAND = "hand", _("Registered by hand")
        IMPORT = "import", _("Imported")
        VENDOR = "vendor", _("Vendor's word")
        API = "api", _("API")

    phone = models.CharField(_("number"), max_length=20)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.ALL)
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("vendor account")
    )
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("signature")
    )
    source = models.CharField(_("source"), max_length=8, choices=Source)
    note = models.CharField(_("reason"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_reason = models.CharField(_("reason for lifting"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("do-not-send entry")
        verbose_name_plural = _("do-not-send list")
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(lifted_at__isnull=True, scope="all"), name="one_live_suppression_for_all"
            ),
            models.UniqueConstraint(
                fields=["phone", "account"],
                condition=Q(lifted_at__isnull=True, scope="account"),
                name="one_live_suppression_per_account",
            ),
            models.UniqueConstraint(
                fields=["phone", "signature"],
                condition=Q(lifted_at__isnull=True, scope="signature"),
                name="one_live_suppression_per_signature",
            ),
            models.CheckConstraint(
                name="suppression_scope_has_its_object",
                condition=(
                    Q(scope="all", account__isnull=True, signature__isnull=True)
                    | Q(scope="account", account__isnull=False, signature__isnull=True)
                    | Q(scope="signature", account__isnull=True, signature__isnull=False)
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="suppression_live", condition=Q(lifted_at__isnull=True)),
            # A number's line of time asks for lifted entries too.
            models.Index(fields=["phone"], name="suppression_phone"),
            models.Index(fields=["-id"], name="suppression_lifted", condition=Q(lifted_at__isnull=False)),
            models.Index(fields=["scope", "-id"], name="suppression_by_scope"),
            models.Index(fields=["source", "-id"], name="suppression_by_source"),
        ]
        permissions = [("lift_suppression", _("Can lift a do-not-send entry"))]

    def __str__(self) -> str:
        return masks.phone(self.phone)


class SuppressionImport(models.Model):
    """One file of numbers. `rows` = added + known + lifted + problems, always; `stopped` people were taken out of queued
    batches. `error` is a dumped sentence of kit.tables. `layout` is a
    kit.tables.layouts.Layout. `take_hidden`: whether rows that a filter hides count; None: not said. `tries`: how often a
    worker began without getting on. `moved_at`: when it last got on, so that a dead one shows."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Not imported")

    file = models.FileField(_("file"), upload_to="imports/")
    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    scope = models.CharField(_("scope"), max_length=10, choices=Suppression.Scope)
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("vendor account")
    )
    signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("signature")
    )
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.READING)
    error = models.TextField(_("error"), blank=True)
    rows = models.PositiveIntegerField(_("rows in the file"), default=0)
    added = models.PositiveIntegerField(_("added"), default=0)
    known = models.PositiveIntegerField(_("known or repeated"), default=0)
    lifted = models.PositiveIntegerField(_("lifted in the file"), default=0)
    invalid = models.PositiveIntegerField(_("without a number"), default=0)
    layout = models.JSONField(default=dict)
    take_hidden = models.BooleanField(_("rows that the sheet hides"), null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    stopped = models.PositiveIntegerField(_("queued messages not sent"), default=0)
    moved_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("imported by")
    )
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("do-not-send file")
        verbose_name_plural = _("do-not-send files")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.file_name


class SuppressionProblem(models.Model):
    """A row without a usable number: `line` as in the file (the header is line 1), `reason` a key, `value` masked."""

    source = models.ForeignKey(SuppressionImport, on_delete=models.CASCADE, related_name="problems", db_index=False)
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=24)
    value = models.CharField(max_length=80, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["source", "line"], name="suppression_problem_once_per_line")]
