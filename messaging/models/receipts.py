"""What vendors tell us: first the raw body, then what a delivery row cannot hold."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import VendorAccount
from messaging.models.dispatches import Attempt


class CallbackEvent(models.Model):
    """The raw body that a vendor pushed or a poll fetched, stored before it is answered. `digest` is of account, kind and
    body: a repeat is acknowledged and changes nothing, except audits, which are never dropped as repeats.

    A body with very many elements is applied in parts: `elements_done` of them so far. `tries` is 1 where an applier died with
    it among others, and more with each try alone. `malformed` counts the elements that could not be read or applied.
    `note` says why it needs a person (messaging.events.set_aside)."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        APPLIED = "applied", _("Applied")
        UNREADABLE = "unreadable", _("Unreadable")
        SET_ASIDE = "set_aside", _("Set aside")
        UNMATCHED = "unmatched", _("Unmatched")
        DISMISSED = "dismissed", _("Dismissed")

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(_("kind"), max_length=12)
    polled = models.BooleanField(default=False)
    headers = models.JSONField(default=dict)
    query = models.TextField(blank=True)
    body = models.BinaryField()
    digest = models.CharField(max_length=64, null=True, unique=True)
    signed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.NEW, db_default=State.NEW)
    note = models.CharField(max_length=300, blank=True, default="", db_default="")
    confirmed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    elements_done = models.PositiveIntegerField(default=0, db_default=0)
    malformed = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("vendor push")
        verbose_name_plural = _("vendor pushes")
        indexes = [
            models.Index(fields=["account", "id"], name="event_new", condition=Q(state="new")),
            models.Index(
                fields=["-id"], name="event_aside", condition=Q(state__in=("unreadable", "set_aside", "unmatched"))
            ),
        ]


# What waits for a person.
ASIDE = (CallbackEvent.State.UNREADABLE, CallbackEvent.State.SET_ASIDE, CallbackEvent.State.UNMATCHED)


class Receipt(models.Model):
    """Kept for what the delivery row cannot hold: unmatched, conflicting, further legs, unknown words."""

    class State(models.TextChoices):
        UNMATCHED = "unmatched", _("Unmatched")
        MATCHED = "matched", _("Matched")
        ODD = "odd", _("Unreadable")
        DISMISSED = "dismissed", _("Dismissed")

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="receipts")
    event = models.ForeignKey(CallbackEvent, on_delete=models.SET_NULL, null=True, related_name="receipts")
    key = models.CharField(max_length=200)
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.UNMATCHED)
    phone = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=12)
    reference = models.CharField(max_length=64, blank=True)
    task_id = models.CharField(max_length=80, blank=True)
    message_id = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=4, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=80, blank=True)
    vendor_message = models.CharField(max_length=300, blank=True)
    reported_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(auto_now_add=True)
    attempt = models.ForeignKey(Attempt, on_delete=models.SET_NULL, null=True, related_name="receipts")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="receipt_once_per_account")]
        indexes = [
            models.Index(fields=["account", "reference"], name="receipt_waiting_ref", condition=Q(state="unmatched")),
            models.Index(fields=["account", "task_id"], name="receipt_waiting_task", condition=Q(state="unmatched")),
            models.Index(
                fields=["account", "message_id"], name="receipt_waiting_message", condition=Q(state="unmatched")
            ),
            models.Index(fields=["phone"], name="receipt_phone"),
            models.Index(fields=["state", "-id"], name="receipt_by_state"),
            models.Index(fields=["account", "state", "-id"], name="receipt_by_account"),
            models.Index(fields=["-id"], name="receipt_further_leg", condition=Q(note="further leg")),
        ]
