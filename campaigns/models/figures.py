"""What reports are made of: a dispatch counted once in a while, and what vendors said of balances."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models import Dispatch, VendorAccount
from templates_5g.models import TemplateVersion


class DispatchFigures(models.Model):
    """The people of one dispatch as last counted. `groups` is a list of [day, status, channel, reason, operator, people, units,
    fell back, opt-outs]: the day (Beijing) on which the batch was handed over, else on which the dispatch began, the rest as
    messaging.deliveries.status and sentences know it. The people add up to the dispatch's. `final`: nothing can change any more."""

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
        indexes = [models.Index(fields=["counted_at"], name="figures_moving", condition=models.Q(final=False))]


class DailyFigures(models.Model):
    """All dispatches but tests added up, one row for each day and kind of outcome: what reports read, however many dispatches there
    were. Kept in step with DispatchFigures.groups in one transaction. `key` is the digest of what makes the row unique.
    `source` names where dispatches without a campaign came from; `channel` is the first choice where none is known."""

    key = models.CharField(max_length=64, unique=True)
    day = models.DateField(db_index=True)
    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=120, blank=True)
    account = models.ForeignKey(VendorAccount, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=12)
    channel = models.CharField(max_length=4)
    reason = models.CharField(max_length=40, blank=True)
    operator = models.CharField(max_length=4, blank=True)
    people = models.BigIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    fell_back = models.BigIntegerField(default=0)
    opt_outs = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()


class BalanceReading(models.Model):
    """An account's balance at one moment, as the vendor told it."""

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    balance = models.DecimalField(max_digits=16, decimal_places=4)
    unit = models.CharField(max_length=12, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="balance_once_per_moment")]
