"""What other systems hold here: tokens that call the API, calls that must count once, addresses that are told of events."""

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.states import ApprovalState, Scope, WebhookEvent
from config.kit.fields import SecretJSONField
from messaging.models import Dispatch
from templates_5g.models import TemplateVersion


class ApiToken(models.Model):
    """`digest` is the SHA-256 of the token, which is shown once and kept nowhere; `prefix` is its beginning, to know it by.
    It acts for `created_by` and stops with that person. `minute` and `used` count its calls in the minute under way."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("allowed"), default=list)
    per_minute = models.PositiveIntegerField(
        _("calls per minute"), default=120, validators=[MinValueValidator(1), MaxValueValidator(60_000)]
    )
    active = models.BooleanField(_("active"), default=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    minute = models.PositiveBigIntegerField(default=0, editable=False)
    used = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def allows(self, scope: Scope) -> bool:
        return scope.value in self.scopes


class IdempotentCall(models.Model):
    """One call that must take effect once. Written in the transaction of its effect, so that both are there or neither."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="calls")
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    response = models.JSONField(default=dict)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once_per_token")]


class FirstUse(models.Model):
    """A version that a token wanted to send before it ever went out. Its first order was refused; whether the next may go is a
    colleague's word. `asked_by` is the person for whom the token acts."""

    version = models.OneToOneField(
        TemplateVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("template version")
    )
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="+", verbose_name=_("API token"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    state = models.CharField(_("status"), max_length=8, choices=ApprovalState, default=ApprovalState.PENDING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("first use by API")
        verbose_name_plural = _("first uses by API")
        ordering = ["-id"]
        default_permissions = ()


class TokenUse(models.Model):
    """What a token ordered of one version on one day (Beijing), so that many small orders are held to the limits of one."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    people = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=4, default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["token", "version", "day"], name="token_use_once_a_day")]


class WebhookEndpoint(models.Model):
    """Somebody else's address that is told of events. `secret` is {"secret": text}; `full_numbers`: phone numbers unmasked."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    url = models.CharField(_("address"), max_length=500)
    secret: Any = SecretJSONField(default=dict, editable=False)
    events = models.JSONField(_("events"), default=list)
    full_numbers = models.BooleanField(_("send full numbers"), default=False)
    active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one endpoint. `next_at` is when it is tried (again); without it and without `delivered_at` it was given
    up. `key` is the receiver's means against repeats: the same for every attempt and replay."""

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("webhook"),
        db_index=False,
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.CharField(_("event"), max_length=24, choices=WebhookEvent)
    payload = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(_("last answer"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], name="webhook_due", condition=models.Q(next_at__isnull=False)),
            models.Index(fields=["endpoint", "-id"], name="webhook_by_endpoint"),
            models.Index(fields=["event", "-id"], name="webhook_by_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.key}"
