"""What reports are made of: a round counted once in a while, and what vendors said of balances."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models import Dispatch, VendorAccount


class RoundFigures(models.Model):
    """The people of one round as last counted. `groups` is a list of [day or "", status, channel, reason, operator, people,
    units]: the day (Beijing) on which the batch was handed over, the rest as messaging.selectors and sentences know it.
    The people add up to the round's. `final`: nothing can change any more."""

    dispatch = models.OneToOneField(Dispatch, on_delete=models.CASCADE, related_name="figures")
    groups = models.JSONField(default=list)
    opt_outs = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()
    final = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        default_permissions = ()
        permissions = [("view_report", _("Can see the reports"))]


class BalanceReading(models.Model):
    """An account's balance at one moment, as the vendor told it."""

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    balance = models.DecimalField(max_digits=16, decimal_places=4)
    unit = models.CharField(max_length=12, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="balance_once_per_moment")]
