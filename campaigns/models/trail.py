"""The audit trail: append only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.audit_actions import AuditAction
from messaging.audit_actions import AuditAction as MessagingAction


class AuditEvent(models.Model):
    """Who did what to what. `action` is a code that an app declares (kit.audit); `target_type` is app.model."""

    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        db_index=False,
    )
    action = models.CharField(_("action"), max_length=80)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_name = models.CharField(_("object"), max_length=160, blank=True)
    detail = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="audit_target"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["target_name", "-id"], name="audit_name"),
        ]


# Acts by which data left the house as a file.
EXPORTS = (
    AuditAction.RECIPIENTS_EXPORTED,
    MessagingAction.SUPPRESSION_EXPORTED,
    MessagingAction.UNKNOWN_EXPORTED,
    AuditAction.REPORT_DOWNLOADED,
    AuditAction.EVIDENCE_TAKEN,
)


class ExportRecord(AuditEvent):
    """The part of the trail with an action of EXPORTS. The files themselves are not kept."""

    class Meta:
        proxy = True
        verbose_name = _("export")
        verbose_name_plural = _("exports taken")
        default_permissions = ("view",)
