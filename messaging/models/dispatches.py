"""One version through one account to some people, cut into vendor requests, each with its attempts."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kit.texts import MessageField
from kit.uuids import uuid7
from messaging.models.accounts import Chatbot, Signature, VendorAccount
from messaging.models.policy import SendingPolicy
from messaging.states import AttemptOutcome, BatchState, DispatchState


class Dispatch(models.Model):
    """`run_id` is what may not reach a person twice (a campaign run); `leg` is main, resend-N or fallback-N within it.
    `title` and `source` say where it came from, so that nothing below campaigns has to look up. `queue` is notice or bulk.
    `hold_after`: batches with a higher number are not claimed (a canary goes first). `holidays`: ISO dates on which it waits."""

    class Kind(models.TextChoices):
        TEST = "test", _("Test")
        MAIN = "main", _("Main")
        RESEND = "resend", _("Follow-up")
        FALLBACK = "fallback", _("Fallback dispatch")
        ANSWER = "answer", _("Answer")

    run_id = models.UUIDField(default=uuid7)
    leg = models.CharField(max_length=12, default="main")
    kind = models.CharField(_("kind of dispatch"), max_length=10, choices=Kind, default=Kind.MAIN)
    title = models.CharField(_("title"), max_length=120)
    source = models.CharField(_("source"), max_length=120, blank=True)
    version = models.ForeignKey(
        "templates_5g.TemplateVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="dispatches",
        verbose_name=_("version"),
    )
    text = MessageField(_("free text"), blank=True)
    account = models.ForeignKey(
        VendorAccount, on_delete=models.PROTECT, related_name="dispatches", verbose_name=_("vendor account")
    )
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, verbose_name=_("signature"))
    chatbot = models.ForeignKey(Chatbot, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("5G sender"))
    purpose = models.CharField(_("purpose"), max_length=10, default="marketing")
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("status"), max_length=10, choices=DispatchState, default=DispatchState.READY)
    stop_reason = models.CharField(max_length=40, blank=True)
    stop_detail = models.CharField(max_length=300, blank=True)
    queue = models.CharField(max_length=8, default="bulk")
    start_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    send_until = models.DateTimeField(_("send until"), null=True, blank=True)
    window_from = models.TimeField(_("window from"), null=True, blank=True)
    window_until = models.TimeField(_("window until"), null=True, blank=True)
    hold_after = models.PositiveIntegerField(null=True, blank=True)
    holidays = models.JSONField(default=list, blank=True)
    cap_count = models.PositiveSmallIntegerField(_("frequency cap: messages"), null=True, blank=True)
    cap_days = models.PositiveSmallIntegerField(_("frequency cap: days"), default=7)
    policy_cap_count = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    policy_cap_days = models.PositiveSmallIntegerField(default=7, editable=False)
    counts_for_cap = models.BooleanField(default=True, editable=False)
    per_second = models.DecimalField(_("messages per second"), max_digits=8, decimal_places=2, null=True, blank=True)
    free_at = models.FloatField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        indexes = [
            models.Index(fields=["run_id", "leg"], name="dispatch_run_leg"),
            models.Index(fields=["state"], name="dispatch_state"),
            models.Index(fields=["kind", "-id"], name="dispatch_by_kind"),
            models.Index(fields=["title"], name="dispatch_title_begins", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whoever makes one: it keeps to the policy's cap."""
        if self._state.adding:
            policy, is_test = SendingPolicy.current(), self.kind == Dispatch.Kind.TEST
            self.policy_cap_count, self.policy_cap_days = policy.cap_for(self.purpose, is_test=is_test)
            self.counts_for_cap = policy.cap_tests or not is_test
        super().save(*args, **kwargs)


class Batch(models.Model):
    """One vendor request. `size` people belong to it; the counters hold *own* statuses, the rest is derived:
    size - sum(counters) people share the batch's state. Membership never changes after the first claim."""

    dispatch = models.ForeignKey(Dispatch, on_delete=models.CASCADE, related_name="batches")
    account = models.ForeignKey(VendorAccount, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    state = models.CharField(
        _("status"), max_length=10, choices=BatchState, default=BatchState.QUEUED, db_default=BatchState.QUEUED
    )
    size = models.PositiveIntegerField()
    text = MessageField(blank=True, default="", db_default="")
    not_before = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=40, blank=True, default="", db_default="")
    attempts_made = models.PositiveIntegerField(default=0, db_default=0)
    reason = models.CharField(max_length=40, blank=True, default="", db_default="")
    vendor_message = models.CharField(max_length=300, blank=True, default="", db_default="")
    submitted_at = models.DateTimeField(null=True, blank=True)
    accepted_count = models.PositiveIntegerField(null=True, blank=True)
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="halves")
    n_skipped = models.PositiveIntegerField(default=0, db_default=0)
    n_rejected = models.PositiveIntegerField(default=0, db_default=0)
    n_no_receipt = models.PositiveIntegerField(default=0, db_default=0)
    n_failed = models.PositiveIntegerField(default=0, db_default=0)
    n_delivered = models.PositiveIntegerField(default=0, db_default=0)
    n_read = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "number"], name="batch_number_per_dispatch"),
            models.CheckConstraint(
                name="batch_counters_within_size",
                condition=Q(
                    size__gte=F("n_skipped")
                    + F("n_rejected")
                    + F("n_no_receipt")
                    + F("n_failed")
                    + F("n_delivered")
                    + F("n_read")
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["dispatch", "state", "number"], name="batch_next"),
            models.Index(fields=["submitted_at"], name="batch_by_day", condition=Q(submitted_at__isnull=False)),
            models.Index(
                fields=["account", "state"],
                name="batch_by_account",
                condition=Q(state__in=["claimed", "sending", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispatch_id}-{self.number}"

    @property
    def n_heard(self) -> int:
        """People of whom the vendor has told what became of their message: it has taken the request."""
        return self.n_failed + self.n_delivered + self.n_read


class Attempt(models.Model):
    """One time that a batch may have been on the wire: written before the POST. `reference` is what we sent as ours.
    `is_vendor_check` marks the one automatic repeat, by the vendor's own duplicate check; `signed_by` a person's decision."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="attempts")
    account = models.ForeignKey(VendorAccount, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=64)
    outcome = models.CharField(
        max_length=10, choices=AttemptOutcome, default=AttemptOutcome.OPEN, db_default=AttemptOutcome.OPEN
    )
    reason = models.CharField(max_length=40, blank=True, default="", db_default="")
    vendor_code = models.CharField(max_length=80, blank=True, default="", db_default="")
    vendor_message = models.CharField(max_length=300, blank=True, default="", db_default="")
    task_id = models.CharField(max_length=80, blank=True, default="", db_default="")
    is_vendor_check = models.BooleanField(default=False, db_default=False)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="attempt_number_per_batch")]
        indexes = [
            models.Index(fields=["account", "reference"], name="attempt_by_reference"),
            models.Index(fields=["account", "task_id"], name="attempt_by_task", condition=~Q(task_id="")),
        ]
