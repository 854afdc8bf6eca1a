"""What every request for a second person's word has."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.states import ApprovalState


class DecidedRequest(models.Model):
    """`reason` is what the person who decided wrote. How it is decided: campaigns/approvals/subject.py."""

    state = models.CharField(_("status"), max_length=8, choices=ApprovalState, default=ApprovalState.PENDING)
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(pgettext_lazy("approval", "decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        abstract = True
