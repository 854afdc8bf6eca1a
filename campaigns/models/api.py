"""What other systems hold here: tokens that call the API, calls that must count once, addresses that are told of events."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.decisions import DecidedRequest
from campaigns.states import Scope, WebhookEvent
from kit.fields import SecretJSONField
from messaging.models import Dispatch
from templates_5g.models import TemplateVersion

TOKEN_DAYS = 90
TOKEN_MOST_DAYS = 365


def _token_ends() -> datetime:
    return timezone.now() + timedelta(days=TOKEN_DAYS)


class ApiToken(models.Model):
    """`digest` is the SHA-256 of the token, which is shown once and kept nowhere; `prefix` is its beginning, to know it by.
    It acts for `created_by`, stops with that person and never does more than that person may at the moment of the call.
    `holder` is who keeps the secret; neither of the two approves what it made. `networks` (none: any) is where it may be used
    from. After a rotation the secret before (`old_digest`) works until `old_until`. Tokens with one `system` share their
    allowances; without one, all of one maker do. `minute` and `used` count the calls of the minute under way."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    system = models.CharField(
        _("system"),
        max_length=60,
        blank=True,
        help_text=_(
            "Tokens of one system share the daily limits. Empty: all tokens of who made this one that name no system."
        ),
    )
    scopes = models.JSONField(_("allowed"), default=list)
    per_minute = models.PositiveIntegerField(
        _("calls per minute"), default=120, validators=[MinValueValidator(1), MaxValueValidator(60_000)]
    )
    active = models.BooleanField(_("active"), default=True)
    expires_at = models.DateTimeField(_("expires"), default=_token_ends, editable=False)
    networks = models.JSONField(_("allowed addresses"), default=list, blank=True)
    old_digest = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    old_until = models.DateTimeField(_("old secret works until"), null=True, blank=True, editable=False)
    old_used_at = models.DateTimeField(_("old secret last used"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    minute = models.PositiveBigIntegerField(default=0, editable=False)
    used = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        verbose_name=_("held by"),
        help_text=_("Who keeps the token and answers for the other system. This person cannot approve what it makes."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def counted_as(self) -> str:
        """Under which name its orders are counted."""
        return self.system or f"@{self.created_by_id}"

    def allows(self, scope: Scope) -> bool:
        """Whether it has the scope and its maker still holds what the scope needs."""
        return scope.value in self.scopes and self.created_by.has_perms(scope.needs)

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


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


class FirstUse(DecidedRequest):
    """A version that a token wanted to send before it ever went out. Its first order was refused; whether the next may go is a
    colleague's word. `asked_by` is the person for whom the token acts, `token_holder` who held it then."""

    version = models.OneToOneField(
        TemplateVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("template version")
    )
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="+", verbose_name=_("API token"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    token_holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("first use by API")
        verbose_name_plural = _("first uses by API")
        ordering = ["-id"]
        default_permissions = ()


class SystemUse(models.Model):
    """What the tokens of one system (`ApiToken.counted_as`) ordered of one version on one day (Beijing), so that many small
    orders are held to the limits of one."""

    system = models.CharField(max_length=60)
    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    people = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=4, default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["system", "version", "day"], name="system_use_once_a_day")]


class SystemNotices(models.Model):
    """Notices that the tokens of one system ordered in one hour of the clock."""

    system = models.CharField(max_length=60)
    hour = models.DateTimeField(db_index=True)
    people = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["system", "hour"], name="system_notices_once_an_hour")]


class WebhookEndpoint(models.Model):
    """Somebody else's address that is told of events. `secret` is {"secret": text}. `full_numbers`: phone numbers unmasked, as
    long as `created_by` may see them; it is who made it, or who last gave it full numbers or another address."""

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

    @property
    def reveals(self) -> bool:
        """Whether full numbers may be sent now."""
        maker = self.created_by
        return self.full_numbers and maker is not None and maker.has_perm("messaging.reveal_phone")


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
