"""What was asked of vendors and what they said: for people, kept for a set time, no input to any number."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import VendorAccount
from messaging.models.dispatches import Attempt


class VendorCall(models.Model):
    """No bulk body and no secret: counts, a digest of the request, the masked beginning of the answer."""

    account = models.ForeignKey(
        VendorAccount, on_delete=models.CASCADE, related_name="calls", verbose_name=_("vendor account")
    )
    attempt = models.ForeignKey(Attempt, on_delete=models.SET_NULL, null=True, related_name="calls")
    operation = models.CharField(_("operation"), max_length=60)
    people = models.PositiveIntegerField(_("recipients"), default=0)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=10)
    started_at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("milliseconds"))

    class Meta:
        verbose_name = _("vendor exchange")
        verbose_name_plural = _("vendor exchanges")
        indexes = [
            models.Index(fields=["started_at"], name="call_age"),
            models.Index(fields=["account", "-id"], name="call_by_account"),
            models.Index(fields=["outcome", "-id"], name="call_by_outcome"),
        ]
