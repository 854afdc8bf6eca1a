"""The switch that stops all sending: who turned it, when and why, and who turned it back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SendingStop(models.Model):
    """While one `holds` (True; None once it is lifted, so that there is at most one), nothing goes out of this installation.
    `…_name` is who did it where it was no user of the pages (the command line)."""

    holds = models.BooleanField(null=True, unique=True, default=True, editable=False)
    reason = models.CharField(_("reason"), max_length=200)
    stopped_at = models.DateTimeField(_("stopped at"))
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("stopped by")
    )
    stopped_name = models.CharField(max_length=80, blank=True)
    resume_reason = models.CharField(_("reason for resuming"), max_length=200, blank=True)
    resumed_at = models.DateTimeField(_("resumed at"), null=True)
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("resumed by")
    )
    resumed_name = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("stop of all sending")
        verbose_name_plural = _("stops of all sending")
        permissions = [("stop_sending", _("Can stop and resume all sending"))]

    def __str__(self) -> str:
        return self.reason
