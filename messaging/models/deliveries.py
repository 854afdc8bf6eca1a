"""One recipient of one dispatch: the row that a person at support looks at."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.dispatches import Batch, Dispatch
from messaging.states import Channel, OwnStatus


class Delivery(models.Model):
    """`own_status` is NULL while the person shares the batch's fate; ask `messaging.deliveries.status` for the status, never this
    column alone. Rows of members that were *not* sent to have no batch and own_status=SKIPPED with the reason. The unique
    (run, leg, phone) is what makes "twice" impossible to store."""

    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, null=True, related_name="deliveries")
    run_id = models.UUIDField()
    leg = models.CharField(max_length=12)
    phone = models.CharField(max_length=20)
    variables = models.JSONField(default=dict, blank=True)
    own_status = models.PositiveSmallIntegerField(choices=OwnStatus, null=True)
    channel = models.CharField(max_length=4, choices=Channel, blank=True, default="", db_default="")
    reason = models.CharField(max_length=40, blank=True, default="", db_default="")
    vendor_message = models.CharField(max_length=200, blank=True, default="", db_default="")
    message_id = models.CharField(max_length=80, blank=True, default="", db_default="")
    reported_at = models.DateTimeField(null=True)
    units = models.PositiveSmallIntegerField(default=0, db_default=0)
    legs_delivered = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [models.UniqueConstraint(fields=["run_id", "leg", "phone"], name="once_per_run_and_leg")]
        indexes = [
            models.Index(fields=["phone"], name="delivery_phone"),
            # No index holds what receipts change (own, channel, reason, units …): on PostgreSQL an update then leaves all of
            # them alone, which makes a receipt half as dear again.
            models.Index(fields=["dispatch"], name="delivery_not_sent", condition=Q(batch__isnull=True)),
            models.Index(fields=["message_id"], name="delivery_message_id", condition=~Q(message_id="")),
        ]
        permissions = [
            ("look_up_delivery", _("Can look up one number")),
            ("reveal_phone", _("Can see full numbers")),
            ("export_delivery", _("Can export recipients")),
        ]
