"""What customers send back: words and taps."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import VendorAccount
from messaging.models.deliveries import Delivery


class Reply(models.Model):
    """Matched to the newest delivery to that phone through that account within 72 hours; ambiguous stays unmatched."""

    class State(models.TextChoices):
        NEW = "new", _("Unread")
        ASSIGNED = "assigned", _("Being handled")
        AUTO = "auto", _("Handled by itself")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")

    account = models.ForeignKey(
        VendorAccount, on_delete=models.CASCADE, related_name="replies", verbose_name=_("vendor account")
    )
    key = models.CharField(max_length=200)
    phone = models.CharField(_("number"), max_length=20)
    content = models.TextField(_("content"))
    is_opt_out = models.BooleanField(_("opt-out"), default=False)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, related_name="replies", db_constraint=False
    )
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.NEW)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("assigned to")
    )
    tag = models.CharField(_("tag"), max_length=20, blank=True)
    task_id = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    replied_at = models.DateTimeField(_("replied at"))
    arrived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="reply_once_per_account")]
        indexes = [
            # The newest of a number, and whether there is a newer one: what a list of conversations asks of each row.
            models.Index(fields=["phone", "-id"], name="reply_phone_newest"),
            models.Index(fields=["-id"], name="reply_new", condition=Q(state="new")),
            models.Index(fields=["assigned_to", "-id"], name="reply_taken", condition=Q(state="assigned")),
            models.Index(fields=["tag", "-id"], name="reply_tagged", condition=~Q(tag="")),
            models.Index(fields=["replied_at"], name="reply_opt_out", condition=Q(is_opt_out=True)),
        ]


class Click(models.Model):
    """A tap on a short link."""

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="clicks")
    key = models.CharField(max_length=200)
    phone = models.CharField(max_length=20)
    url = models.CharField(max_length=500, blank=True)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, related_name="clicks", db_constraint=False
    )
    clicked_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="click_once_per_account")]
        indexes = [models.Index(fields=["phone"], name="click_phone")]
